"""Pools of two sets of shots."""

from __future__ import annotations

import pytest
from coin_tosses import two_sets

from qdiff import Shots
from qdiff.comparison.relabelling import Pool


@pytest.mark.parametrize("num_bits", [3, 70, 130])
def test_a_pool_is_both_sets_on_common_rows(num_bits: int) -> None:
    first, second = two_sets(num_bits, (200, 90))
    pool = Pool.of(first, second)
    merged = first.merge(second)
    assert (pool.bits == merged.bits).all()
    assert (pool.together == merged.counts).all()
    assert Shots.from_bits(pool.bits, pool.first) == first
    assert Shots.from_bits(pool.bits, pool.second) == second
    assert pool.repeats == (num_bits == 3)
