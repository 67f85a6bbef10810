"""Mixtures of laws, and what an observation does to their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np

from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.models.laws.law import AnyOrderLaw, Law

Mixed = TypeVar("Mixed", bound=Law)


class Mixture(Law, Generic[Mixed]):
    """A convex mixture of laws: ``q(x) = sum_k w_k q_k(x)``; laws of weight zero are left out."""

    def __init__(self, laws: Sequence[Mixed], weights: Sequence[float]) -> None:
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


class AnyOrderMixture(Mixture[AnyOrderLaw], AnyOrderLaw):
    """A mixture of laws that answer about any subset of their bits."""

    def marginal(self, bits: Sequence[int]) -> Floats:
        total = np.zeros(1 << len(bits))
        for law, weight in zip(self.laws, self.weights, strict=True):
            total += weight * law.marginal(bits)
        return total

    def condition(self, given: Mapping[int, int]) -> tuple[float, AnyOrderMixture]:
        """Each law is conditioned; those under which the given bits are likelier weigh more."""
        found = [law.condition(given) for law in self.laws]
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
    """The `Average` of several laws; a single one as it is, also where it is named repeatedly."""
    return laws[0] if all(law is laws[0] for law in laws) else Average(laws)


def members(law: Law) -> Sequence[Law]:
    """What `averaged` made one law of."""
    return law.laws if isinstance(law, Average) else (law,)


def log_mixture(log_probs: Floats, weights: Floats) -> Floats:
    """``log sum_k w_k exp(l_k)`` of laws' log-probabilities, ``(laws, m) -> (m,)``."""
    total: Floats = np.logaddexp.reduce(log_probs + np.log(weights)[:, None], axis=0)
    return total
