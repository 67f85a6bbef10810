"""Pools of two sets of shots, and ways to deal them out."""

from __future__ import annotations

import numpy as np
import pytest

from qdiff import Shots
from qdiff.comparison.intervals.pool import Pool, drawn_anew


def sets(num_bits: int, sizes: tuple[int, int]) -> tuple[Shots, Shots]:
    rng = np.random.default_rng(num_bits)
    first, second = (Shots.from_bits(rng.random((size, num_bits)) < 0.2) for size in sizes)
    return first, second


@pytest.mark.parametrize("num_bits", [3, 70, 130])
def test_a_pool_is_both_sets_on_common_rows(num_bits: int) -> None:
    first, second = sets(num_bits, (200, 90))
    pool = Pool.of(first, second)
    merged = first.merge(second)
    assert (pool.bits == merged.bits).all()
    assert (pool.together == merged.counts).all()
    assert Shots.from_bits(pool.bits, pool.first) == first
    assert Shots.from_bits(pool.bits, pool.second) == second
    assert pool.repeats == (num_bits == 3)


@pytest.mark.statistical
@pytest.mark.parametrize("num_bits", [3, 70])  # counts of rows are drawn; shots are shuffled
def test_relabelling_is_drawing_without_replacement(num_bits: int) -> None:
    pool = Pool.of(*sets(num_bits, (200, 90)))
    times = 4000
    found = pool.relabelled(times, np.random.default_rng(1))
    assert (found.sum(axis=1) == 200).all()
    assert (found <= pool.together).all()
    share, total = 200 / 290, pool.together
    variance = total * share * (1 - share) * (290 - total) / 289  # hypergeometric
    error = np.sqrt(variance / times)
    assert (np.abs(found.mean(axis=0) - share * total) < 6 * error).all()
    assert found.var(axis=0).sum() == pytest.approx(variance.sum(), rel=0.1)


@pytest.mark.statistical
@pytest.mark.parametrize("num_bits", [3, 70])
def test_drawing_anew_is_with_replacement(num_bits: int) -> None:
    counts = sets(num_bits, (300, 1))[0].counts
    found = drawn_anew(counts, 4000, np.random.default_rng(2))
    assert (found.sum(axis=1) == 300).all()
    variance = counts * (1 - counts / 300)
    assert (np.abs(found.mean(axis=0) - counts) < 6 * np.sqrt(variance / 4000)).all()
    assert found.var(axis=0).sum() == pytest.approx(variance.sum(), rel=0.1)
