"""A circuit on a device: its program, and which of the device's numbers its law depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from qdiff.models.noisy_circuit.error_groups import ErrorGroup, error_groups
from qdiff.models.noisy_circuit.program import Program
from qdiff.noise_learning.numbers import BACKGROUND, PAIR_FLIP, READOUT, TURNS, Number
from qdiff.noise_learning.prior import DevicePrior


@dataclass(frozen=True, eq=False, kw_only=True)
class DeviceCircuit:
    """The program of a circuit with its gates as they should be, and its numbers' names."""

    program: Program

    @cached_property
    def groups(self) -> list[ErrorGroup]:
        """Where gates err, on the qubits of the program."""
        return error_groups(self.program)

    @property
    def rates(self) -> list[Number]:
        """The rate of each group, by the device's qubits."""
        return [Number(group.shared, self._on_device(group.qubits)) for group in self.groups]

    @property
    def readout(self) -> list[Number]:
        """``P(1|0)`` of each measured bit in ascending order, then ``P(0|1)``."""
        qubits = [(self._place(self.program.measured[bit]),) for bit in self.bits]
        return [Number(kind, qubit) for kind in READOUT for qubit in qubits]

    @property
    def bits(self) -> list[int]:
        """The classical bits that are written."""
        return sorted(self.program.measured)

    @property
    def pair_flips(self) -> list[Number]:
        """Of each coupled pair of bits."""
        measured = self.program.measured
        pairs = [(measured[a], measured[b]) for a, b in self.program.couplings]
        return [Number(PAIR_FLIP, self._on_device(pair)) for pair in pairs]

    def numbers(self, prior: DevicePrior) -> list[Number]:
        """All that the law depends on; pair flips and over-rotations where the prior has them."""
        numbers = [*self.rates, *self.readout, Number(BACKGROUND)]
        numbers += self.pair_flips if prior.pair_flips else []
        return numbers + ([Number(kind) for kind in TURNS] if prior.turns else [])

    def _on_device(self, qubits: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(self._place(qubit) for qubit in qubits))

    def _place(self, qubit: int) -> int:
        return self.program.places[qubit] if self.program.places else qubit
