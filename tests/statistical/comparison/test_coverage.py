"""Intervals hold what they are about as often as they say, and would not if they were narrower."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from chi_square import FALSE_ALARM
from known_laws import disturbed, normalised, porter_thomas
from scipy import stats

from qdiff import Distribution, pointwise_distances
from qdiff.comparison.few_body.distances import distance_values, distances
from qdiff.comparison.few_body.estimates import intervals
from qdiff.comparison.few_body.z_string_sets import Layout
from qdiff.comparison.intervals.central import central
from qdiff.comparison.intervals.histogram_estimator import Estimator
from qdiff.comparison.intervals.inverted_tests import interval, steps
from qdiff.comparison.metrics.table_metrics import METRICS, hellinger_fidelity, total_variation


@pytest.mark.parametrize("replicates", [40, 100, 200])
def test_a_range_holds_one_more_draw_as_often_as_it_says(replicates: int) -> None:
    rng, times = np.random.default_rng(1), 20_000
    samples, further = rng.gamma(2, size=(times, replicates)), rng.gamma(2, size=times)
    hits = 0
    for sample, value in zip(samples, further, strict=True):
        low, high = central(sample, 0.95) or (0, 0)
        hits += low <= value <= high
    assert stats.binom.ppf(5e-7, times, 0.95) <= hits <= stats.binom.ppf(1 - 5e-7, times, 0.95)
    # the plain quantiles of a hundred do not
    if replicates <= 100:
        low, high = np.quantile(samples, [0.025, 0.975], axis=1)
        assert ((low <= further) & (further <= high)).sum() < stats.binom.ppf(5e-7, times, 0.95)


@pytest.mark.parametrize("size", [0.0, 0.02])
def test_intervals_hold_the_mean_of_repeated_experiments(size: float) -> None:
    """As for 93 % in each of 200 cases, not 98 % in the mean; at half the width they do not."""
    layout, rng = Layout.of(6), np.random.default_rng(9)
    true = rng.normal(size=layout.size) * size

    def noise(times: int) -> np.ndarray:
        return rng.normal(size=(times, layout.size)) * 0.01

    means = {name: value.mean() for name, value in distances(layout, true + noise(4000)).items()}
    hits = {width: dict.fromkeys(means, 0) for width in (0.5, 1.0)}
    for observed in true + noise(200):
        value = distance_values(layout, observed)
        for name, (low, high) in intervals(layout, observed, noise(60), 0.95).items():
            assert low <= value[name] <= high
            for width, count in hits.items():
                ends = [value[name] + width * (end - value[name]) for end in (low, high)]
                count[name] += ends[0] <= means[name] <= ends[1]
    assert min(hits[1.0].values()) >= stats.binom.ppf(FALSE_ALARM, 200, 0.93)
    assert np.mean([*hits[1.0].values()]) < 0.98 * 200
    assert min(hits[0.5].values()) < stats.binom.ppf(FALSE_ALARM, 200, 0.93)


def test_intervals_cover_the_mean_of_repeated_experiments() -> None:
    reference = porter_thomas(8)
    coverage = measure_coverage(disturbed(reference, 30), reference, 2000, 100)
    # 95 % intervals are allowed a true coverage of 0.9 (docs/metrics.md has what was measured);
    # below this bound once in a million then. Of 0.4 times the width, about the value, they fail.
    bound = stats.binom.ppf(FALSE_ALARM, 100, 0.9) / 100
    assert min(coverage[1.0].values()) >= bound
    assert min(coverage[0.4].values()) < bound


@pytest.mark.slow
@pytest.mark.parametrize(("num_bits", "shots"), [(3, 1000), (8, 2000), (10, 1000), (12, 10_000)])
@pytest.mark.parametrize("kind", ["equal", "disturbed", "admixture"])
def test_interval_coverage_over_many_cases(num_bits: int, shots: int, kind: str) -> None:
    reference = porter_thomas(num_bits)
    law = {
        "equal": reference,
        "disturbed": disturbed(reference, 20),
        "admixture": normalised(0.9 * reference.probabilities + 0.1 / (1 << num_bits)),
    }[kind]
    coverage = measure_coverage(law, reference, shots, 200)[1.0]
    print(num_bits, shots, kind, coverage)
    assert min(coverage.values()) >= stats.binom.ppf(FALSE_ALARM, 200, 0.9) / 200


def measure_coverage(
    law: Distribution, reference: Distribution, shots: int, cases: int
) -> dict[float, dict[str, float]]:
    """How often 95 % intervals, of full width or 0.4 of it, hold the mean of 1,000 experiments."""
    rng = np.random.default_rng(6)
    estimator = Estimator(reference.probabilities)
    truth = estimator.replicates(law.probabilities, shots, 1000, rng)
    floor = estimator.replicates(reference.probabilities, shots, 100, rng)
    hits = {width: dict.fromkeys(METRICS, 0) for width in (0.4, 1.0)}
    for _ in range(cases):
        drawn = law.sample(shots, seed=rng)
        values = estimator.plug_in(drawn.indices, drawn.counts)
        found = estimator.intervals(drawn, floor, 0.95, rng)
        for (width, count), name in itertools.product(hits.items(), METRICS):
            low, high = (values[name] + width * (end - values[name]) for end in found[name])
            count[name] += low <= truth[name].mean() <= high
    return {w: {name: hit / cases for name, hit in count.items()} for w, count in hits.items()}


def size_of_one_error(observed: float, noise: np.ndarray) -> tuple[float, float]:
    none, there = np.abs(noise), np.abs(observed + noise)
    along = steps(observed**2, none**2, there**2)
    path = np.abs(along[:, None] * observed + noise)
    found = interval(abs(observed), none, path, 0.95, from_none=along[0] == 0)
    assert found is not None
    return found


@pytest.mark.parametrize("true", [0.0, 0.7, 1.5, 3.0, 20.0])
def test_the_size_of_one_error_is_covered_whatever_it_is(true: float) -> None:
    """A folded normal law: 2,000 cases, 93 to 97 % but once in a million at 94.6 or 95.4 %."""
    rng = np.random.default_rng(1)
    mean = np.abs(true + rng.normal(size=400_000)).mean()
    hits = narrow = 0
    for observed in true + rng.normal(size=2000):
        low, high = size_of_one_error(observed, rng.normal(size=100))
        hits += low <= mean <= high
        middle, half = (low + high) / 2, 0.7 * (high - low) / 2
        narrow += middle - half <= mean <= middle + half
    assert (
        stats.binom.ppf(FALSE_ALARM, 2000, 0.945)
        <= hits
        <= stats.binom.ppf(1 - FALSE_ALARM, 2000, 0.958)
    )
    assert narrow < stats.binom.ppf(FALSE_ALARM, 2000, 0.945)


def test_hoeffdings_interval_covers_at_least_as_often_as_said() -> None:
    p, q = porter_thomas(5, 1), porter_thomas(5, 2)
    truth = (
        float(total_variation(p.probabilities, q.probabilities)),
        float(hellinger_fidelity(p.probabilities, q.probabilities)),
    )
    times, hits, inside = 400, np.zeros(2), np.zeros(2)
    for seed in range(times):
        found = pointwise_distances(p, q, draws=100, seed=seed, confidence=0.5)
        for place, bounded in enumerate((found.total_variation, found.hellinger_fidelity)):
            low, high = bounded.interval
            hits[place] += low <= truth[place] <= high
            inside[place] += low + 0.45 * (high - low) <= truth[place] <= low + 0.55 * (high - low)
    assert (hits >= stats.binom.ppf(FALSE_ALARM, times, 0.5)).all()
    assert (inside < stats.binom.ppf(FALSE_ALARM, times, 0.5)).all()  # the bound can fail
