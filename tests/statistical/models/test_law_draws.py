"""Laws draw what their tables say."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM, biased, p_value
from laws_of_each_kind import LAWS, NUM_BITS, table_law

from qdiff import Distribution, Register, Shots
from qdiff.models.laws.law import Law


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_draws_follow_the_table(law: Law) -> None:
    words, counts = law.draw(50_000, np.random.default_rng(7))
    shots = Shots.from_words(words, counts, registers=[Register("c", NUM_BITS)])
    assert shots.num_shots == 50_000
    assert p_value(shots, Distribution(probabilities=law.table())) > FALSE_ALARM


@pytest.mark.parametrize("shots", [20, 31, 32, 100_000])  # by searching, and by binomials
def test_both_ways_of_drawing_from_a_table(shots: int) -> None:
    """Many draws of `shots` together follow the table, and each has as many as asked for."""
    law = table_law(8)
    generator = np.random.default_rng(7)
    drawn = [law.draw(shots, generator) for _ in range(500_000 // shots)]
    assert {int(counts.sum()) for _, counts in drawn[:100]} == {shots}
    words = np.concatenate([words for words, _ in drawn])
    counts = np.concatenate([counts for _, counts in drawn])
    together = Shots.from_words(words, counts, registers=[Register("c", NUM_BITS)])
    truth = Distribution(probabilities=law.table())
    assert p_value(together, truth) > FALSE_ALARM
    assert p_value(together, biased(truth)) < FALSE_ALARM
