r"""A law that is a product of non-negative matrices, one a bit.

    q(x) = A_1[x_1] A_2[x_2] ... A_n[x_n],    A_j[a, x, b] >= 0,    sum_{x, b} A_j[a, x, b] = 1

where the bits are taken in the order of a chain. Row ``a`` of ``A_j`` says with which probability
a hidden state ``a`` emits the bit ``x`` and turns into ``b``: this is a hidden Markov model whose
parameters differ from site to site (Rabiner, Proc. IEEE 77, 257 (1989)), and the non-negative
tensor train of Glasser et al., arXiv:1907.03741. Its bond dimension bounds how much the bits before
a cut can tell of those after it: a mixture of ``D`` products of independent bits has bond ``D``,
a Markov chain has bond 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.distribution import check_table, marginal_table
from qdiff.errors import InputError
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.matrix_product.prefix_tree import PrefixTree, forward

_CHUNK_ROWS = 1 << 16
"""Strings evaluated at a time."""

_CHUNK_PREFIXES = 1 << 14
"""Prefixes drawn from at a time; the memory of a draw is about this times bits and bond."""


class MatrixProductLaw(AnyOrderLaw):
    """The law of `tensors` along the chain `order`.

    Parameters
    ----------
    tensors
        One a bit, ``(left bond, 2, right bond)``, not negative; each row of the first axis sums
        to one, and the chain begins and ends with a bond of 1.
    order
        The bit at each site of the chain; 0 to ``n - 1`` when not given.

    Raises `InputError` where bonds do not match or rows do not sum to one.

    >>> coin = np.array([[[0.5, 0.0], [0.0, 0.5]]])   # the state remembers the bit,
    >>> copy = np.array([[[0.9], [0.1]], [[0.1], [0.9]]])   # and the next one mostly repeats it
    >>> MatrixProductLaw([coin, copy]).table().tolist()
    [0.45, 0.05, 0.05, 0.45]
    """

    def __init__(self, tensors: Sequence[Floats], order: Sequence[int] | None = None) -> None:
        self.tensors = tuple(tensors)
        self.num_bits = len(self.tensors)
        self.order = tuple(range(self.num_bits)) if order is None else tuple(map(int, order))
        _check(self.tensors, self.order)

    @property
    def bond(self) -> int:
        """The largest bond dimension."""
        return int(max(tensor.shape[0] for tensor in self.tensors))

    def log_prob(self, bits: Bits) -> Floats:
        """Exact log-probability of each row in nats, ``(m, n) -> (m,)``."""
        starts = range(0, len(bits), _CHUNK_ROWS)
        parts = [self._log_prob(bits[start : start + _CHUNK_ROWS]) for start in starts]
        return np.concatenate([np.empty(0), *parts])

    def table(self) -> Floats:
        """All ``2^n`` probabilities, ``O(2^n)`` products. Raises `InputError` for too many bits."""
        return self.marginal(range(self.num_bits))

    def marginal(self, bits: Sequence[int]) -> Floats:
        """The ``2^k`` probabilities of `bits`, all others summed out: ``O(n + 2^k)`` products."""
        check_table(len(bits))
        wanted = set(bits)
        joint = np.ones((1, 1))  # (values of the wanted bits so far, bond)
        for bit, tensor in zip(self.order, self.tensors, strict=True):
            if bit in wanted:
                # the newest bit is the most significant one of the index
                joint = np.concatenate([joint @ tensor[:, 0], joint @ tensor[:, 1]])
            else:
                joint = joint @ tensor.sum(axis=1)
        along_chain = [bit for bit in self.order if bit in wanted]
        return marginal_table(joint[:, 0], [along_chain.index(bit) for bit in bits])

    def condition(self, given: Mapping[int, int]) -> tuple[float, MatrixProductLaw]:
        """The log-probability of the given bits, and the law of all bits given them.

        One sweep from the end of the chain weighs every state by how likely it makes what is
        given after it (Bayes' rule), so the bond dimension stays.
        """
        log_prob, later, tensors = 0.0, np.ones(1), list(self.tensors)
        for site in reversed(range(self.num_bits)):
            joint = self.tensors[site] * later
            value = given.get(self.order[site])
            if value is not None:
                joint[:, 1 - value] = 0
            likelihood = joint.sum(axis=(1, 2))
            if not likelihood.any():
                return -np.inf, self
            tensors[site] = _normalised(joint)
            log_prob += float(np.log(likelihood.max()))
            later = likelihood / likelihood.max()  # a scale of its own, or 200 bits underflow
        return log_prob, MatrixProductLaw(tensors, self.order)

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Split `shots` down the tree of prefixes, a binomial at each, depth first.

        Equal prefixes cost once. The work is bounded by the distinct prefixes drawn, the memory by
        a few chunks of them and the distinct strings returned.
        """
        drawn: list[tuple[Words, Counts]] = []
        waiting = [self._root(shots)]
        while waiting:
            prefixes = waiting.pop()
            if prefixes.site == self.num_bits or not len(prefixes.counts):
                drawn.append((bitorder.pack(prefixes.bits), prefixes.counts))
            else:
                waiting += self._extended(prefixes, generator).chunks()
        return (
            np.concatenate([words for words, _ in drawn]),
            np.concatenate([counts for _, counts in drawn]),
        )

    def _root(self, shots: int) -> _Prefixes:
        bits = np.zeros((1, self.num_bits), dtype=np.uint8)
        return _Prefixes(site=0, bits=bits, states=np.ones((1, 1)), counts=np.array([shots]))

    def _extended(self, prefixes: _Prefixes, generator: np.random.Generator) -> _Prefixes:
        """The prefixes one site longer that some shot has."""
        tensor = self.tensors[prefixes.site]
        each = np.stack([prefixes.states @ tensor[:, 0], prefixes.states @ tensor[:, 1]])
        weight = each.sum(axis=2)
        one = np.minimum(weight[1] / weight.sum(axis=0), 1.0)
        ones = generator.binomial(prefixes.counts, one)
        counts = np.stack([prefixes.counts - ones, ones])
        value, parent = np.nonzero(counts)
        bits = prefixes.bits[parent]
        bits[:, self.order[prefixes.site]] = value
        return _Prefixes(
            site=prefixes.site + 1,
            bits=bits,
            states=each[value, parent] / weight[value, parent, None],
            counts=counts[value, parent],
        )

    def _log_prob(self, bits: Bits) -> Floats:
        """Prefixes meet suffixes in the middle of the chain; each distinct half is done once."""
        rows = bits[:, self.order]
        half = self.num_bits // 2
        left, right = PrefixTree.of(rows[:, :half]), PrefixTree.of(rows[:, half:][:, ::-1])
        ahead = forward(left, self.tensors[:half])
        behind = forward(right, mirrored(self.tensors[half:]))
        meeting = np.einsum("mb,mb->m", ahead.last[left.leaves], behind.last[right.leaves])
        scale = ahead.log_scale[left.leaves] + behind.log_scale[right.leaves]
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(meeting) + scale)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Prefixes:
    """Distinct strings up to a site, the law of the hidden state after each, and their shots."""

    site: int
    bits: Bits
    states: Floats
    counts: Counts

    def chunks(self) -> Iterator[_Prefixes]:
        for start in range(0, max(1, len(self.counts)), _CHUNK_PREFIXES):
            cut = slice(start, start + _CHUNK_PREFIXES)
            yield replace(
                self, bits=self.bits[cut], states=self.states[cut], counts=self.counts[cut]
            )


