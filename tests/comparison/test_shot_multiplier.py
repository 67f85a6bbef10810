"""The expected KL of a histogram against enumeration and Monte-Carlo, and its inverse."""

from __future__ import annotations

import numpy as np
import pytest
from known_laws import porter_thomas
from scipy.special import rel_entr
from scipy.stats import binom

from qdiff.comparison.metrics.shot_multiplier import (
    MAX_SHOTS,
    HistogramCurve,
    _mean_log_count,
    expected_histogram_kl,
    shots_for_kl,
)
from qdiff.data.distribution import Distribution
from qdiff.errors import InputError


@pytest.mark.parametrize(
    ("shots", "p"),
    [(1, 0.3), (3, 1.0), (5, 0.99), (50, 0.5), (1000, 1e-4), (10_000, 0.9999), (10**6, 1e-3)],
)
def test_mean_log_count_is_the_binomial_sum(shots: int, p: float) -> None:
    counts = np.arange(shots + 1)
    expected = (binom.pmf(counts, shots, p) * np.log(counts + 0.5)).sum()
    assert _mean_log_count(shots, np.array([p]))[0] == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("shots", [3, 300, 10_000])
def test_expected_kl_is_the_mean_of_drawn_histograms(shots: int) -> None:
    reference = porter_thomas(8, seed=1, power=2)
    p = reference.probabilities
    counts = np.random.default_rng(2).multinomial(shots, p, size=4000)
    drawn = rel_entr(p, (counts + 0.5) / (shots + 128)).sum(axis=1)
    error = drawn.std() / np.sqrt(len(drawn))
    expected = expected_histogram_kl(reference, shots)
    assert abs(drawn.mean() - expected) < 5 * error  # 5 sigma: false alarm 6e-7
    assert error < 0.002 * expected or shots == 3  # fine enough to see an error of 1 %


def test_many_distinct_probabilities_are_interpolated_closely() -> None:
    reference = porter_thomas(12, seed=3, power=3)
    p = reference.probabilities
    for shots in (1.0, 250.5, 1e4, 1e7):
        log_counts = p @ _mean_log_count(shots, p)
        exact = np.log(shots + 2**11) + (p * np.log(p)).sum() - log_counts
        assert expected_histogram_kl(reference, shots) == pytest.approx(exact, abs=1e-8)


def test_many_shots_give_the_chi_square_limit() -> None:
    reference = porter_thomas(6, seed=4)
    assert expected_histogram_kl(reference, 1e8) == pytest.approx(63 / 2e8, rel=1e-3)


def test_no_shots_give_the_uniform_law() -> None:
    reference = porter_thomas(5, seed=5)
    p = reference.probabilities
    assert expected_histogram_kl(reference, 0) == pytest.approx((p * np.log(32 * p)).sum())


@pytest.mark.parametrize("shots", [10, 1000, 123_456, 1e9])
def test_shots_for_kl_undoes_expected_kl(shots: float) -> None:
    curve = HistogramCurve.of(porter_thomas(11, seed=6))
    assert curve.shots_for(curve(shots)) == pytest.approx(shots, rel=1e-6)


def test_the_ends_of_the_scale() -> None:
    reference = Distribution(probabilities=np.array([0.5, 0.0, 0.0, 0.5]))
    assert shots_for_kl(reference, 0.0) == np.inf
    assert shots_for_kl(reference, expected_histogram_kl(reference, MAX_SHOTS) / 2) == np.inf
    assert shots_for_kl(reference, np.log(2)) == 0  # what uniform scores
    assert shots_for_kl(reference, np.inf) == 0
    with pytest.raises(InputError, match="at least 0"):
        shots_for_kl(reference, -0.1)
    with pytest.raises(InputError, match="finite"):
        expected_histogram_kl(reference, np.nan)
