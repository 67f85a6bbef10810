"""Expectation-maximisation for a matrix-product law (Baum et al., Ann. Math. Stat. 41, 164 (1970)).

The expected number of times that each entry of each tensor was used, given the strings, is the
entry times the derivative of the log-likelihood by it; the new entry is its share of these. No
step lowers the likelihood (with a pseudocount: the likelihood times a symmetric Dirichlet prior).

Strings are cut in the middle of the chain. Both halves are trees of distinct halves, joined by a
sparse matrix with one entry a distinct string, so that a step costs ``O(D^2)`` a distinct half and
``O(D)`` a distinct string.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from qdiff.data.bits import Bits, Floats
from qdiff.models.matrix_product.law import mirrored
from qdiff.models.matrix_product.prefix_tree import (
    Integers,
    Messages,
    PrefixTree,
    backward,
    forward,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Strings:
    """Distinct strings along the chain, with weights, ready to be contracted.

    Attributes
    ----------
    left, right
        Trees of the first halves, and of the second halves read from the end.
    starts, columns
        The strings in compressed rows: ``columns[starts[i]:starts[i + 1]]`` are the right leaves
        that occur with left leaf ``i``.
    rows
        The left leaf of each string, in that same order.
    counts
        How often each occurs, in that same order, ``(m,) float64``.
    """

    left: PrefixTree
    right: PrefixTree
    starts: Integers
    columns: Integers
    rows: Integers
    counts: Floats

    @classmethod
    def of(cls, rows: Bits, counts: Floats) -> Strings:
        """Build from distinct ``(m, n)`` rows whose columns are the sites of the chain."""
        half = rows.shape[1] // 2
        left, right = PrefixTree.of(rows[:, :half]), PrefixTree.of(rows[:, half:][:, ::-1])
        order = np.lexsort([right.leaves, left.leaves])
        sizes = np.bincount(left.leaves)
        return cls(
            left=left,
            right=right,
            starts=np.r_[0, np.cumsum(sizes)],
            columns=right.leaves[order],
            rows=left.leaves[order],
            counts=counts[order],
        )

    def work(self, bond: int) -> float:
        """About how many multiplications a step takes."""
        return float(3 * (self.left.size + self.right.size) * bond**2 + 8 * len(self.rows) * bond)


def expected_uses(tensors: Sequence[Floats], strings: Strings) -> tuple[float, list[Floats]]:
    """The log-likelihood of the strings, and how often each entry of each tensor was used."""
    half = len(strings.left.levels)
    first, second = list(tensors[:half]), mirrored(tensors[half:])
    ahead, behind = forward(strings.left, first), forward(strings.right, second)
    meeting = _meeting(strings, ahead, behind)
    shares = csr_matrix(
        (strings.counts / meeting, strings.columns, strings.starts),
        shape=(len(ahead.last), len(behind.last)),
    )
    uses = backward(strings.left, first, ahead, shares @ behind.last)
    later = backward(strings.right, second, behind, shares.T @ ahead.last)
    return _log_likelihood(strings, ahead, behind, meeting), uses + mirrored(later)


def log_likelihood(tensors: Sequence[Floats], strings: Strings) -> float:
    """Sum over the strings of count times log-probability, in nats."""
    half = len(strings.left.levels)
    ahead = forward(strings.left, tensors[:half])
    behind = forward(strings.right, mirrored(tensors[half:]))
    return _log_likelihood(strings, ahead, behind, _meeting(strings, ahead, behind))


def maximised(uses: Sequence[Floats], pseudocount: float) -> list[Floats]:
    """Tensors in proportion to their expected uses, each use raised by `pseudocount`."""
    raised = [use + pseudocount for use in uses]
    return [each / each.sum(axis=(1, 2), keepdims=True) for each in raised]


def _meeting(strings: Strings, ahead: Messages, behind: Messages) -> Floats:
    pair = np.einsum("mb,mb->m", ahead.last[strings.rows], behind.last[strings.columns])
    return np.asarray(np.maximum(pair, np.finfo(np.float64).tiny))


def _log_likelihood(strings: Strings, ahead: Messages, behind: Messages, meeting: Floats) -> float:
    scale = ahead.log_scale[strings.rows] + behind.log_scale[strings.columns]
    return float(strings.counts @ (np.log(meeting) + scale))
