"""What stands beside the keys of a file: counts, probabilities, or quasi-probabilities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.files.hints import Hints
from qdiff.files.limits import check_size
from qdiff.files.quasi_distribution import projected_distribution, sums_to_one

_WHOLE = re.compile(r"\d{1,4000}(?:\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_LONGEST_NUMBER = 4000
_ROUNDING = 0.01
"""How far a probability times the shots may lie from a whole number, where it was rounded."""


def from_weights(weights: Mapping[Any, Any], hints: Hints) -> Shots | Distribution:
    """Shots from Qiskit's keys and how often each was seen, or a distribution on request.

    Weights that are no counts are refused, unless ``hints.shots`` makes them counts, or
    ``hints.project`` a distribution.
    """
    num_bits, registers = hints.width, hints.registers
    _check_keys(weights, num_bits)
    numbers = dict(zip(weights, map(number, weights.values()), strict=True))
    if _are_quasi([*numbers.values()], hints):
        if hints.shots is None:
            law = projected_distribution(numbers, num_bits)
            named = law.registers if registers is None else tuple(registers)
            return Distribution(
                probabilities=law.probabilities, registers=named, provenance=law.provenance
            )
        numbers = _of_shots(numbers, hints.shots)
    return Shots.from_counts(numbers, num_bits=num_bits, registers=registers)


def number(weight: Any) -> int | float:
    """A weight, also one that is text. Raises `InputError` for what is no number.

    >>> number("512.0"), number(0.5)
    (512, 0.5)
    """
    if isinstance(weight, str) and len(weight) <= _LONGEST_NUMBER:
        text = weight.strip()
        if _WHOLE.fullmatch(text):
            return int(text.partition(".")[0])
        if _NUMBER.fullmatch(text):
            return float(text)
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise InputError(f"counts must be numbers, got {str(weight)[:40]!r}")
    return weight


def _are_quasi(weights: list[int | float], hints: Hints) -> bool:
    """Whether numbers are no counts: negative or broken ones, or if wanted those that sum to 1.

    Raises `InputError` for a quasi-distribution that is not wanted.
    """
    broken = any(isinstance(weight, float) and not weight.is_integer() for weight in weights)
    negative = any(weight < 0 for weight in weights)
    wanted = hints.project or hints.shots is not None
    if (broken or negative) and not wanted:
        raise InputError(
            f"the weights are {'no whole numbers' if broken else 'negative'}: a quasi-distribution "
            "is not a set of shots; --project gives the nearest distribution, and --shots the "
            "counts where they are probabilities"
        )
    return broken or negative or (wanted and sums_to_one(weights))


def _of_shots(weights: Mapping[Any, int | float], shots: int) -> dict[Any, int]:
    """Probabilities as counts. Raises `InputError` unless they are those of so many shots."""
    counts = {}
    for key, weight in weights.items():
        times = weight * shots
        if not 0 <= weight <= 1 or abs(times - round(times)) > _ROUNDING:
            raise InputError(f"the probability {weight!r} is no share of {shots} shots (--shots)")
        counts[key] = round(times)
    if sum(counts.values()) != shots:
        raise InputError(f"the probabilities are of {sum(counts.values())} shots, not {shots}")
    return counts


def _check_keys(weights: Mapping[Any, Any], num_bits: Any) -> None:
    """Refuse a width, stated or seen, that would not fit into memory."""
    if num_bits is not None:
        if isinstance(num_bits, bool) or not isinstance(num_bits, int):
            raise InputError(f"num_bits must be a whole number, got {str(num_bits)[:40]}")
        check_size(len(weights), num_bits)
    widest = max(len(key) if isinstance(key, str) else 1 for key in weights)
    check_size(len(weights), widest)
