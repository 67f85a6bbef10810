"""Laws of 36 to 100 bits that are known exactly though no table of them could be kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import rustworkx as rx
from numpy.typing import NDArray
from scipy.special import expit, logsumexp

from qdiff.data.bits import Bits, Floats


class KnownLaw(ABC):
    """A law that is drawn from and evaluated exactly."""

    @property
    @abstractmethod
    def num_bits(self) -> int: ...

    @abstractmethod
    def log_prob(self, bits: Bits) -> Floats:
        """Natural logarithm of the probability of each row, ``(m, n) -> (m,)``."""

    @abstractmethod
    def draw(self, shots: int, generator: np.random.Generator) -> Bits:
        """``(shots, n)``."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LatticeIsing(KnownLaw):
    r"""Spins on a square lattice, ``p(s) ~ exp(sum_ij J_ij s_i s_j)`` over neighbours ``i, j``.

    Spins are numbered row by row. Given all before it, a spin depends on as many as a row has, so
    that one pass over their ``2^columns`` states, spin by spin (a transfer matrix), gives every
    conditional.

    Attributes
    ----------
    right, down
        The couplings, ``(rows, columns)``, to the spin on the right and to the one below. The last
        column of `right` and the last row of `down` count for nothing.
    """

    right: Floats
    down: Floats

    @property
    def num_bits(self) -> int:
        return self.right.size

    def log_prob(self, bits: Bits) -> Floats:
        found = np.zeros(len(bits))
        for place, odds in self._walk(bits):
            found -= np.logaddexp(0, np.where(bits[:, place], -odds, odds))
        return found

    def draw(self, shots: int, generator: np.random.Generator) -> Bits:
        bits = np.zeros((shots, self.num_bits), np.uint8)
        for place, odds in self._walk(bits):  # which reads what was drawn before
            bits[:, place] = generator.random(shots) < expit(odds)
        return bits

    def _walk(self, bits: Bits) -> Iterator[tuple[int, Floats]]:
        """Every place with the log-odds of a 1 there, given the bits of each row before it."""
        state = np.zeros(len(bits), np.int64)
        for place, odds in enumerate(self._log_odds):
            yield place, odds[state]
            state = (2 * state + bits[:, place]) % len(odds)

    @cached_property
    def _log_odds(self) -> list[Floats]:
        """Of every spin, by the state of those before it: the last one is the lowest bit."""
        columns = self.right.shape[1]
        states = np.arange(1 << columns)
        last, above = 2.0 * (states & 1) - 1, 2.0 * (states >> (columns - 1)) - 1
        rest, found = np.zeros(len(states)), []
        for place in reversed(range(self.num_bits)):
            row, column = divmod(place, columns)
            field = np.zeros(len(states))
            if column:
                field += self.right[row, column - 1] * last
            if row:
                field += self.down[row - 1, column] * above
            following = (2 * states) % len(states)
            zero, one = rest[following] - field, rest[following + 1] + field
            found.append(one - zero)
            rest = np.logaddexp(zero, one)
        return found[::-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class NoisyTreeGHZ(KnownLaw):
    """A GHZ state that spreads from its root along a tree, with errors.

    The first qubit is put into superposition; every other is the target of one CX, from its parent,
    after which it is flipped with some chance, and passes the flip on to those that come after it.
    Readout flips every bit with some chance.

    Attributes
    ----------
    parents
        Of every qubit; those of a tree's root and of nobody else are -1.
    order
        All qubits, parents first.
    flips, readout
        The chance of an error of each qubit's CX, and of each bit's readout.
    """

    parents: NDArray[np.int64]
    order: NDArray[np.int64]
    flips: Floats
    readout: Floats

    @property
    def num_bits(self) -> int:
        return len(self.parents)

    def log_prob(self, bits: Bits) -> Floats:
        # (value, row, qubit): what a qubit's own bit and all behind it say of its value
        told = np.where(bits == np.arange(2)[:, None, None], 1 - self.readout, self.readout)
        told = np.log(told)
        for qubit in self.order[:0:-1]:
            stay, flip = np.log1p(-self.flips[qubit]), np.log(self.flips[qubit])
            zero, one = told[:, :, qubit]
            told[0, :, self.parents[qubit]] += np.logaddexp(stay + zero, flip + one)
            told[1, :, self.parents[qubit]] += np.logaddexp(flip + zero, stay + one)
        return np.asarray(logsumexp(told[:, :, self.order[0]], axis=0) - np.log(2))

    def draw(self, shots: int, generator: np.random.Generator) -> Bits:
        bits = (generator.random((shots, self.num_bits)) < self.flips).astype(np.uint8)
        bits[:, self.order[0]] = generator.integers(0, 2, shots)
        for qubit in self.order[1:]:
            bits[:, qubit] ^= bits[:, self.parents[qubit]]
        return bits ^ (generator.random(bits.shape) < self.readout)


@dataclass(frozen=True, eq=False, kw_only=True)
class ProductMixture(KnownLaw):
    """Laws of independent bits, each as likely as the others: `chances` of a 1, ``(k, n)``."""

    chances: Floats

    @property
    def num_bits(self) -> int:
        return len(self.chances[0])

    def log_prob(self, bits: Bits) -> Floats:
        ones, zeros = np.log(self.chances), np.log1p(-self.chances)
        levels = bits @ (ones - zeros).T + zeros.sum(axis=1)
        return np.asarray(logsumexp(levels, axis=1) - np.log(len(self.chances)))

    def draw(self, shots: int, generator: np.random.Generator) -> Bits:
        chosen = self.chances[generator.integers(0, len(self.chances), shots)]
        return (generator.random(chosen.shape) < chosen).astype(np.uint8)


def spin_glass(rows: int, columns: int) -> LatticeIsing:
    """Couplings of .5 whose signs are drawn: no order of the spins, and pairs that disagree."""
    signs = np.random.default_rng(rows * columns).choice([-0.5, 0.5], (2, rows, columns))
    return LatticeIsing(right=signs[0], down=signs[1])


def magnet(rows: int, columns: int) -> LatticeIsing:
    """Couplings a tenth below the critical one, ``ln(1 + sqrt 2) / 2`` (Onsager, 1944)."""
    coupling = np.full((rows, columns), 0.9 * np.log1p(np.sqrt(2)) / 2)
    return LatticeIsing(right=coupling, down=coupling)


def heavy_hex_ghz(distance: int) -> NoisyTreeGHZ:
    """On the heavy-hexagonal lattice of a code distance, 57 qubits for 5, from its middle on."""
    lattice = rx.generators.heavy_hex_graph(distance)
    number, apart = lattice.num_nodes(), rx.distance_matrix(lattice)
    away = apart[apart.max(axis=1).argmin()]
    # argmax: the first neighbour that is nearer; none is for the root
    nearer = (apart == 1) & (away[:, None] == away + 1)
    draw = np.random.default_rng(number)
    return NoisyTreeGHZ(
        parents=np.where(away > 0, nearer.argmax(axis=1), -1),
        order=np.argsort(away, kind="stable"),
        flips=draw.uniform(0.01, 0.05, number),
        readout=draw.uniform(0.01, 0.05, number),
    )


def product_mixture(kinds: int, bits: int) -> ProductMixture:
    draw = np.random.default_rng(bits)
    return ProductMixture(chances=draw.uniform(0.1, 0.9, (kinds, bits)))


LAWS: dict[str, KnownLaw] = {
    "spin glass, 6x6": spin_glass(6, 6),
    "magnet, 8x8": magnet(8, 8),
    "GHZ, heavy-hex 57": heavy_hex_ghz(5),
    "8 products, 100": product_mixture(8, 100),
}
"""None of them is a chain of few states along its bits."""
