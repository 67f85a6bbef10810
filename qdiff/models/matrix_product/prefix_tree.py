"""The tree of prefixes of many strings: what they share is contracted once.

Contracting a matrix product with ``m`` strings of ``n`` bits costs ``m n`` small products one by
one. Strings share prefixes, and in a tree of them every distinct prefix costs one product: at most
``2^(j + 1)`` at position ``j``, however many strings there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdiff.data.bits import Bits, Floats

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Level:
    """The nodes of one length: first those that end in 0, then those that end in 1.

    Attributes
    ----------
    zeros, ones
        The parent of each node, by its place in the level above; distinct within each array.
    """

    zeros: Integers
    ones: Integers


@dataclass(frozen=True, eq=False, kw_only=True)
class PrefixTree:
    """Distinct prefixes of some rows, one level for each length from 1.

    `leaves` holds the place of every row in the last level.
    """

    levels: tuple[Level, ...]
    leaves: Integers

    @classmethod
    def of(cls, rows: Bits) -> PrefixTree:
        """Build from ``(m, length)`` rows in any order, equal ones allowed.

        >>> tree = PrefixTree.of(np.array([[0, 0], [0, 1], [0, 0]], dtype=np.uint8))
        >>> [(level.zeros.tolist(), level.ones.tolist()) for level in tree.levels]
        [([0], []), ([0], [0])]
        >>> tree.leaves.tolist()
        [0, 1, 0]
        """
        order = _lexicographic(rows)
        ordered = rows[order]
        shared = _shared_prefix(ordered)
        node = np.zeros(len(rows), dtype=np.int64)
        levels = []
        for position in range(rows.shape[1]):
            begins = np.r_[True, shared <= position]
            first = np.flatnonzero(begins)
            ends_in_one = ordered[first, position] == 1
            parents = node[first]
            levels.append(Level(zeros=parents[~ends_in_one], ones=parents[ends_in_one]))
            place = np.where(
                ends_in_one,
                np.cumsum(ends_in_one) + (len(first) - ends_in_one.sum()),
                np.cumsum(~ends_in_one),
            )
            node = place[np.cumsum(begins) - 1] - 1
        leaves = np.empty(len(rows), dtype=np.int64)
        leaves[order] = node
        return cls(levels=tuple(levels), leaves=leaves)

    @property
    def size(self) -> int:
        """How many nodes all levels have."""
        return sum(len(level.zeros) + len(level.ones) for level in self.levels)


@dataclass(frozen=True, eq=False, kw_only=True)
class Messages:
    """What `forward` found: rows that sum to one, and the factors taken out of them.

    Attributes
    ----------
    rows
        For each level, the root's included, ``(nodes, bond)``.
    factors
        For each level but the root's, ``(nodes,)``: the sum before it was made one.
    log_scale
        The logarithm of all factors on the way to each node of the last level.
    """

    rows: list[Floats]
    factors: list[Floats]
    log_scale: Floats

    @property
    def last(self) -> Floats:
        return self.rows[-1]


def forward(tree: PrefixTree, tensors: Sequence[Floats]) -> Messages:
    """Contract `tensors`, each ``(left bond, 2, right bond)``, with every prefix."""
    rows, factors = [np.ones((1, 1))], []
    log_scale = np.zeros(1)
    for level, tensor in zip(tree.levels, tensors, strict=True):
        above = rows[-1]
        row = np.concatenate([above[level.zeros] @ tensor[:, 0], above[level.ones] @ tensor[:, 1]])
        total = row.sum(axis=1)
        factor = np.where(total > 0, total, 1.0)
        log_scale = np.concatenate([log_scale[level.zeros], log_scale[level.ones]]) + np.log(factor)
        rows.append(row / factor[:, None])
        factors.append(factor)
    return Messages(rows=rows, factors=factors, log_scale=log_scale)


def backward(
    tree: PrefixTree, tensors: Sequence[Floats], messages: Messages, slope: Floats
) -> list[Floats]:
    """Each tensor's entries times the derivative by them, given that by the last messages.

    If `slope` is the derivative of a log-likelihood, these are the expected numbers of times that
    each entry was used.
    """
    used = [np.empty(0)] * len(tensors)
    for position in reversed(range(len(tensors))):
        level, tensor, above = tree.levels[position], tensors[position], messages.rows[position]
        scaled = slope / messages.factors[position][:, None]
        zero, one = scaled[: len(level.zeros)], scaled[len(level.zeros) :]
        derivative = np.stack([above[level.zeros].T @ zero, above[level.ones].T @ one], axis=1)
        used[position] = tensor * derivative
        slope = np.zeros_like(above)
        slope[level.zeros] = zero @ tensor[:, 0].T
        slope[level.ones] += one @ tensor[:, 1].T
    return used


def _lexicographic(rows: Bits) -> Integers:
    """The order that sorts rows, the first bit deciding first."""
    width = max(1, -(-rows.shape[1] // 64)) * 8
    padded = np.zeros((len(rows), width), dtype=np.uint8)
    packed = np.packbits(rows, axis=1)
    padded[:, : packed.shape[1]] = packed
    words = padded.view(">u8").astype(np.uint64)
    return np.asarray(np.lexsort(words.T[::-1]))


def _shared_prefix(ordered: Bits) -> Integers:
    """How many first bits each row has in common with the row before, ``(m - 1,)``."""
    if not ordered.shape[1]:
        return np.zeros(max(0, len(ordered) - 1), dtype=np.int64)
    differs = ordered[1:] != ordered[:-1]
    return np.asarray(np.where(differs.any(axis=1), differs.argmax(axis=1), ordered.shape[1]))
