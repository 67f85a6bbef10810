"""Inverted tests: the path of laws reaches far enough, and intervals are sensible at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ncx2

from qdiff.comparison.intervals.inverted_tests import STEPS, fewest_simulated, interval, steps


@pytest.mark.parametrize(("freedom", "excess"), [(1, 0.0), (7, 3.0), (255, 0.0), (255, 900.0)])
def test_the_path_reaches_as_far_as_a_score_may_come_from(freedom: int, excess: float) -> None:
    """Squares of errors are noncentral chi-square: their 1e-3 tails are on the path."""
    rng = np.random.default_rng(2)
    none = ncx2.rvs(freedom, 0, size=4000, random_state=rng)
    square = freedom + excess
    there = ncx2.rvs(freedom, square, size=4000, random_state=rng)
    along = steps(square, none, there)
    assert len(along) == STEPS
    assert (np.diff(along) > 0).all()
    assert ncx2.cdf(square, freedom, along[-1] ** 2 * square) < 1e-3
    assert along[0] == 0 or ncx2.sf(square, freedom, along[0] ** 2 * square) < 1e-3


def test_a_score_below_all_that_no_difference_gives_has_an_interval_from_there() -> None:
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(200, 50))
    none = np.linalg.norm(noise, axis=1)
    direction = rng.normal(size=50)
    path = np.linalg.norm(np.linspace(0, 1, STEPS)[:, None, None] * direction + noise, axis=2)
    low, high = interval(none.min() - 1, none, path, 0.95, from_none=True)
    assert low == none.min() - 1  # the score itself
    assert none.mean() <= high < path[2].mean()
    low, high = interval(none.mean(), none, path, 0.95, from_none=True)
    assert none.mean() - none.std() < low < none.mean() < high


def test_a_score_beyond_all_that_was_simulated_is_not_the_end_of_its_interval() -> None:
    """Were the interval cut off at the path's end, it would say that nothing larger is possible."""
    rng = np.random.default_rng(4)
    none = np.abs(rng.normal(size=200))
    path = np.linspace(4, 6, STEPS)[:, None] + rng.normal(size=(STEPS, 200))
    spread = path.std(axis=1).mean()
    low, high = interval(5.8, none, path, 0.95, from_none=False)
    assert path.min(axis=1).mean() < low < 5.8 - 1.4 * spread
    assert 5.8 + 1.7 * spread < high < 5.8 + 2.3 * spread
    low, high = interval(4.2, none, path, 0.95, from_none=False)
    assert 4.2 - 2.3 * spread < low < 4.2 - 1.7 * spread
    wide = interval(4.2, none, path, 0.95, from_none=False, widened=1.5)
    assert wide[0] < low - 0.7 * spread
    assert wide[1] > high + 0.7 * spread


def test_scores_without_noise_and_without_numbers() -> None:
    still = np.full((STEPS, 30), 0.4)
    assert interval(0.4, np.zeros(30), still, 0.95, from_none=False) == pytest.approx((0.4, 0.4))
    assert interval(0.0, np.zeros(30), 0 * still, 0.95, from_none=True) == (0.0, 0.0)
    assert interval(np.inf, np.zeros(30), still, 0.95, from_none=False) is None
    assert interval(0.4, np.full(30, np.nan), still, 0.95, from_none=False) is None
    assert [*steps(0.0, np.zeros(9), np.zeros(9))] == pytest.approx([*np.linspace(0, 1, STEPS)])
    assert [fewest_simulated(level) for level in (0.5, 0.95, 0.99)] == [2, 19, 99]
