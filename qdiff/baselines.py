"""What a user would fit instead of a diffusion model.

Every baseline is a small configuration with ``fit(shots) -> Law``, and every law gives
log-probabilities, samples and, for few bits, its whole table:

>>> law = ChowLiuTree().fit(Shots.from_bits([[0, 0], [1, 1]], [5, 5]))
>>> law.distribution().probabilities.round(3).tolist()
[0.458, 0.042, 0.042, 0.458]

No law but a `Distribution` holds a table of ``2^n`` entries, so all of them work at 200 bits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from qdiff import bits as bitorder
from qdiff.bits import Bits, Counts, Register, Words
from qdiff.distribution import Distribution, check_table, draw_counts
from qdiff.errors import InputError
from qdiff.shots import Seed, Shots

_ROWS = 1 << 17
"""Rows worked on at a time, so that memory stays bounded."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Law(ABC):
    """A fitted baseline over the bits of `registers`."""

    registers: tuple[Register, ...]

    @property
    def num_bits(self) -> int:
        return sum(register.size for register in self.registers)

    def log_prob(self, bits: ArrayLike) -> NDArray[np.float64]:
        """Natural logarithm of the probability of each row, ``(m, n) -> (m,)``."""
        rows = bitorder.as_bits(bits, self.num_bits)
        return _concatenate(
            self._log_prob(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)
        )

    def sample(self, shots: int, *, seed: Seed) -> Shots:
        """Draw `shots` rows."""
        if shots < 0:
            raise InputError(f"shots must not be negative, got {shots}")
        generator = np.random.default_rng(seed)
        sizes = [_ROWS] * (shots // _ROWS) + [shots % _ROWS]
        parts = [
            Shots.from_bits(self._draw(size, generator), registers=self.registers) for size in sizes
        ]
        return replace(parts[0].merge(*parts[1:]), provenance={})

    def distribution(self) -> Distribution:
        """The law's whole table. Raises `InputError` for too many bits."""
        check_table(self.num_bits)
        outcomes = 1 << self.num_bits
        table = _concatenate(
            np.exp(self._log_prob(_strings(start, min(start + _ROWS, outcomes), self.num_bits)))
            for start in range(0, outcomes, _ROWS)
        )
        return Distribution(probabilities=table, registers=self.registers)

    @abstractmethod
    def _log_prob(self, rows: Bits) -> NDArray[np.float64]: ...

    @abstractmethod
    def _draw(self, size: int, generator: np.random.Generator) -> Bits: ...


class Baseline(ABC):
    """A way to turn shots into a `Law`; its options are its fields."""

    @abstractmethod
    def fit(self, shots: Shots) -> Law:
        """Fit to `shots`. Raises `InputError` when there are none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class HistogramLaw(Law):
    """Observed frequencies with a pseudocount: ``(c(x) + k) / (N + k 2^n)``."""

    words: Words
    counts: Counts
    pseudocount: float

    def _log_prob(self, rows: Bits) -> NDArray[np.float64]:
        queries = bitorder.pack(rows)
        _, position = np.unique(np.concatenate([self.words, queries]), axis=0, return_inverse=True)
        counts = np.zeros(position.max() + 1)
        counts[position[: len(self.words)]] = self.counts
        with np.errstate(divide="ignore"):
            smoothed = np.log(counts[position[len(self.words) :]] + self.pseudocount)
        return np.asarray(smoothed - np.log(self.counts.sum() + self._prior_shots))

    def _draw(self, size: int, generator: np.random.Generator) -> Bits:
        """With probability ``N / (N + k 2^n)`` an old shot again, else a uniform string."""
        shots = int(self.counts.sum())
        old = generator.binomial(size, shots / (shots + self._prior_shots))
        again = draw_counts(self.counts / shots, old, generator)
        uniform = generator.integers(0, 2, size=(size - old, self.num_bits), dtype=np.uint8)
        seen = bitorder.unpack(np.repeat(self.words, again, axis=0), self.num_bits)
        return np.concatenate([seen, uniform])

    @property
    def _prior_shots(self) -> float:
        return self.pseudocount * 2.0**self.num_bits


@dataclass(frozen=True, eq=False, kw_only=True)
class ProductLaw(Law):
    """Independent bits: `one` is the probability of a 1 at each, ``(n,)``."""

    one: NDArray[np.float64]

    def _log_prob(self, rows: Bits) -> NDArray[np.float64]:
        with np.errstate(divide="ignore"):
            log_zero, log_one = np.log1p(-self.one), np.log(self.one)
        return np.asarray(np.where(rows, log_one, log_zero).sum(axis=1))

    def _draw(self, size: int, generator: np.random.Generator) -> Bits:
        return (generator.random((size, len(self.one))) < self.one).astype(np.uint8)


@dataclass(frozen=True, eq=False, kw_only=True)
class TreeLaw(Law):
    """Bits on a tree, each depending on its parent alone.

    Attributes
    ----------
    parent
        ``(n,) int64``, the parent of every bit; the root is its own.
    levels
        The bits at each distance from the root, the root's first.
    one
        ``(n, 2)``: the probability of a 1 given the parent's value; the root's columns agree.
    """

    parent: NDArray[np.int64]
    levels: tuple[NDArray[np.int64], ...]
    one: NDArray[np.float64]

    def _log_prob(self, rows: Bits) -> NDArray[np.float64]:
        log_table = np.log(np.stack([1 - self.one, self.one], axis=2))
        return np.asarray(log_table[np.arange(len(self.parent)), rows[:, self.parent], rows].sum(1))

    def _draw(self, size: int, generator: np.random.Generator) -> Bits:
        rows = np.zeros((size, len(self.parent)), dtype=np.uint8)
        for level in self.levels:
            one = self.one[level, rows[:, self.parent[level]]]
            rows[:, level] = generator.random(one.shape) < one
        return rows


@dataclass(frozen=True, kw_only=True)
class Histogram(Baseline):
    """The histogram, every count raised by `pseudocount` (1/2: Krichevsky-Trofimov)."""

    pseudocount: float = 0.5

    def __post_init__(self) -> None:
        _check_pseudocount(self.pseudocount, least=0.0)

    def fit(self, shots: Shots) -> HistogramLaw:
        _check_not_empty(shots)
        return HistogramLaw(
            registers=shots.registers,
            words=shots.words,
            counts=shots.counts,
            pseudocount=self.pseudocount,
        )


@dataclass(frozen=True, kw_only=True)
class Uniform(Baseline):
    """All strings alike; of the shots only the number of bits is used."""

    def fit(self, shots: Shots) -> ProductLaw:
        return ProductLaw(registers=shots.registers, one=np.full(shots.num_bits, 0.5))


@dataclass(frozen=True, kw_only=True)
class IndependentBits(Baseline):
    """Each bit with its own frequency of ones, ``(c + k) / (N + 2 k)``."""

    pseudocount: float = 0.5

    def __post_init__(self) -> None:
        _check_pseudocount(self.pseudocount, least=0.0)

    def fit(self, shots: Shots) -> ProductLaw:
        _check_not_empty(shots)
        smoothed = (_bit_counts(shots) + self.pseudocount) / (
            shots.num_shots + 2 * self.pseudocount
        )
        return ProductLaw(registers=shots.registers, one=smoothed)


@dataclass(frozen=True, kw_only=True)
class ChowLiuTree(Baseline):
    """The likeliest tree of pairwise dependences (Chow and Liu, IEEE Trans. Inf. Theory 14, 1968).

    The maximum spanning tree over pairwise mutual information, each of the four joint counts of a
    pair raised by `pseudocount`.
    """

    pseudocount: float = 0.5

    def __post_init__(self) -> None:
        _check_pseudocount(self.pseudocount, least=1e-12)

    def fit(self, shots: Shots) -> TreeLaw:
        _check_not_empty(shots)
        joint = pair_joint(shots, self.pseudocount)
        parent, levels = _spanning_tree(mutual_information(joint))
        bit = np.arange(len(parent))
        pair = joint[bit, parent]  # (n, own value, parent's value); diagonal for the root
        one = pair[:, 1] / pair.sum(axis=1)
        root = levels[0]
        one[root] = pair[root].sum(axis=2)[:, 1:]
        return TreeLaw(registers=shots.registers, parent=parent, levels=levels, one=one)


def pair_joint(shots: Shots, pseudocount: float) -> NDArray[np.float64]:
    """Smoothed joint law of every pair of bits, ``(n, n, 2, 2)``: ``[i, j, a, b]``.

    The pseudocount goes to each of the four cells, so that a bit's marginal is the same in all of
    its pairs. On the diagonal, ``[i, i]`` holds that marginal and zeros.
    """
    both = _pair_counts(shots)
    total, ones = float(shots.num_shots), np.diagonal(both)
    first, second = ones[:, None] - both, ones[None, :] - both
    neither = total - ones[:, None] - ones[None, :] + both
    cells = np.array([[neither, second], [first, both]]).transpose(2, 3, 0, 1) + pseudocount
    bit = np.arange(len(ones))
    cells[bit, bit] += pseudocount * np.array([[1, -1], [-1, 1]])
    return np.asarray(cells / (total + 4 * pseudocount))


def mutual_information(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mutual information of every pair in nats, ``(n, n, 2, 2) -> (n, n)``; 0 on the diagonal."""
    one = joint.sum(axis=3)  # (n, n, 2): the first bit's law
    product = one[:, :, :, None] * one.transpose(1, 0, 2)[:, :, None, :]
    ratio = np.divide(joint, product, out=np.ones_like(joint), where=joint > 0)
    information = (joint * np.log(ratio)).sum(axis=(2, 3))
    np.fill_diagonal(information, 0)
    return np.asarray(np.maximum(information, 0))


def _spanning_tree(
    weight: NDArray[np.float64],
) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], ...]]:
    """Parents and levels of the maximum spanning tree, rooted at bit 0."""
    cost = weight.max() - weight + 1.0  # positive: scipy reads a zero as no edge
    order, parent = breadth_first_order(minimum_spanning_tree(cost), 0, directed=False)
    parent[0] = 0
    depth = np.zeros(len(parent), dtype=np.int64)
    for bit in order[1:]:
        depth[bit] = depth[parent[bit]] + 1
    levels = tuple(np.flatnonzero(depth == level) for level in range(int(depth.max()) + 1))
    return parent.astype(np.int64), levels


