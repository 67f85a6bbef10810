"""`Moments`: the few-body statistics of shots, of a table, or of independent bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.few_body.z_string_sets import Layout, Strings
from qdiff.data.bits import Bits, Floats
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots

_ROWS, _BLOCK = 4096, 256
"""A tile of rows and strings: 4 MB as float32."""

_EXACT_SINGLE = 1 << 24
"""Whole numbers below this are exact in float32."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Moments:
    """Means of Z strings and the law of the Hamming weight, as one vector (see `Layout`).

    The Z string of some bits is the product of ``+1`` for each 0 and ``-1`` for each 1: the
    eigenvalue of Z on those qubits.

    >>> bell = Moments.of(Shots.from_counts({"00": 500, "11": 500}))
    >>> bell.z(2)[1].tolist(), bell.spectrum.tolist()
    ([1.0], [0.5, 0.0, 0.5])
    """

    layout: Layout
    vector: Floats

    @classmethod
    def of(cls, data: Shots | Distribution) -> Moments:
        layout = Layout.of(data.num_bits)
        if isinstance(data, Distribution):
            return cls(layout=layout, vector=of_table(layout, data.probabilities))
        sums = row_sums(layout, data.bits, data.counts[None, :])[0]
        return cls(layout=layout, vector=sums / data.num_shots)

    @classmethod
    def of_independent_bits(cls, one: Floats) -> Moments:
        """Of the product law whose bits are 1 with the probabilities `one`, ``(n,)``."""
        layout = Layout.of(len(one))
        means = [(1 - 2 * one)[strings].prod(axis=1) for strings in layout.strings]
        spectrum = np.ones(1)
        for probability in one:
            spectrum = np.convolve(spectrum, [1 - probability, probability])
        return cls(layout=layout, vector=np.concatenate([*means, spectrum]))

    def z(self, weight: int) -> tuple[Strings, Floats]:
        """The strings of one weight, ``(F, weight)`` bits each, and their means, ``(F,)``."""
        return self.layout.strings[weight - 1], self.layout.means(self.vector, weight)

    def both_ones(self) -> Floats:
        """How likely bits i and j are both 1, ``(n, n)``; each bit's own chance on the diagonal.

        ``P(11) = (1 - <Z_i> - <Z_j> + <Z_i Z_j>) / 4``.

        >>> table = np.array([0.5, 0.25, 0.0, 0.25])
        >>> Moments.of(Distribution(probabilities=table)).both_ones().tolist()
        [[0.5, 0.25], [0.25, 0.25]]
        """
        one = (1 - self.z(1)[1]) / 2
        both = np.diag(one)
        if len(one) > 1:
            strings, means = self.z(2)
            i, j = strings.T
            both[i, j] = both[j, i] = (one[i] + one[j]) / 2 - (1 - means) / 4
        return both

    @property
    def spectrum(self) -> Floats:
        """The law of the Hamming weight, ``(n + 1,)``."""
        return self.layout.spectrum(self.vector)


def row_sums(layout: Layout, bits: Bits, weights: NDArray[np.integer[Any]]) -> Floats:
    """Weighted sums over rows, ``(m, n)`` bits and ``(R, m)`` weights to ``(R, size)``.

    Matrix products of signs with weights, a tile of strings and rows at a time so that it stays in
    the processor's cache. They are sums of whole numbers, which float32 holds exactly as long as a
    tile's weights sum to less than 2^24; beyond, float64 is used. ``R m size`` multiplications.
    """
    total = np.zeros((layout.size, len(weights)))
    for start in range(0, len(bits), _ROWS):
        rows, chosen = bits[start : start + _ROWS], weights[:, start : start + _ROWS]
        single = int(chosen.sum(axis=1).max(initial=0)) < _EXACT_SINGLE
        dtype = np.float32 if single else np.float64
        tile = np.ascontiguousarray(chosen.T).astype(dtype)
        position = 0
        for features in _features(layout, rows, dtype):
            total[position : position + len(features)] += features @ tile
            position += len(features)
    return np.ascontiguousarray(total.T)


def _features(layout: Layout, rows: Bits, dtype: type) -> Iterator[NDArray[Any]]:
    """What is summed, in the order of the vector, ``(block, rows)`` at a time."""
    signs: NDArray[Any] = np.ascontiguousarray(1 - 2 * rows.T.astype(np.int8)).astype(dtype)
    for strings in layout.strings:
        for start in range(0, len(strings), _BLOCK):
            chosen = strings[start : start + _BLOCK]
            features = signs[chosen[:, 0]]
            for column in range(1, chosen.shape[1]):
                features *= signs[chosen[:, column]]
            yield features
    hamming = rows.sum(axis=1, dtype=np.int64)
    yield (hamming == np.arange(layout.num_bits + 1)[:, None]).astype(dtype)


def of_table(layout: Layout, table: Floats) -> Floats:
    """Of a law over all ``2^n`` strings, ``(2^n,) -> (size,)``.

    A string is a string of the lower half of the bits times one of the upper half, so the table as
    a matrix, between the signs of both halves, gives all of them in two matrix products. So it is
    with the Hamming weight, which is the sum of the halves' weights.
    """
    low = layout.num_bits // 2
    square = table.reshape(1 << (layout.num_bits - low), 1 << low)
    lower, upper = _half(low), _half(layout.num_bits - low)
    means = upper.signs @ (square @ lower.signs.T)
    found = []
    for strings in layout.strings:
        masks = (1 << strings).sum(axis=1)
        found.append(means[upper.row[masks >> low], lower.row[masks & ((1 << low) - 1)]])
    joint = upper.weights @ (square @ lower.weights.T)
    hamming = np.add.outer(np.arange(len(upper.weights)), np.arange(len(lower.weights)))
    return np.concatenate([*found, np.bincount(hamming.ravel(), weights=joint.ravel())])


@dataclass(frozen=True, eq=False)
class _Half:
    """Of some bits, for each of their ``2^k`` values: signs of the Z strings of weight 0 to 3, and
    indicators of the Hamming weights; and the row that each string's mask has among the signs."""

    signs: Floats
    row: NDArray[np.int64]
    weights: Floats


def _half(num_bits: int) -> _Half:
    masks = np.arange(1 << num_bits, dtype=np.uint32)
    few = masks[np.bitwise_count(masks) <= 3]
    row = np.full(len(masks), -1)
    row[few] = np.arange(len(few))
    parity = np.bitwise_count(few[:, None] & masks) & 1
    weights = np.bitwise_count(masks) == np.arange(num_bits + 1)[:, None]
    return _Half(1.0 - 2.0 * parity, row, weights.astype(np.float64))
