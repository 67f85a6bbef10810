"""Probability laws over bitstrings that can be sampled, evaluated and tabulated exactly.

A surrogate is a `Mixture` of such laws. Everything here is float64 and counts, never rows a shot.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Words
from qdiff.data.distribution import draw_counts, marginal_table
from qdiff.data.shots import Shots

Floats = NDArray[np.float64]

_PRIOR_SHOTS = 0.5
"""Added to each law that weights are sought for."""

_NEWTON_STEPS = 100
_CONVERGED = 1e-6
"""About twice what is left to gain, in nats over all held-out shots."""

_RESOLUTION = 1e-12
"""Of a shot: less gain than this a shot is only rounding."""


class Law(ABC):
    """An exactly normalised law over strings of ``num_bits`` bits."""

    num_bits: int

    @abstractmethod
    def log_prob(self, bits: Bits) -> Floats:
        """Natural logarithm of the probability of each row, ``(m, n) -> (m,)``."""

    @abstractmethod
    def table(self) -> Floats:
        """All ``2^n`` probabilities, indexed by ``sum_j x_j 2^j``."""

    @abstractmethod
    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Packed strings, not necessarily distinct, and how often each was drawn."""


class AnyOrderLaw(Law):
    """A law that also answers about any subset of its bits."""

    @abstractmethod
    def marginal(self, bits: Sequence[int]) -> Floats:
        """The ``2^k`` probabilities of ``k`` of the bits, indexed in the order asked for."""

    @abstractmethod
    def condition(self, given: Mapping[int, int]) -> tuple[float, AnyOrderLaw]:
        """The log-probability of some bits' values, and the law of all bits given them."""


class TableLaw(AnyOrderLaw):
    """A law given by the logarithms of its ``2^n`` probabilities."""

    def __init__(self, log_probabilities: Floats) -> None:
        self.num_bits = len(log_probabilities).bit_length() - 1
        self.log_probabilities = log_probabilities

    @classmethod
    def of(cls, probabilities: Floats) -> TableLaw:
        """The law of a table of probabilities, zeros allowed."""
        with np.errstate(divide="ignore"):
            return cls(np.log(probabilities))

    def log_prob(self, bits: Bits) -> Floats:
        return self.log_probabilities[bitorder.to_indices(bitorder.pack(bits), self.num_bits)]

    def table(self) -> Floats:
        return np.exp(self.log_probabilities)

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Many shots by conditional binomials, few by searching the cumulative sum."""
        if shots >= len(self._probabilities):
            counts = generator.multinomial(shots, self._probabilities)
            seen = np.flatnonzero(counts)
            return bitorder.from_indices(seen), counts[seen]
        return _draw_by_search(self._cumulative, shots, generator)

    def marginal(self, bits: Sequence[int]) -> Floats:
        return marginal_table(self._probabilities, bits)

    def condition(self, given: Mapping[int, int]) -> tuple[float, TableLaw]:
        index = np.arange(len(self.log_probabilities))
        agrees = np.ones(len(index), dtype=bool)
        for bit, value in given.items():
            agrees &= (index >> bit & 1) == value
        logs = np.where(agrees, self.log_probabilities, -np.inf)
        total = float(np.logaddexp.reduce(logs[agrees]))
        return total, TableLaw(logs - total if np.isfinite(total) else logs)

    @cached_property
    def _probabilities(self) -> Floats:
        table = self.table()
        return np.asarray(table / table.sum())  # float64 dust

    @cached_property
    def _cumulative(self) -> Floats:
        return np.cumsum(self._probabilities)


def _draw_by_search(
    cumulative: Floats, shots: int, generator: np.random.Generator
) -> tuple[Words, Counts]:
    """Distinct outcomes in order, and how often each was drawn.

    Sorted uniforms, made of exponential spacings (Devroye, Non-Uniform Random Variate Generation,
    1986, section V.2), walk through the table once instead of jumping about in it.
    """
    spacings = np.cumsum(generator.standard_exponential(shots + 1))
    uniforms = spacings[:-1] * (cumulative[-1] / spacings[-1])
    drawn = np.searchsorted(cumulative, uniforms, side="right")
    drawn = np.minimum(drawn, len(cumulative) - 1)
    starts = np.flatnonzero(np.r_[True, drawn[1:] != drawn[:-1]])
    return bitorder.from_indices(drawn[starts]), np.diff(np.r_[starts, shots])


class HistogramLaw(AnyOrderLaw):
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

    def marginal(self, bits: Sequence[int]) -> Floats:
        kept = self.shots.select(bits)
        table = np.zeros(1 << len(bits))
        table[kept.indices] = kept.counts / kept.num_shots
        return table

    def condition(self, given: Mapping[int, int]) -> tuple[float, HistogramLaw]:
        rows = self.shots.bits
        agrees = (rows[:, [*given]] == [*given.values()]).all(axis=1)
        kept = Shots(
            words=self.shots.words[agrees],
            counts=self.shots.counts[agrees],
            registers=self.shots.registers,
        )
        with np.errstate(divide="ignore"):
            return float(np.log(kept.num_shots / self.shots.num_shots)), HistogramLaw(kept)


class Mixture(Law):
    """A convex mixture of laws: ``q(x) = sum_k w_k q_k(x)``; laws of weight zero are left out."""

    def __init__(self, laws: Sequence[Law], weights: Sequence[float]) -> None:
        kept = [(law, weight) for law, weight in zip(laws, weights, strict=True) if weight > 0]
        self.laws = tuple(law for law, _ in kept)
        self.weights = np.array([weight for _, weight in kept]) / sum(weights)
        self.num_bits = self.laws[0].num_bits

    def log_prob(self, bits: Bits) -> Floats:
        return log_mixture(np.stack([law.log_prob(bits) for law in self.laws]), self.weights)

    def table(self) -> Floats:
        total = np.zeros(1 << self.num_bits)
        for law, weight in zip(self.laws, self.weights, strict=True):
            total += weight * law.table()
        return total

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """The shots are shared out among the laws, so each string comes up to once a law."""
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


class AnyOrderMixture(Mixture, AnyOrderLaw):
    """A mixture of laws that answer about any subset of their bits."""

    def __init__(self, laws: Sequence[AnyOrderLaw], weights: Sequence[float]) -> None:
        super().__init__(laws, weights)
        self._any_order = tuple(
            law for law, weight in zip(laws, weights, strict=True) if weight > 0
        )

    def marginal(self, bits: Sequence[int]) -> Floats:
        total = np.zeros(1 << len(bits))
        for law, weight in zip(self._any_order, self.weights, strict=True):
            total += weight * law.marginal(bits)
        return total

    def condition(self, given: Mapping[int, int]) -> tuple[float, AnyOrderMixture]:
        """Each law is conditioned; those under which the given bits are likelier weigh more."""
        found = [law.condition(given) for law in self._any_order]
        total, posterior = posterior_weights(self.weights, [log_prob for log_prob, _ in found])
        return total, AnyOrderMixture([law for _, law in found], posterior.tolist())


def posterior_weights(
    weights: Sequence[float] | Floats, log_probs: Sequence[float]
) -> tuple[float, Floats]:
    """``log sum_k w_k L_k`` and ``w_k L_k`` normalised, from the ``log L_k``: Bayes' rule.

    Where no law gives what was seen any probability, the total is ``-inf`` and the weights stay.
    """
    with np.errstate(divide="ignore"):
        joint = np.log(weights) + np.array(log_probs)
    total = float(np.logaddexp.reduce(joint))
    return total, np.exp(joint - total) if np.isfinite(total) else np.array(weights)


class Average(AnyOrderMixture):
    """The mixture of laws of the same kind in equal parts."""

    def __init__(self, laws: Sequence[AnyOrderLaw]) -> None:
        super().__init__(laws, [1 / len(laws)] * len(laws))


def averaged(laws: Sequence[AnyOrderLaw]) -> AnyOrderLaw:
    """The `Average` of several laws; a single one as it is."""
    return laws[0] if len(laws) == 1 else Average(laws)


def members(law: Law) -> Sequence[Law]:
    """What `averaged` made one law of."""
    return law.laws if isinstance(law, Average) else (law,)


def log_mixture(log_probs: Floats, weights: Floats) -> Floats:
    """``log sum_k w_k exp(l_k)`` of laws' log-probabilities, ``(laws, m) -> (m,)``."""
    total: Floats = np.logaddexp.reduce(log_probs + np.log(weights)[:, None], axis=0)
    return total


