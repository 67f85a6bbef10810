"""The laws of a circuit after errors, drawn once, so that its law is known at all rates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from qdiff.data.bits import Floats
from qdiff.models.noisy_circuit.history_laws import Dictionary, Round
from qdiff.models.noisy_circuit.history_numbers import (
    later_shares,
    number_of_histories,
    numbers_of,
)
from qdiff.models.noisy_circuit.over_rotation import Angles
from qdiff.models.noisy_circuit.statevector import ideal_law
from qdiff.noise_learning.device_circuit import DeviceCircuit
from qdiff.noise_learning.exact_law import Anchor
from qdiff.noise_learning.numbers import TURNS
from qdiff.noise_learning.posterior import Posterior

_DIFFERENCE = 1e-3

_FEWEST_ERRORS = 0.05
"""A run has at least so many when histories are drawn, or none would be."""


@dataclass(frozen=True, eq=False, kw_only=True)
class DrawnLaws:
    """Of a circuit whose gates are over-rotated by `angles`.

    `anchor` is what they have wrong where the exact law is known.
    """

    circuit: DeviceCircuit
    dictionary: Dictionary
    angles: Angles
    anchor: Anchor | None = None

    @classmethod
    def without_errors(cls, circuit: DeviceCircuit, angles: Angles) -> DrawnLaws:
        """The ideal law alone."""
        ideal = ideal_law(circuit.program.over_rotated(*angles))
        dictionary = Dictionary.without_errors(ideal, circuit.groups)
        return cls(circuit=circuit, dictionary=dictionary, angles=angles)

    def with_histories(
        self, known: Posterior, operations: float, generator: np.random.Generator
    ) -> DrawnLaws:
        """With as many more histories as `operations` allow, at the rates that are `known`."""
        if not self.dictionary.groups:
            return self
        rates = np.abs(self.circuit.net @ np.exp(known.values(self.circuit.rates)))
        total, shares = later_shares(self.dictionary, rates)
        program = self.circuit.program.over_rotated(*self.angles)
        histories = number_of_histories(program, operations)
        drawn = Round(numbers=numbers_of(max(total, _FEWEST_ERRORS), histories), shares=shares)
        dictionary = self.dictionary.extended(program, drawn, generator)
        return replace(self, dictionary=dictionary, anchor=None)

    def turned(self, angles: Angles) -> DrawnLaws:
        """With the ideal law of other angles, and errors as they were drawn."""
        ideal = ideal_law(self.circuit.program.over_rotated(*angles))
        dictionary = self.dictionary.with_ideal(ideal)
        return replace(self, dictionary=dictionary, angles=angles, anchor=None)

    @cached_property
    def tangents(self) -> Floats:
        """How the ideal law changes with each kind of over-rotation, ``(3, 2^n)``."""
        rows = []
        for kind in range(len(TURNS)):
            moved = []
            for step in (_DIFFERENCE, -_DIFFERENCE):
                angles = list(self.angles)
                angles[kind] += step
                moved.append(ideal_law(self.circuit.program.over_rotated(*angles)))
            rows.append((moved[0] - moved[1]) / (2 * _DIFFERENCE))
        return np.stack(rows)
