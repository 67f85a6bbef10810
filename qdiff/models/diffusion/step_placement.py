"""Placing a few steps where they cost least: a shortest path of a given number of edges."""

from __future__ import annotations

import numpy as np

from qdiff.data.bits import Floats


def cheapest_steps(costs: Floats, steps: int) -> list[int]:
    """The positions ``0 = a_0 < a_1 < ... < a_steps = n`` of least ``sum_k costs[a_(k-1), a_k]``.

    `costs` is ``(n + 1, n + 1)``; entries on and below the diagonal mean nothing. Watson et al.,
    arXiv:2106.03802, place the steps of a diffusion model so.

    >>> cheapest_steps(np.array([[0, 1, 2, 9], [0, 0, 9, 9], [0, 0, 0, 1], [0, 0, 0, 0.0]]), 2)
    [0, 2, 3]
    """
    forward = np.where(np.tri(len(costs), dtype=bool), np.inf, costs)
    best = np.full(len(costs), np.inf)
    best[0] = 0.0
    origins = []
    for _ in range(steps):
        paths = best[:, None] + forward
        origins.append(paths.argmin(axis=0))
        best = paths.min(axis=0)
    positions = [len(costs) - 1]
    for origin in reversed(origins):
        positions.append(int(origin[positions[-1]]))
    return positions[::-1]