def mixture_weights(log_probs: Floats, counts: Counts) -> Floats:
    """Weights that maximise the likelihood of held-out strings.

    Parameters
    ----------
    log_probs
        ``(laws, m)``, the log-probability of each distinct held-out string under each law.
    counts
        ``(m,)``, how often each was seen.

    Half a shot is added to each law (Jeffreys' prior), so that none is ruled out by few held-out
    shots. With ``N = sum c + laws / 2``, the weights are where the convex function
    ``N sum_k w_k - sum_x c_x log sum_k w_k q_k(x) - sum_k log(w_k) / 2`` is least: there they sum
    to one by themselves. It is found by Newton steps, halved until they descend. Expectation-
    maximisation takes tens of thousands of steps where two laws are nearly the same.
    """
    laws = len(log_probs)
    total = counts.sum() + _PRIOR_SHOTS * laws
    relative = np.exp(log_probs - log_probs.max(axis=0))

    def cost(weights: Floats) -> float:
        if weights.min() <= 0:
            return np.inf
        likelihood = np.log(weights @ relative) @ counts
        return float(total * weights.sum() - likelihood - _PRIOR_SHOTS * np.log(weights).sum())

    weights = np.full(laws, 1 / laws)
    for _ in range(_NEWTON_STEPS):
        shares = relative / (weights @ relative)
        gradient = total - shares @ counts - _PRIOR_SHOTS / weights
        curvature = (shares * counts) @ shares.T + np.diag(_PRIOR_SHOTS / weights**2)
        step = np.linalg.solve(curvature, gradient)
        gain = float(gradient @ step)
        if gain < _CONVERGED + total * _RESOLUTION:
            break
        while cost(weights - step) > cost(weights) - gain / 4:
            step, gain = step / 2, gain / 2
        weights = weights - step
    return np.asarray(weights / weights.sum())


def _as_records(words: Words) -> NDArray[np.void]:
    """Rows of words as single comparable items."""
    return np.ascontiguousarray(words).view([("", words.dtype)] * words.shape[1])[:, 0]
