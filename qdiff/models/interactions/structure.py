"""Which sets of bits are likely to interact: what other sets' coefficients say about one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qdiff.data.bits import Floats

Sizes = NDArray[np.int64]

_WEAKEST = 1e-3
_SMALLEST = 1e-12


def set_sizes(num_bits: int) -> Sizes:
    """How many bits each of the ``2^n`` sets has."""
    return np.bitwise_count(np.arange(1 << num_bits)).astype(np.int64)


def coupling(coefficients: Floats) -> Floats:
    """How strongly bits interact, ``(n, n)``: root sum of ``h_S^2`` over the sets with both."""
    num_bits = len(coefficients).bit_length() - 1
    squares = coefficients**2
    strength = np.zeros((num_bits, num_bits))
    for bit in range(num_bits):
        with_bit = np.zeros((len(squares) >> bit + 1, 2, 1 << bit))
        with_bit[:, 1] = squares.reshape(with_bit.shape)[:, 1]
        strength[bit] = _sums_with_each_bit(with_bit.reshape(-1))
    np.fill_diagonal(strength, 0)
    root: Floats = np.sqrt(strength)
    return root


def tree_strength(coupling: Floats) -> Floats:
    """Mean log-coupling over the maximum spanning tree of every set of bits, ``(2^n,)``.

    Removing a leaf of the best tree of ``S`` leaves the best tree of the rest, so sets are solved
    in order of size: ``T(S) = max_i T(S - i) + log max_{j in S - i} coupling_ij``.
    """
    num_bits = len(coupling)
    sizes = set_sizes(num_bits)
    edge = [_strongest(row) for row in np.log(_WEAKEST + coupling).astype(np.float32)]
    tree = np.zeros(len(sizes))
    for sets in of_each_size(sizes, smallest=2):
        best = np.full(len(sets), -np.inf)
        for bit in range(num_bits):
            holds = np.flatnonzero(sets >> bit & 1)
            rest = sets[holds] ^ (1 << bit)
            best[holds] = np.maximum(best[holds], tree[rest] + edge[bit][rest])
        tree[sets] = best
    mean: Floats = tree / np.maximum(sizes - 1.0, 1)
    return mean


def heredity(moments: Floats, sizes: Sizes) -> list[Floats]:
    """Log mean moment of a set's neighbours: less one bit, with one more, with one exchanged.

    An interaction is likelier where its parts, or sets much like it, interact (the heredity
    principle of Chipman, Canadian Journal of Statistics 24, 17 (1996)).
    """
    num_bits = len(moments).bit_length() - 1
    less, more = _one_bit_less(moments), _one_bit_more(moments)
    exchanged = _one_bit_less(more) - sizes * moments  # every set is its own neighbour |S| times
    others = num_bits - sizes
    means = [
        less / np.maximum(sizes, 1),
        more / np.maximum(others, 1),
        exchanged / np.maximum(sizes * others, 1),
    ]
    for mean in means:
        mean[-1] = means[0][-1]  # the full set has neighbours below only
    return [np.log(np.maximum(mean, _SMALLEST)) for mean in means]


def sums_over_members(values: Floats) -> Floats:
    """``sum_{i in S} values_i`` for every set ``S`` of bits."""
    total = np.zeros(1)
    for value in values:
        total = np.concatenate([total, total + value])
    return total


def _strongest(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """``max_{j in S} row_j`` for every set ``S``; the weakest possible value for none."""
    best = np.full(1, np.log(_WEAKEST), dtype=np.float32)
    for value in row:
        best = np.concatenate([best, np.maximum(best, value)])
    return best


def _sums_with_each_bit(values: Floats) -> list[float]:
    """For every bit, the sum of `values` over the sets that have it."""
    sums = []
    while len(values) > 1:
        without, having = values.reshape(2, -1)
        sums.append(float(having.sum()))
        values = without + having
    return sums[::-1]


def _one_bit_less(values: Floats) -> Floats:
    """``sum_{i in S} values_{S - i}``."""
    total = np.zeros(len(values))
    for source, sink in _along_each_bit(values, total):
        sink[:, 1] += source[:, 0]
    return total


def _one_bit_more(values: Floats) -> Floats:
    """``sum_{i not in S} values_{S + i}``."""
    total = np.zeros(len(values))
    for source, sink in _along_each_bit(values, total):
        sink[:, 0] += source[:, 1]
    return total


def _along_each_bit(*arrays: Floats) -> Iterator[list[Floats]]:
    """Views whose middle axis is one bit, for every bit."""
    for bit in range(len(arrays[0]).bit_length() - 1):
        yield [array.reshape(-1, 2, 1 << bit) for array in arrays]


def of_each_size(sizes: Sizes, smallest: int) -> Iterator[NDArray[np.int64]]:
    """The sets of each size in turn, from the `smallest`."""
    order = np.argsort(sizes, kind="stable")
    ends = np.cumsum(np.bincount(sizes))
    for size in range(smallest, len(ends)):
        yield order[ends[size - 1] : ends[size]]
