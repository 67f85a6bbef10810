"""Probability laws over bitstrings that can be sampled, evaluated and tabulated exactly.

A surrogate is a `Mixture` of such laws. Everything here is float64 and counts, never rows a shot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qdiff import bits as bitorder
from qdiff.bits import Bits, Counts, Words
from qdiff.distribution import draw_counts
from qdiff.shots import Shots

Floats = NDArray[np.float64]


class Law(Protocol):
    """An exactly normalised law over strings of ``num_bits`` bits."""

    num_bits: int

    def log_prob(self, bits: Bits) -> Floats:
        """Natural logarithm of the probability of each row, ``(m, n) -> (m,)``."""

    def table(self) -> Floats:
        """All ``2^n`` probabilities, indexed by ``sum_j x_j 2^j``."""

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Packed strings, not necessarily distinct, and how often each was drawn."""


class TableLaw:
    """A law given by the logarithms of its ``2^n`` probabilities."""

    def __init__(self, log_probabilities: Floats) -> None:
        self.num_bits = len(log_probabilities).bit_length() - 1
        self.log_probabilities = log_probabilities

    def log_prob(self, bits: Bits) -> Floats:
        return self.log_probabilities[bitorder.to_indices(bitorder.pack(bits), self.num_bits)]

    def table(self) -> Floats:
        return np.exp(self.log_probabilities)

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        return _draw_table(self.table(), shots, generator)


class HistogramLaw:
    """The relative frequencies of a set of shots; strings never seen have probability zero."""

    def __init__(self, shots: Shots) -> None:
        self.num_bits = shots.num_bits
        self.shots = shots

    def log_prob(self, bits: Bits) -> Floats:
        seen = _as_records(self.shots.words)
        asked = _as_records(bitorder.pack(bits))
        order = np.argsort(seen)
        place = np.minimum(np.searchsorted(seen, asked, sorter=order), len(seen) - 1)
        row = order[place]
        found = seen[row] == asked
        with np.errstate(divide="ignore"):
            return np.log(np.where(found, self.shots.counts[row] / self.shots.num_shots, 0.0))

    def table(self) -> Floats:
        table = np.zeros(1 << self.num_bits)
        table[self.shots.indices] = self.shots.counts / self.shots.num_shots
        return table

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        return self.shots.words, draw_counts(
            self.shots.counts / self.shots.num_shots, shots, generator
        )


class Mixture:
    """A convex mixture of laws: ``q(x) = sum_k w_k q_k(x)``; laws of weight zero are left out."""

    def __init__(self, laws: Sequence[Law], weights: Sequence[float]) -> None:
        kept = [(law, weight) for law, weight in zip(laws, weights, strict=True) if weight > 0]
        self.laws = tuple(law for law, _ in kept)
        self.weights = np.array([weight for _, weight in kept]) / sum(weights)
        self.num_bits = self.laws[0].num_bits

    def log_prob(self, bits: Bits) -> Floats:
        each = np.stack([law.log_prob(bits) for law in self.laws])
        total: Floats = np.logaddexp.reduce(each + np.log(self.weights)[:, None], axis=0)
        return total

    def table(self) -> Floats:
        total = np.zeros(1 << self.num_bits)
        for law, weight in zip(self.laws, self.weights, strict=True):
            total += weight * law.table()
        return total

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        share = generator.multinomial(shots, self.weights)
        drawn = [
            law.draw(int(number), generator)
            for law, number in zip(self.laws, share, strict=True)
            if number
        ]
        return (
            np.concatenate([words for words, _ in drawn]),
            np.concatenate([counts for _, counts in drawn]),
        )


def mixture_weights(log_probs: Floats, counts: Counts, *, iterations: int = 500) -> Floats:
    """Weights that maximise the likelihood of held-out strings, by expectation-maximisation.

    Parameters
    ----------
    log_probs
        ``(laws, m)``, the log-probability of each distinct held-out string under each law.
    counts
        ``(m,)``, how often each was seen.

    The likelihood is concave in the weights and no step lowers it. Half a shot is added to each
    law (Jeffreys' prior), so that none is ruled out by few held-out shots.
    """
    laws = len(log_probs)
    weights = np.full(laws, 1 / laws)
    relative = np.exp(log_probs - log_probs.max(axis=0))
    for _ in range(iterations):
        joint = weights[:, None] * relative
        weights = ((joint / joint.sum(axis=0)) @ counts + 0.5) / (counts.sum() + 0.5 * laws)
    return weights


def _draw_table(table: Floats, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
    counts = draw_counts(table, shots, generator)
    seen = np.flatnonzero(counts)
    return bitorder.from_indices(seen), counts[seen]


def _as_records(words: Words) -> NDArray[np.void]:
    """Rows of words as single comparable items."""
    return np.ascontiguousarray(words).view([("", words.dtype)] * words.shape[1])[:, 0]
