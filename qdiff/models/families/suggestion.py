"""Where in a box more shots would help a family most."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qdiff.data.bits import Floats
from qdiff.models.families.parameter_box import Box

_CANDIDATES = 256
"""Places that are looked at, and as many again for every hundred that are asked for."""


def suggested(
    box: Box, number: int, doubt: Callable[[Floats], float], generator: np.random.Generator
) -> Floats:
    """So many points, ``(number, parameters + 1)``, one after another.

    Each is the candidate that is furthest from all points so far, distances in units of the box
    being multiplied by the square root of the doubt there: a distance between laws, as the square
    root of a divergence is.
    """
    candidates = box.spread(generator.random((_CANDIDATES * (1 + number // 100), len(box.low))))
    doubts = np.sqrt([doubt(point) for point in candidates])
    where, taken = box.within(candidates), box.within(box.points)
    nearest = np.linalg.norm(where[:, None] - taken[None], axis=2).min(axis=1)
    chosen = []
    for _ in range(number):
        best = int(np.argmax(doubts * nearest))
        chosen.append(best)
        nearest = np.minimum(nearest, np.linalg.norm(where - where[best], axis=1))
    return candidates[chosen]
