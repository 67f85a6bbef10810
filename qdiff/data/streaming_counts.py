"""Counting strings that come chunk by chunk, without ever holding all of them."""

from __future__ import annotations

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Words
from qdiff.errors import InputError

_MAX_SHOTS = 2.0**62


class StreamingCounts:
    """Adds up rows of bits; memory grows with the number of distinct strings, not with rows.

    Parts of similar size are merged, as in a merge sort, so that each string is sorted again only
    about ``log2`` of the number of chunks times.

    >>> tally = StreamingCounts(2)
    >>> tally.add(np.array([[1, 0], [1, 1], [1, 0]], dtype=np.uint8))
    >>> words, counts = tally.total()
    >>> words.tolist(), counts.tolist()
    ([[1], [3]], [2, 1])
    """

    def __init__(self, num_bits: int) -> None:
        self._empty = np.zeros((0, bitorder.num_words(num_bits)), dtype=np.uint64)
        self._parts: list[tuple[Words, Counts]] = []
        self._shots = 0.0

    def add(self, rows: Bits, counts: Counts | None = None) -> None:
        """Count ``(m, n)`` rows of zeros and ones, one shot each or `counts` of them."""
        self.add_words(bitorder.pack(rows), counts)

    def add_words(self, words: Words, counts: Counts | None = None) -> None:
        """Count packed rows (see `qdiff.data.bits`)."""
        times = np.ones(len(words), np.int64) if counts is None else counts
        self._shots += float(times.sum(dtype=np.float64))
        if self._shots > _MAX_SHOTS:  # as int64 a sum could wrap around unseen
            raise InputError("counts must not add up to more than 2**62")
        self._parts.append(bitorder.aggregate(words, times))
        while len(self._parts) > 1 and len(self._parts[-2][0]) < 2 * len(self._parts[-1][0]):
            self._merge_last_two()

    def total(self) -> tuple[Words, Counts]:
        """All distinct strings so far, sorted, and how often each was added."""
        while len(self._parts) > 1:
            self._merge_last_two()
        return self._parts[0] if self._parts else (self._empty, np.zeros(0, np.int64))

    def _merge_last_two(self) -> None:
        (words, counts), (more, their) = self._parts.pop(-2), self._parts.pop(-1)
        merged = bitorder.aggregate(np.concatenate([words, more]), np.concatenate([counts, their]))
        self._parts.append(merged)
