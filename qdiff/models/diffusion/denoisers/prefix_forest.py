"""Every distinct prefix of some strings once, with how often each of its two bits comes next.

Shots agree in their first bits, and a network that reads along an order gives what has the same
prefix the same answer. Of 2,000 shots of 10 bits it is asked some 1,000 questions instead of
20,000, and the likelihood is that of all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from qdiff.data.bits import Bits, Floats

Rows = NDArray[np.int64]


class Level(NamedTuple):
    """The prefixes of one length; their bits are spins.

    Attributes
    ----------
    parents
        ``(rows,)``, which prefix of the level before each continues; of the empty ones, its tree.
    values
        ``(rows,)``, the last bit of each; nothing of the empty ones.
    zeros, ones
        ``(rows,)``, how often the next bit is 0 and 1; ``(members, rows)`` where each of several
        networks counts the strings in its own way.
    """

    parents: Tensor
    values: Tensor
    zeros: Tensor
    ones: Tensor

    def surprise(self, logits: Tensor) -> Tensor:
        """The sum of ``-log q`` of the next bits, in nats; logits are of the shape of `ones`."""
        return (self.ones * softplus(-logits) + self.zeros * softplus(logits)).sum(-1)


@dataclass(frozen=True, kw_only=True)
class PrefixForest:
    """Trees of prefixes along one order, a tree for each set of strings.

    Attributes
    ----------
    order
        In which the bits are read.
    trees
        How many there are.
    levels
        The prefixes of no bit, of one bit, and so on; those of all bits have nothing to predict.
    """

    order: tuple[int, ...]
    trees: int
    levels: tuple[Level, ...]

    def surprise(self, logits: Iterable[Tensor]) -> Tensor:
        """The mean of ``-log q`` over all strings, in nats, from the logits of each level.

        A number, or ``(members,)`` where the levels count for several networks.
        """
        parts = [level.surprise(each) for level, each in zip(self.levels, logits, strict=True)]
        first = self.levels[0]
        return torch.stack(parts).sum(0) / (first.zeros + first.ones).sum(-1)


def sorted_along(order: Rows, bits: Bits, tree: Rows) -> Rows:
    """Rows sorted by their tree, and in it by their bits along `order`."""
    return np.lexsort((*bits.T[order[::-1]], tree))


def forest_of(
    order: Rows, bits: Bits, counts: Floats, tree: Rows, device: torch.device | None = None
) -> PrefixForest:
    """The forest of strings that are sorted as `sorted_along` does.

    Parameters
    ----------
    bits
        ``(m, n)``, column ``j`` being bit ``j``.
    counts
        ``(m,)`` or ``(members, m)``, how often each string counts.
    tree
        ``(m,)``, whole numbers in ascending order; each that occurs becomes a tree.
    """
    along = bits[:, order]
    differs = along[1:] != along[:-1]
    depth = np.where(differs.any(axis=1), differs.argmax(axis=1), len(order))
    depth = np.concatenate([[-1], np.where(tree[1:] != tree[:-1], -1, depth)])
    levels = tuple(
        Level(*(torch.from_numpy(part).to(device) for part in level))
        for level in _levels(along, depth, counts.astype(np.float32))
    )
    return PrefixForest(order=tuple(order.tolist()), trees=len(levels[0].parents), levels=levels)


def _levels(along: Bits, depth: Rows, counts: Floats) -> Iterator[tuple[NDArray[np.generic], ...]]:
    """`depth` is the first column in which a string differs from the one before, -1 in a tree's
    first; a prefix begins where that lies within it."""
    owner = np.cumsum(depth < 0) - 1
    for length in range(along.shape[1]):
        begins = np.flatnonzero(depth < length)
        values = 2.0 * along[begins, length - 1] - 1.0
        ones = np.add.reduceat(counts * along[:, length], begins, axis=-1)
        zeros = np.add.reduceat(counts, begins, axis=-1) - ones
        yield owner[begins], values.astype(np.float32), zeros, ones
        owner = np.cumsum(depth < length) - 1
