"""Which Z strings are looked at: all of weight 1 and 2, and of weight 3 as many as fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import comb

from qdiff.data.bits import Floats

Strings = NDArray[np.int64]

ORDER = 3
"""The largest weight of a string, and the largest number of bits of a marginal."""

MAX_TRIPLES = 4096
"""All triples up to 30 bits; of more, so many drawn at random."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Layout:
    """The strings by weight, and where each number stands in a vector of few-body statistics.

    A vector holds the means of the strings of weight 1, then 2, then 3, then the probabilities of
    the Hamming weights 0 to n: shape ``(..., size)``, leading axes free.

    Attributes
    ----------
    strings
        For each weight k, up to 3 and up to n, the bits of each string: ``(F_k, k) int64``,
        ascending in a row. Singles and pairs are complete and in colexicographic order.
    existing
        How many strings of each weight there are; more than `strings` has only for weight 3.
    """

    num_bits: int
    strings: tuple[Strings, ...]
    existing: tuple[int, ...]

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, num_bits: int) -> Layout:
        """The layout for `num_bits` bits.

        Which triples are drawn depends on the number of bits alone, so that scores of different
        candidates are about the same ones.

        >>> [len(strings) for strings in Layout.of(127).strings]
        [127, 8001, 4096]
        """
        orders = range(1, min(ORDER, num_bits) + 1)
        existing = tuple(comb(num_bits, order, exact=True) for order in orders)
        strings = []
        for order, number in zip(orders, existing, strict=True):
            ranks = np.arange(number) if order < ORDER else _thinned(number, num_bits)
            strings.append(unrank(ranks, order, num_bits))
            strings[-1].flags.writeable = False
        return cls(num_bits=num_bits, strings=tuple(strings), existing=existing)

    @property
    def size(self) -> int:
        return sum(map(len, self.strings)) + self.num_bits + 1

    def means(self, vector: Floats, weight: int) -> Floats:
        """The part of a vector about strings of one weight, ``(..., F_k)``."""
        start = sum(len(strings) for strings in self.strings[: weight - 1])
        return vector[..., start : start + len(self.strings[weight - 1])]

    def spectrum(self, vector: Floats) -> Floats:
        """The part of a vector about the Hamming weight, ``(..., n + 1)``."""
        return vector[..., -(self.num_bits + 1) :]


def _thinned(number: int, seed: int) -> Strings:
    if number <= MAX_TRIPLES:
        return np.arange(number)
    drawn = np.random.default_rng(seed).choice(number, MAX_TRIPLES, replace=False, shuffle=False)
    return np.sort(drawn)


def unrank(ranks: Strings, order: int, num_bits: int) -> Strings:
    """Subsets of `order` bits by their colexicographic ranks, ``(m,) -> (m, order)``.

    >>> unrank(np.arange(4), 2, 4).tolist()
    [[0, 1], [0, 2], [1, 2], [0, 3]]
    """
    columns = []
    for size in range(order, 0, -1):
        below = comb(np.arange(num_bits + 1), size).astype(np.int64)
        largest = np.searchsorted(below, ranks, side="right") - 1
        ranks = ranks - below[largest]
        columns.append(largest)
    return np.stack(columns[::-1], axis=1).astype(np.int64)


def pair_rank(first: Strings, second: Strings) -> Strings:
    """Where the pair ``first < second`` stands among the strings of weight 2."""
    return np.asarray(second * (second - 1) // 2 + first)
