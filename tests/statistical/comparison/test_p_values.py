"""P-values are uniform where nothing differs, and small where 2 % differ."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from chi_square import FALSE_ALARM, biased
from known_laws import porter_thomas
from quick_fits import FEW_STEPS
from scipy import stats

from qdiff import Shots, score
from qdiff.comparison.two_sample.classifier import classifier_test
from qdiff.comparison.two_sample.mmd import mmd_test


@pytest.mark.parametrize("calibrated", [False, True])
def test_p_values_are_uniform_without_drift(calibrated: bool) -> None:
    """With calibration shots also under a model that is wrong."""
    law = porter_thomas(5, seed=1)
    model = porter_thomas(5, seed=2) if calibrated else law
    good = law.sample(100_000, seed=1)  # so many that all scores hardly share their error
    found = [
        score(
            law.sample(80, seed=100 + k),
            model,
            calibration=good if calibrated else None,
            permutations=19,
            seed=k,
        )
        for k in range(200)
    ]
    places = np.rint(20 * np.array([each.p_value for each in found])).astype(int) - 1
    observed = np.bincount(places, minlength=20)
    assert len(observed) == 20
    assert stats.chisquare(observed).pvalue > FALSE_ALARM
    # corrected p-values are below a level at most as often as it says
    for level in (0.1, 0.3):
        limit = stats.binom.isf(FALSE_ALARM, 200, level)
        assert sum(each.bits[0].p_value < level for each in found) <= limit
        assert sum(each.any_p_value < level for each in found) <= limit


Test = Callable[[Shots, Shots, int], float]


TESTS: dict[str, Test] = {
    "all pairs": lambda a, b, seed: mmd_test(a, b, permutations=19, seed=seed).p_value,
    "Z strings": lambda a, b, seed: (
        mmd_test(a, b, permutations=19, seed=seed, most_paired=0).p_value
    ),
    "classifier": lambda a, b, seed: (
        classifier_test(a, b, permutations=19, seed=seed, training=FEW_STEPS, width=8).p_value
    ),
}


@pytest.mark.parametrize("name", TESTS)
def test_p_values_are_uniform_where_laws_are_equal(name: str) -> None:
    """Of unequal numbers of shots, so that a statistic that is not centred would show."""
    law = porter_thomas(6, seed=4)
    times = 200
    found = [
        TESTS[name](law.sample(50, seed=2 * k), law.sample(150, seed=2 * k + 1), k)
        for k in range(times)
    ]
    observed = np.bincount(np.rint(20 * np.array(found)).astype(int) - 1, minlength=20)
    assert observed.sum() == times
    assert len(observed) == 20
    assert stats.chisquare(observed).pvalue > FALSE_ALARM


@pytest.mark.parametrize("most_paired", [4096, 0])
def test_a_bias_of_two_percent_is_found(most_paired: int) -> None:
    law = porter_thomas(8, seed=5)
    truth, other = law.sample(100_000, seed=6), biased(law).sample(100_000, seed=7)
    equal = law.sample(100_000, seed=8)
    options = {"most_paired": most_paired, "permutations": 199}
    assert mmd_test(truth, other, **options).p_value == 1 / 200
    assert mmd_test(truth, equal, **options).p_value > 1 / 200
