"""Central ranges of replicates, and intervals about a value."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]


def central(sample: NDArray[np.float64], confidence: float) -> Interval | None:
    """The range that holds one more draw with probability `confidence`; None if any is not finite.

    Of r independent draws, a further one falls below the k-th smallest with probability
    k / (r + 1), so the ends are the order statistics at ``k = (1 -+ confidence) / 2 (r + 1)``,
    between two of them by interpolation. The plain quantiles of few draws are too narrow: those of
    200 would hold 94 %, not 95 %.

    >>> low, high = central(np.arange(1.0, 40.0), 0.95)
    >>> round(low, 9), round(high, 9)
    (1.0, 39.0)
    """
    if not np.isfinite(sample).all():
        return None
    draws = len(sample)
    tail = ((1 - confidence) / 2 * (draws + 1) - 1) / max(draws - 1, 1)
    low, high = np.quantile(sample, [max(tail, 0.0), min(1 - tail, 1.0)])
    return float(low), float(high)


def about(value: float, deviations: NDArray[np.float64], confidence: float) -> Interval | None:
    """`value` minus the central range of its deviations."""
    if not isfinite(value):
        return None
    spread = central(deviations, confidence)
    return None if spread is None else (value - spread[1], value - spread[0])


def within(interval: Interval, bounds: Interval) -> Interval:
    """What of an interval is within a metric's range."""
    low, high = np.clip(interval, *bounds)
    return float(low), float(high)
