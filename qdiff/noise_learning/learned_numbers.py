"""What the shots say of each number, and which they cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from qdiff.noise_learning.numbers import Number, from_scale, slope
from qdiff.noise_learning.posterior import Posterior

_TOGETHER = 0.8
"""From this correlation on, in size, two numbers are not told apart."""


@dataclass(frozen=True, kw_only=True)
class LearnedNumber:
    """A rate, chance or angle.

    Attributes
    ----------
    value, standard_error
        Of the number itself, not of its logarithm. Rates are errors a gate (a Poisson process of
        Paulis, phase errors or resets; the last two in the time of a gate on two qubits).
    interval
        Two standard errors to both sides on the scale of learning: some 95 %, and never negative.
    told
        Which part of the prior's variance the shots have removed: near 0, the value is a guess.
    """

    number: Number
    value: float
    standard_error: float
    interval: tuple[float, float]
    told: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.number.kind,
            "qubits": list(self.number.qubits),
            "value": self.value,
            "standard_error": self.standard_error,
            "interval": list(self.interval),
            "told": self.told,
        }


def learned_numbers(known: Posterior) -> Iterator[LearnedNumber]:
    """Shared numbers first, then those of qubits and pairs."""
    numbers = list(known.parameters)
    values, after = known.values(numbers), np.diag(known.covariance(numbers))
    before = np.diag(Posterior.of(known.prior).covariance(numbers))
    for number, place, now, then in zip(numbers, values, after, before, strict=True):
        value, error = from_scale(number.kind, place), float(now) ** 0.5
        low, high = (from_scale(number.kind, place + side * error) for side in (-2, 2))
        yield LearnedNumber(
            number=number,
            value=value,
            standard_error=slope(number.kind, value) * error,
            interval=(low, high),
            told=float(1 - now / then),
        )


def confounded(known: Posterior) -> Iterator[tuple[Number, Number, float]]:
    """Pairs of shared numbers that the shots know only together, and their correlation."""
    numbers = [number for number in known.parameters if not number.qubits]
    covariance = known.covariance(numbers)
    errors = np.sqrt(np.diag(covariance))
    for a, b in combinations(range(len(numbers)), 2):
        correlation = float(covariance[a, b] / (errors[a] * errors[b]))
        if abs(correlation) >= _TOGETHER:
            yield numbers[a], numbers[b], correlation
