"""The likeliest tree of pairwise dependences (Chow and Liu, IEEE Trans. Inf. Theory 14, 1968)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.pair_statistics import mutual_information, pair_joint
from qdiff.data.shots import Shots
from qdiff.models.baselines.base import (
    Baseline,
    FittedBaseline,
    check_not_empty,
    check_pseudocount,
    drawn_in_blocks,
    tabulated,
)
from qdiff.models.laws.law import Law


class TreeLaw(Law):
    """Bits on a tree, each depending on its parent alone.

    Parameters
    ----------
    parent
        ``(n,) int64``, the parent of every bit; the root is its own.
    levels
        The bits at each distance from the root, the root's first.
    one
        ``(n, 2)``: the probability of a 1 given the parent's value; the root's columns agree.
    """

    def __init__(
        self, parent: NDArray[np.int64], levels: tuple[NDArray[np.int64], ...], one: Floats
    ) -> None:
        self.parent, self.levels, self.one = parent, levels, one
        self.num_bits = len(parent)

    def log_prob(self, bits: Bits) -> Floats:
        log_table = np.log(np.stack([1 - self.one, self.one], axis=2))
        each = log_table[np.arange(self.num_bits), bits[:, self.parent], bits]
        return np.asarray(each.sum(axis=1))

    def table(self) -> Floats:
        return tabulated(self)

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        return drawn_in_blocks(self.num_bits, shots, lambda number: self._rows(number, generator))

    def _rows(self, size: int, generator: np.random.Generator) -> Bits:
        rows = np.zeros((size, self.num_bits), dtype=np.uint8)
        for level in self.levels:
            one = self.one[level, rows[:, self.parent[level]]]
            rows[:, level] = generator.random(one.shape) < one
        return rows


@dataclass(frozen=True, kw_only=True)
class ChowLiuTree(Baseline):
    """The maximum spanning tree over pairwise mutual information.

    Each of the four joint counts of a pair is raised by `pseudocount`.
    """

    pseudocount: float = 0.5

    def __post_init__(self) -> None:
        check_pseudocount(self.pseudocount, least=1e-12)

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        check_not_empty(shots)
        joint = pair_joint(shots, self.pseudocount)
        parent, levels = _spanning_tree(mutual_information(joint))
        bit = np.arange(len(parent))
        pair = joint[bit, parent]  # (n, own value, parent's value); diagonal for the root
        one = pair[:, 1] / pair.sum(axis=1)
        root = levels[0]
        one[root] = pair[root].sum(axis=2)[:, 1:]
        return FittedBaseline(law=TreeLaw(parent, levels, one), registers=shots.registers)


def _spanning_tree(weight: Floats) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], ...]]:
    """Parents and levels of the maximum spanning tree, rooted at bit 0."""
    cost = weight.max() - weight + 1.0  # positive: scipy reads a zero as no edge
    order, parent = breadth_first_order(minimum_spanning_tree(cost), 0, directed=False)
    parent[0] = 0
    depth = np.zeros(len(parent), dtype=np.int64)
    for bit in order[1:]:
        depth[bit] = depth[parent[bit]] + 1
    levels = tuple(np.flatnonzero(depth == level) for level in range(int(depth.max()) + 1))
    return parent.astype(np.int64), levels
