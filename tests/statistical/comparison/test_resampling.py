"""Relabelled and redrawn shots have the scatter of real ones."""

from __future__ import annotations

import numpy as np
import pytest
from coin_tosses import two_sets
from known_laws import porter_thomas

from qdiff import Shots, compare
from qdiff.comparison.against_shots import histogram_scores
from qdiff.comparison.few_body.distances import distance_values
from qdiff.comparison.few_body.moments import Moments
from qdiff.comparison.few_body.z_string_sets import Layout
from qdiff.comparison.relabelling import Pool, drawn_anew


@pytest.mark.parametrize("num_bits", [3, 70])  # counts of rows are drawn; shots are shuffled
def test_relabelling_is_drawing_without_replacement(num_bits: int) -> None:
    pool = Pool.of(*two_sets(num_bits, (200, 90)))
    times = 4000
    found = pool.relabelled(times, np.random.default_rng(1))
    assert (found.sum(axis=1) == 200).all()
    assert (found <= pool.together).all()
    share, total = 200 / 290, pool.together
    variance = total * share * (1 - share) * (290 - total) / 289  # hypergeometric
    error = np.sqrt(variance / times)
    assert (np.abs(found.mean(axis=0) - share * total) < 6 * error).all()
    assert found.var(axis=0).sum() == pytest.approx(variance.sum(), rel=0.1)


@pytest.mark.parametrize("num_bits", [3, 70])
def test_drawing_anew_is_with_replacement(num_bits: int) -> None:
    counts = two_sets(num_bits, (300, 1))[0].counts
    found = drawn_anew(counts, 4000, np.random.default_rng(2))
    assert (found.sum(axis=1) == 300).all()
    variance = counts * (1 - counts / 300)
    assert (np.abs(found.mean(axis=0) - counts) < 6 * np.sqrt(variance / 4000)).all()
    assert found.var(axis=0).sum() == pytest.approx(variance.sum(), rel=0.1)


def scored(first: Shots, second: Shots) -> dict[str, float]:
    pool, layout = Pool.of(first, second), Layout.of(first.num_bits)
    few = distance_values(layout, Moments.of(first).vector - Moments.of(second).vector)
    return {**few, **histogram_scores(pool.first, pool.second)}


def test_the_floor_of_two_sets_is_what_two_sets_of_one_law_score() -> None:
    truth = porter_thomas(8)
    first, second = truth.sample(600, seed=1), truth.sample(400, seed=2)
    floor = compare(first, second, resamples=200)
    rng = np.random.default_rng(3)
    again = [scored(truth.sample(600, seed=rng), truth.sample(400, seed=rng)) for _ in range(400)]
    for name in ("total_variation", "jensen_shannon", "z2_rms", "marginal3_max"):
        scores = np.array([one[name] for one in again])
        # The floor is exact given the pool, and its mean varies with the pool by less than a score.
        assert abs(floor[name].floor - scores.mean()) < 2 * scores.std(), name
        low, high = floor[name].floor_interval
        assert high - low == pytest.approx(np.ptp(np.quantile(scores, [0.025, 0.975])), rel=0.4)
