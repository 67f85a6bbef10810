"""Two sets of shots pooled, and their labels exchanged at random.

If both sets are from one law, which of the pooled shots are in the first one is pure chance: the
counts of the first set are a draw from the multivariate hypergeometric law. Any statistic may be
recomputed on such draws, and its rank among them is a p-value that is exact at any number of shots
(Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010)); their scatter is the floor of two
sets that are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.data_checks import check_is_shots
from qdiff.data.shots import Shots
from qdiff.errors import InputError

_BLOCK = 1 << 12
"""Distinct strings relabelled at a time."""

_MOST_SHOTS = 10**9
"""What numpy's hypergeometric draws no longer take, both sets together."""

SHOTS_A_ROW = 8
"""With fewer shots a row than this it is faster to shuffle shots than to draw counts of rows."""

_TIE = 1e-9
"""Equal statistics may differ by rounding, relative to their spread."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """Distinct strings of both sets, ``(m, words)``, and how often each set has them, ``(m,)``."""

    words: Words
    first: Counts
    second: Counts
    num_bits: int

    @classmethod
    def of(cls, first: Shots, second: Shots) -> Pool:
        """Pool two sets of as many bits; `check_sets` has what relabelling asks of them."""
        words = np.concatenate([first.words, second.words])
        order = np.lexsort(words.T)
        words = words[order]
        starts = np.flatnonzero(np.r_[True, (words[1:] != words[:-1]).any(axis=1)])
        mine = np.concatenate([first.counts, np.zeros_like(second.counts)])[order]
        theirs = np.concatenate([np.zeros_like(first.counts), second.counts])[order]
        return cls(
            words=words[starts],
            first=np.add.reduceat(mine, starts),
            second=np.add.reduceat(theirs, starts),
            num_bits=first.num_bits,
        )

    @property
    def bits(self) -> Bits:
        """The distinct strings as rows, ``(m, n)``."""
        return bitorder.unpack(self.words, self.num_bits)

    @property
    def together(self) -> Counts:
        """How often each string was seen in either set."""
        return self.first + self.second

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of shots."""
        return int(self.first.sum()), int(self.second.sum())

    @property
    def repeats(self) -> bool:
        """Whether strings recur: twice or more in the mean over the distinct ones."""
        return 2 * len(self.words) <= sum(self.sizes)

    def relabelled(self, times: int, generator: np.random.Generator) -> NDArray[np.int32]:
        """The first set's counts in `times` random relabellings, ``(times, m)``."""
        size, together = self.sizes[0], self.together
        found = np.empty((times, len(together)), dtype=np.int32)
        if together.sum() <= SHOTS_A_ROW * len(together):
            shots = np.repeat(np.arange(len(together), dtype=np.int32), together)
            for row in found:
                generator.shuffle(shots)
                row[:] = np.bincount(shots[:size], minlength=len(together))
            return found
        for row in found:
            row[:] = generator.multivariate_hypergeometric(together, size, method="marginals")
        return found

    def relabelled_by_block(
        self, times: int, generator: np.random.Generator
    ) -> Iterator[tuple[slice, Counts]]:
        """The first set's counts, then `times` random relabellings, block by block of strings.

        Yields a slice of the strings and ``(times + 1, strings) int64``. A block's share of each
        draw is hypergeometric given the blocks before, so the whole is one exact draw, of which
        never more than a block is held.
        """
        counts, left = self.together, np.full(times, self.first.sum())
        rest = int(counts.sum())
        for start in range(0, len(counts), _BLOCK):
            part = slice(start, start + _BLOCK)
            here = int(counts[part].sum())
            rest -= here
            share = generator.hypergeometric(here, rest, left) if rest else left
            left = left - share
            yield part, np.vstack([self.first[part], _parted(counts[part], share, generator)])

    def sums(
        self, features: Callable[[slice], Floats], times: int, generator: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Sums of `features` over the shots of the first set, as labelled and relabelled.

        `features` gives ``(strings, k)`` for a slice of the strings. Returns ``(times + 1, k)``,
        the first row as labelled, and the sums over both sets, ``(k,)``.
        """
        found, total, counts = [], [], self.together
        for part, drawn in self.relabelled_by_block(times, generator):
            values = features(part)
            found.append(drawn.astype(values.dtype) @ values)
            total.append(counts[part].astype(values.dtype) @ values)
        return (np.sum(found, axis=0, dtype=np.float64), np.sum(total, axis=0, dtype=np.float64))


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


def p_value(statistics: Floats) -> float:
    """The p-value of the first of ``(times + 1,)`` statistics, large ones being extreme."""
    observed, drawn = statistics[0], statistics[1:]
    rounding = _TIE * float(np.ptp(statistics))
    return float((1 + (drawn >= observed - rounding).sum()) / (1 + len(drawn)))


def check_sets(first: Shots, second: Shots) -> None:
    """Raise `InputError` for sets of other bits, of fewer than two shots, or of over 1e9."""
    check_is_shots(first, "the first set")
    check_is_shots(second, "the second set")
    if first.num_bits != second.num_bits:
        raise InputError(f"one set has {first.num_bits} bits, the other {second.num_bits}")
    few = min(first.num_shots, second.num_shots)
    if few < 2:
        raise InputError(f"each set needs at least two shots, one has {few}")
    check_number(first, second)


def check_number(first: Shots, second: Shots) -> None:
    """Raise `InputError` for two sets of 1e9 shots or more, which cannot be relabelled."""
    if first.num_shots + second.num_shots >= _MOST_SHOTS:
        raise InputError("both sets together have 1e9 shots or more; use Shots.split to take fewer")


def _parted(counts: Counts, sizes: Counts, generator: np.random.Generator) -> Counts:
    """Draws of `sizes` shots from those of `counts` without replacement, ``(times, strings)``."""
    # one shuffle of all shots is faster than a draw a string, unless shots are many a string
    few = counts.sum() < 16 * len(counts)
    method: Literal["count", "marginals"] = "count" if few else "marginals"
    drawn = np.empty((len(sizes), len(counts)), dtype=np.int64)
    for row, size in enumerate(sizes):
        drawn[row] = generator.multivariate_hypergeometric(counts, size, method=method)
    return drawn
