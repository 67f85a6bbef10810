"""Quasi-distributions: weights that sum to one but may be negative."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdiff.data.distribution import Distribution, check_table
from qdiff.data.shots import Shots
from qdiff.errors import InputError

_SUM_TOLERANCE = 1e-2


def project(weights: ArrayLike) -> NDArray[np.float64]:
    """The probability vector nearest to `weights` in the Euclidean sense.

    ``p_i = max(w_i - t, 0)`` with ``t`` such that they sum to one (Smolin, Gambetta and Smith,
    Phys. Rev. Lett. 108, 070502, 2012).

    >>> project([0.6, 0.5, -0.1]).round(3).tolist()
    [0.55, 0.45, 0.0]
    """
    values = np.asarray(weights, dtype=np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise InputError("a quasi-distribution needs a list of finite numbers")
    # a shift of all weights changes nothing, and what lies 1 below the largest becomes 0
    with np.errstate(over="ignore"):
        values = np.maximum(values - values.max(), -1.0)
    falling = np.sort(values)[::-1]
    excess = (np.cumsum(falling) - 1) / np.arange(1, len(falling) + 1)
    last = int(np.flatnonzero(falling > excess)[-1])
    projected: NDArray[np.float64] = np.maximum(values - excess[last], 0.0)
    return projected


def sums_to_one(weights: Sequence[float]) -> bool:
    """Whether they sum to about one, as a quasi-distribution does."""
    return abs(_total(weights) - 1) < _SUM_TOLERANCE


def _total(weights: Sequence[float]) -> float:
    """Their exact sum, rounded once; not a number where it is no finite one."""
    try:
        return math.fsum(weights)
    except (OverflowError, ValueError):  # beyond floats, or infinity minus infinity
        return math.nan


def projected_distribution(weights: Mapping[str, float], num_bits: int | None) -> Distribution:
    """The distribution nearest to a quasi-distribution by count keys.

    Strings without a key have weight 0 and may gain some. Raises `InputError` unless the weights
    sum to about one.
    """
    if not sums_to_one([*weights.values()]):
        raise InputError(
            f"the weights sum to {_total([*weights.values()]):.4g}, not to 1: no quasi-distribution"
        )
    keys = [*weights]
    # each key counts as its rank, so that sorted strings can be traced back to their weights
    ranked = Shots.from_counts({key: rank for rank, key in enumerate(keys, 1)}, num_bits=num_bits)
    check_table(ranked.num_bits)
    if len(ranked.counts) != len(keys):
        raise InputError("two keys of the quasi-distribution are the same string")
    table = np.zeros(1 << ranked.num_bits)
    table[ranked.indices] = np.array([*weights.values()], dtype=np.float64)[ranked.counts - 1]
    return Distribution(
        probabilities=project(table),
        registers=ranked.registers,
        provenance={"source": "projected quasi-distribution"},
    )
