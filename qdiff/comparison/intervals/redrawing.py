"""Shots drawn anew from their own histogram: how an estimate from them scatters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.relabelling import SHOTS_A_ROW
from qdiff.data.bits import Counts


def drawn_anew(counts: Counts, times: int, generator: np.random.Generator) -> NDArray[np.int32]:
    """Counts of rows when as many shots are drawn from them with replacement, ``(times, m)``."""
    size = int(counts.sum())
    found = np.empty((times, len(counts)), dtype=np.int32)
    if size <= SHOTS_A_ROW * len(counts):
        shots = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        for row in found:
            chosen = shots[generator.integers(size, size=size)]
            row[:] = np.bincount(chosen, minlength=len(counts))
        return found
    for row in found:
        row[:] = generator.multinomial(size, counts / size)
    return found