def _bit_counts(shots: Shots) -> NDArray[np.float64]:
    """How often each bit is 1, ``(n,)``."""
    blocks = _weighted_rows(shots)
    return np.asarray(sum(counts @ rows for rows, counts in blocks))


def _pair_counts(shots: Shots) -> NDArray[np.float64]:
    """How often bits i and j are both 1, ``(n, n)``; each bit's own count on the diagonal."""
    return np.asarray(sum((rows.T * counts) @ rows for rows, counts in _weighted_rows(shots)))


def _weighted_rows(
    shots: Shots,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    for start in range(0, len(shots.counts), _ROWS):
        words = shots.words[start : start + _ROWS]
        rows = bitorder.unpack(words, shots.num_bits).astype(np.float64)
        yield rows, shots.counts[start : start + _ROWS].astype(np.float64)


def _strings(start: int, stop: int, num_bits: int) -> Bits:
    return bitorder.unpack(bitorder.from_indices(np.arange(start, stop)), num_bits)


def _concatenate(parts: Iterator[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.empty(0), *parts])


def _check_not_empty(shots: Shots) -> None:
    if shots.num_shots == 0:
        raise InputError("there are no shots to fit")


def _check_pseudocount(value: float, *, least: float) -> None:
    if not least <= value < float("inf"):
        raise InputError(f"pseudocount {value!r} is not a number of at least {least:g}")
