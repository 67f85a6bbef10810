"""A billion shots and more: numpy draws no such samples without replacement, and qdiff does."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import p_value
from scipy.stats import hypergeom

from qdiff import Distribution, FitConfig, InputError, Register, Shots, fit, mitigate
from qdiff.data import without_replacement


@pytest.mark.parametrize("total", [10**9, 10**13, 2**61])
@pytest.mark.parametrize("fraction", [0.0, 1e-9, 0.3, 0.9, 1.0])
def test_a_split_has_the_size_that_was_asked_for(total: int, fraction: float) -> None:
    shots = Shots.from_counts({"00": total, "01": 3, "11": total // 2})
    first, second = shots.split(fraction, seed=1)
    assert first.num_shots == round(fraction * shots.num_shots)
    assert first.merge(second) == shots


def tallied(numbers) -> Shots:
    return Shots.from_indices(numbers, np.ones(len(numbers), int), registers=[Register("n", 4)])


@pytest.mark.parametrize("size", [1, 4, 9])
def test_the_law_is_the_hypergeometric_one(monkeypatch, size: int) -> None:
    """False alarm 1e-6; drawn with replacement the same test fails."""
    monkeypatch.setattr(without_replacement, "_NUMPYS_LIMIT", 0)
    counts, times = np.array([6, 5]), 20_000
    generator = np.random.default_rng(1)
    drawn = [
        without_replacement.draw_without_replacement(counts, size, generator)[0]
        for _ in range(times)
    ]
    exact = Distribution(probabilities=hypergeom(11, 6, size).pmf(np.arange(16)))
    assert p_value(tallied(drawn), exact) > 1e-6
    if size > 1:
        assert p_value(tallied(generator.binomial(size, 6 / 11, times)), exact) < 1e-6


@pytest.mark.usefixtures("short_trainings")
def test_fit_and_mitigate_take_a_billion_shots_and_refuse_what_says_no_more() -> None:
    shots = Shots.from_counts({"00": 2 * 10**9, "11": 10**9, "01": 10**8, "10": 10**8})
    assert abs(fit(shots, effort="fast").distribution().probabilities - 0.625).min() < 1e-3
    clean = mitigate(shots, "depolarizing:readout=0.02").distribution().probabilities
    assert clean[[1, 2]].sum() < 0.06
    more = Shots.from_counts({"0": 2**60, "1": 2**60})
    for call in (lambda: fit(more, config=FitConfig()), lambda: mitigate(more, "readout_only")):
        with pytest.raises(InputError, match="shots must be at most 1,000,000,000,000"):
            call()