def mirrored(tensors: Sequence[Floats]) -> list[Floats]:
    """The same tensors read from the end of the chain."""
    return [np.ascontiguousarray(tensor.transpose(2, 1, 0)) for tensor in reversed(tensors)]


def _normalised(joint: Floats) -> Floats:
    total = joint.sum(axis=(1, 2), keepdims=True)
    # a state that cannot be reached keeps a proper row
    return np.where(total > 0, joint / np.where(total > 0, total, 1), 1 / joint[0].size)


def _check(tensors: Sequence[Floats], order: Sequence[int]) -> None:
    if not tensors or sorted(order) != list(range(len(tensors))):
        raise InputError(f"{len(tensors)} tensors need an order of as many bits, got {order}")
    bond = 1
    for site, tensor in enumerate(tensors):
        if tensor.ndim != 3 or tensor.shape[:2] != (bond, 2) or not tensor.shape[2]:
            raise InputError(f"tensor {site} should be ({bond}, 2, bond), got {tensor.shape}")
        if not (tensor.min() >= 0 and np.allclose(tensor.sum(axis=(1, 2)), 1)):
            raise InputError(f"tensor {site} should hold probabilities, each row summing to one")
        bond = tensor.shape[2]
    if bond != 1:
        raise InputError(f"the chain must end with a bond of 1, got {bond}")
