"""Every baseline draws from its own law."""

from __future__ import annotations

import numpy as np
from chi_square import FALSE_ALARM, biased, p_value
from quick_baselines import correlated, every_baseline

from qdiff.data.bits import all_bits
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.models.baselines.base import Baseline
from qdiff.models.baselines.known_table import KnownTable


@every_baseline
def test_samples_follow_the_law(baseline: Baseline) -> None:
    law = baseline.fit(correlated(5, seed=2))
    shots = law.sample(150_000, seed=3)  # more than one block
    assert shots.num_shots == 150_000
    assert shots.registers == law.registers
    assert p_value(shots, law.distribution()) > FALSE_ALARM
    assert p_value(shots, biased(law.distribution())) < FALSE_ALARM


def test_a_known_table_is_mixed_with_the_uniform_law() -> None:
    table = Distribution(probabilities=np.array([0.5, 0, 0.2, 0, 0, 0.3, 0, 0]))
    shots = Shots.from_counts({"1 11": 3})
    law = KnownTable(table=table, uniform=0.08).fit(shots)
    mixed = 0.92 * table.probabilities + 0.01
    np.testing.assert_allclose(law.distribution().probabilities, mixed, atol=1e-12)
    np.testing.assert_allclose(law.log_prob(all_bits(3)), np.log(mixed), atol=1e-12)
    drawn = law.sample(100_000, seed=1)
    assert p_value(drawn, law.distribution()) > FALSE_ALARM
    assert p_value(drawn, biased(law.distribution())) < FALSE_ALARM
    assert KnownTable(table=table).fit(shots).log_prob([[1, 1, 1]]).tolist() == [-np.inf]
