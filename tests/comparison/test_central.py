"""Central ranges: that they hold as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from qdiff.comparison.intervals.central import about, central, within


@pytest.mark.statistical
@pytest.mark.parametrize("replicates", [40, 100, 200])
def test_a_range_holds_one_more_draw_as_often_as_it_says(replicates: int) -> None:
    rng, times = np.random.default_rng(1), 20_000
    samples, further = rng.gamma(2, size=(times, replicates)), rng.gamma(2, size=times)
    hits = 0
    for sample, value in zip(samples, further, strict=True):
        low, high = central(sample, 0.95) or (0, 0)
        hits += low <= value <= high
    assert binom.ppf(5e-7, times, 0.95) <= hits <= binom.ppf(1 - 5e-7, times, 0.95)
    # the plain quantiles of a hundred do not
    if replicates <= 100:
        low, high = np.quantile(samples, [0.025, 0.975], axis=1)
        assert ((low <= further) & (further <= high)).sum() < binom.ppf(5e-7, times, 0.95)


def test_more_confidence_than_there_are_draws_gives_all_of_them() -> None:
    assert central(np.array([3.0, 1.0, 2.0]), 0.99) == (1.0, 3.0)
    assert central(np.array([1.0, np.inf]), 0.5) is None


def test_an_interval_is_the_value_less_its_deviations_within_bounds() -> None:
    found = about(5.0, np.arange(-10.0, 29.0), 0.95)
    assert found == pytest.approx((-23.0, 15.0))
    assert within(found, (0.0, 10.0)) == (0.0, 10.0)
    assert about(np.inf, np.arange(3.0), 0.95) is None
