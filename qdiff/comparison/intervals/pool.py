"""Two sets of shots on common rows: pooled, relabelled, and drawn anew."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.two_sample.relabelling import pool
from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts
from qdiff.data.shots import Shots

_SHOTS_A_ROW = 8
"""With fewer shots a row than this it is faster to shuffle shots than to draw counts of rows."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """The distinct rows of two sets of shots, ``(m, n)``, and the counts of each, ``(m,)``."""

    bits: Bits
    first: Counts
    second: Counts

    @classmethod
    def of(cls, first: Shots, second: Shots) -> Pool:
        """Pool two sets of as many bits."""
        words, ours, theirs = pool(first, second)
        return cls(bits=bitorder.unpack(words, first.num_bits), first=ours, second=theirs)

    @property
    def together(self) -> Counts:
        return self.first + self.second

    @property
    def repeats(self) -> bool:
        """Whether strings recur: twice or more in the mean over the distinct ones."""
        return 2 * len(self.bits) <= int(self.together.sum())

    def relabelled(self, times: int, generator: np.random.Generator) -> NDArray[np.int32]:
        """Counts of first sets when all shots are dealt out anew, ``(times, m)``.

        What two sets of one law look like, whatever the law is: given the pool, every way to deal
        its shots out is then equally likely.
        """
        size, together = int(self.first.sum()), self.together
        found = np.empty((times, len(together)), dtype=np.int32)
        if together.sum() <= _SHOTS_A_ROW * len(together):
            shots = np.repeat(np.arange(len(together), dtype=np.int32), together)
            for row in found:
                generator.shuffle(shots)
                row[:] = np.bincount(shots[:size], minlength=len(together))
            return found
        for row in found:
            row[:] = generator.multivariate_hypergeometric(together, size, method="marginals")
        return found


def drawn_anew(counts: Counts, times: int, generator: np.random.Generator) -> NDArray[np.int32]:
    """Counts of rows when as many shots are drawn from them with replacement, ``(times, m)``."""
    size = int(counts.sum())
    found = np.empty((times, len(counts)), dtype=np.int32)
    if size <= _SHOTS_A_ROW * len(counts):
        shots = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        for row in found:
            chosen = shots[generator.integers(size, size=size)]
            row[:] = np.bincount(chosen, minlength=len(counts))
        return found
    for row in found:
        row[:] = generator.multinomial(size, counts / size)
    return found
