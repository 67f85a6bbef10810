"""What is expected of a device's numbers before any shots, and the parameters that move them.

Every number is learned on a scale where errors add up: rates of errors by their logarithms, chances
of misreading and of the background by their log-odds, over-rotations as they are. On that scale

    number[kind, qubits] = expected + a_kind theta[kind] + b_kind theta[kind, qubits],

every ``theta`` of unit normal prior: numbers of one kind share a mean, and each qubit or pair
differs from it as far as the shots ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qdiff.data.argument_checks import is_between
from qdiff.data.bits import Floats
from qdiff.errors import InputError
from qdiff.models.noisy_circuit.error_groups import TIME_OF_ONE_QUBIT_GATES
from qdiff.noise.spec import NoiseSpec
from qdiff.noise_learning.numbers import (
    BACKGROUND,
    DEPHASE,
    PAIR_FLIP,
    RATES,
    READOUT,
    RELAX,
    TURNS,
    Number,
    to_scale,
)
from qdiff.noise_learning.specification import stated

_USUAL = {
    "pauli1": 1e-3,
    "pauli2": 8e-3,
    DEPHASE: 4e-4,
    RELAX: 4e-4,
    **dict.fromkeys(READOUT, 0.015),
    PAIR_FLIP: 0.001,
    BACKGROUND: 3e-4,
    **dict.fromkeys(TURNS, 0.0),
}
"""Medians of the priors where nothing is known: what superconducting devices have, rather more of
errors than less, since the most probable value of what shots hardly tell lies below its mean."""

_SPREAD = {
    **dict.fromkeys(RATES, 1.3),
    **dict.fromkeys(READOUT, 1.2),
    PAIR_FLIP: 1.0,
    BACKGROUND: 2.5,
    **dict.fromkeys(TURNS, 0.03),
}
_STATED_SPREAD, _CALIBRATED_SPREAD = 0.7, 0.25
"""Where a rate is known beforehand, it is off by a factor of two: all of a kind alike where one
rate is stated for all; mostly each for itself where a calibration has gone from qubit to qubit."""

_PAIR_FLIP_SPREAD = 0.5
_WIDEST = 10.0
_LEAST = 1e-5
"""A rate that is stated to be 0 must be able to grow."""


@dataclass(frozen=True, kw_only=True)
class DevicePrior:
    """What is expected of a device's numbers before any shots.

    Attributes
    ----------
    start
        A specification that is right within a factor of two or so; None where nothing is known.
    rate_spread, readout_spread
        Prior standard deviation of a qubit's or pair's own number from the shared one.
    pair_flips, turns
        Whether coupled qubits may be misread together, and gates may turn too far.
    one_qubit_time
        How long gates on one qubit take, in units of those on two, where the start does not say.
    """

    start: NoiseSpec | None = None
    rate_spread: float = 0.5
    readout_spread: float = 0.5
    pair_flips: bool = False
    turns: bool = False
    one_qubit_time: float = TIME_OF_ONE_QUBIT_GATES

    def __post_init__(self) -> None:
        for spread in (self.rate_spread, self.readout_spread):
            if not is_between(spread, 0, _WIDEST):
                raise InputError(f"a spread lies between 0 and {_WIDEST:g}, got {spread!r}")
        if not is_between(self.one_qubit_time, 0, _WIDEST):
            raise InputError(f"one_qubit_time is between 0 and {_WIDEST:g}")
        if not isinstance(self.pair_flips, bool) or not isinstance(self.turns, bool):
            raise InputError("pair_flips and turns are True or False")

    @property
    def is_calibrated(self) -> bool:
        """Whether the start says what differs from qubit to qubit."""
        return self.start is not None and bool(self.start.qubits or self.start.edges)

    @property
    def start_has_times(self) -> bool:
        """Whether the start says how long gates take, as far as anything relaxes."""
        return self.start is not None and stated(self.start, Number(RELAX)) is not None

    def expected(self, number: Number) -> float:
        """The prior's median on the scale of the module, of a qubit or pair."""
        value = stated(self.start, number)
        value = _USUAL[number.kind] if value is None else value
        return to_scale(number.kind, value if number.kind in TURNS else max(value, _LEAST))

    def spreads(self, number: Number) -> tuple[float, float]:
        """``a`` and ``b`` of the module: of the shared mean, and of the number's own part."""
        shared = _SPREAD[number.kind]
        if number.kind not in TURNS and stated(self.start, number) is not None:
            shared = _CALIBRATED_SPREAD if self.is_calibrated else _STATED_SPREAD
        own = {PAIR_FLIP: _PAIR_FLIP_SPREAD, **dict.fromkeys(READOUT, self.readout_spread)}
        own |= dict.fromkeys(RATES, self.rate_spread)
        return shared, own.get(number.kind, 0.0)


def parameters_of(numbers: Sequence[Number], prior: DevicePrior) -> tuple[Number, ...]:
    """The ``theta`` that enter `numbers`, shared ones first."""
    shared = {Number(number.kind) for number in numbers}
    own = {number for number in numbers if number.qubits and prior.spreads(number)[1]}
    return (*sorted(shared), *sorted(own - shared))


def design(
    numbers: Sequence[Number], parameters: Sequence[Number], prior: DevicePrior
) -> tuple[Floats, Floats]:
    """``expected`` and ``A`` of ``numbers = expected + A theta``, ``(k,)`` and ``(k, d)``.

    A number whose own part is not among the parameters is as the shared mean has it.
    """
    place = {parameter: column for column, parameter in enumerate(parameters)}
    matrix = np.zeros((len(numbers), len(parameters)))
    for row, number in enumerate(numbers):
        shared, own = prior.spreads(number)
        if Number(number.kind) in place:
            matrix[row, place[Number(number.kind)]] = shared
        if number.qubits and number in place:
            matrix[row, place[number]] = own
    return np.array([prior.expected(number) for number in numbers]), matrix
