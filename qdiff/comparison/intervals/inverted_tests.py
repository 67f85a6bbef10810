"""Intervals by inverting a test: all true distances at which the observed score is no surprise.

The experiment is simulated along a path of laws, from no difference to more than was observed. A
law whose scores make the observed one a surprise is rejected; the interval is between the least and
the largest mean score of the others (Carpenter, Statistics in Medicine 18, 2803 (1999)), in the
order of Feldman and Cousins (Physical Review D 57, 3873 (1998)). docs/metrics.md says why.
"""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.intervals.central import Interval

Scores = NDArray[np.float64]

STEPS = 6
"""Laws that are simulated along a path."""

_REACH = 4.0
"""They are those whose mean scores are within about so many spreads of the observed one."""

_EDGE = 4.0
"""An interval that begins where there is no difference begins so many standard errors of that
simulated mean lower."""

_ROUNDING = 1e-12


def fewest_simulated(confidence: float) -> int:
    """Of so many draws the largest is exceeded by one more with probability 1 - `confidence`.

    >>> fewest_simulated(0.95)
    19
    """
    return max(2, ceil(1 / (1 - confidence) - 1e-6) - 1)


def steps(square: float, none: Scores, observed: Scores) -> Scores:
    """Where along the path to simulate: multiples of the observed difference, `STEPS` ascending.

    `square` is the observed score on a scale on which the true difference and the noise add as
    squares do. `none` and `observed`, ``(R,)``, are simulated scores of no difference and of the
    observed one. There the mean grows by the square of the true difference, and the variance in
    proportion to it, as a noncentral chi-square's do. By how much is taken from the simulations: a
    histogram as a law leaves out what it did not see, and scores less than `square` says.
    """
    excess, variance = square - float(none.mean()), float(none.var())
    rise = float(observed.mean()) - float(none.mean())
    if square <= 0 or rise <= 0:  # the path leads nowhere
        return np.linspace(0, 1, STEPS)
    growth = max(float(observed.var()) - variance, 0.0) / rise
    middle = excess + _REACH**2 * growth / 2
    half = sqrt(max(middle**2 - excess**2 + _REACH**2 * variance, 0.0))
    first, last = (sqrt(max(end, 0.0) / rise) for end in (middle - half, middle + half))
    return np.linspace(first, last, STEPS)


def interval(
    value: float,
    none: Scores,
    path: Scores,
    confidence: float,
    *,
    from_none: bool,
    widened: float = 1.0,
) -> Interval | None:
    """Where the mean score may lie, and the observed one; None if a score is not finite.

    `value` is the observed score, 0 at best. `none`, ``(R,)``, are simulated scores of no
    difference, and `path`, ``(G, R)``, of growing ones, the first of them none if `from_none`.
    A law is rejected only where the surprise is `widened` times what its own level takes.
    """
    if not (np.isfinite(value) and np.isfinite(none).all() and np.isfinite(path).all()):
        return None
    means, spreads = path.mean(axis=1), np.sqrt(_smooth(path.var(axis=1, ddof=1)))
    least, spread = float(none.mean()), float(none.std(ddof=1))
    smallest = _ROUNDING * max(abs(value), float(np.abs(path).max())) or 1.0

    def surprise(scores: Scores, mean: Scores, law: Scores) -> Scores:
        away = (scores - mean) / np.maximum(law, smallest)
        anyway = np.minimum((scores - least) / max(spread, smallest), 0)
        return np.asarray(np.sqrt(np.maximum(away**2 - anyway**2, 0)))

    draws = path.shape[1]
    level = min((confidence * (draws + 1) - 1) / (draws - 1), 1.0)
    simulated = surprise(path, means[:, None], spreads[:, None])
    limits = widened * _smooth(np.quantile(simulated, level, axis=1))
    room = limits - surprise(np.full(len(means), value), means, spreads)
    kept = np.flatnonzero(room >= 0)
    if len(kept) == 0:
        kept = np.array([np.argmax(room)])
    low, high = (
        _end(means, room, spreads, kept[end], towards) for end, towards in ((0, -1), (-1, 1))
    )
    if kept[0] == 0 and from_none:
        low = least - _EDGE * spread / sqrt(len(none))
    return min(low, high, value), max(high, value)


def _smooth(curve: Scores) -> Scores:
    """Each point's mean with its neighbours."""
    padded = np.pad(curve, 1, mode="edge")
    return np.asarray((padded[:-2] + padded[1:-1] + padded[2:]) / 3)


def _end(means: Scores, room: Scores, spreads: Scores, kept: int, towards: int) -> float:
    """The mean score at which there is no room any more, from the last law with some.

    `room` is in spreads: past the last law that was simulated, its own spread is taken.
    """
    beyond = kept + towards
    if not 0 <= beyond < len(means) or room[kept] < 0:
        return float(means[kept] + towards * max(room[kept], 0.0) * spreads[kept])
    part = room[kept] / (room[kept] - room[beyond])
    return float(means[kept] + part * (means[beyond] - means[kept]))
