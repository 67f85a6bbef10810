"""A circuit on a device: its program, and which of the device's numbers its law depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from qdiff.data.bits import Floats
from qdiff.models.noisy_circuit.error_groups import ErrorGroup, ErrorKind, error_groups
from qdiff.models.noisy_circuit.program import Program
from qdiff.noise_learning.numbers import BACKGROUND, DEPHASE, PAIR_FLIP, READOUT, TURNS, Number
from qdiff.noise_learning.prior import DevicePrior


@dataclass(frozen=True, eq=False, kw_only=True)
class DeviceCircuit:
    """The program of a circuit with its gates as they should be, and its numbers' names."""

    program: Program

    def timed(self, one_qubit_time: float) -> DeviceCircuit:
        """With gates on one qubit that take so long, in units of those on two."""
        gates = tuple(
            replace(gate, time=one_qubit_time) if len(gate.qubits) == 1 else gate
            for gate in self.program.gates
        )
        return DeviceCircuit(program=replace(self.program, gates=gates))

    @property
    def has_times(self) -> bool:
        """Whether it was told how long each gate takes."""
        return all(gate.time is not None for gate in self.program.gates if not gate.virtual)

    @cached_property
    def groups(self) -> list[ErrorGroup]:
        """Where gates err, on the qubits of the program."""
        return error_groups(self.program)

    @property
    def rates(self) -> list[Number]:
        """What the rate of each group comes from, by the device's qubits."""
        return [
            Number(DEPHASE if group.kind is ErrorKind.PHASE else group.shared, qubits)
            for group in self.groups
            for qubits in [self._on_device(group.qubits)]
        ]

    @cached_property
    def net(self) -> Floats:
        """``(G, G)``, the groups' rates from those numbers: phase errors less a quarter of the
        relaxations, as a reset destroys more coherence than amplitude damping does."""
        place = {(group.kind, group.qubits): row for row, group in enumerate(self.groups)}
        matrix = np.eye(len(self.groups))
        for (kind, qubits), row in place.items():
            if kind is ErrorKind.PHASE:
                matrix[row, place[ErrorKind.RELAX, qubits]] = -0.25
        return matrix

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
