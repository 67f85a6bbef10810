"""A circuit as plain numbers: unitary matrices on qubits, and which bit each qubit is read into.

The model side works from this, never from a Qiskit circuit (see `simulation.program`). Qubits
that no measurement can see are gone, the rest are numbered from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qdiff.errors import InputError

Matrix = NDArray[np.complex128]
Qubits = tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Gate:
    """A unitary by its eigenvectors, so that it can be turned a little too far.

    Attributes
    ----------
    basis, phases
        ``U = basis diag(exp(i phases)) basis^dagger``, the phases those of the shortest generator.
    qubits
        One or two, the least significant one of the matrix first, as in Qiskit.
    virtual
        Whether the device does the gate in software, without noise.
    time
        How long it takes, in units of the device's usual gate on two qubits; None where unknown.
    """

    basis: Matrix
    phases: NDArray[np.float64]
    qubits: Qubits
    virtual: bool = False
    time: float | None = None

    @cached_property
    def matrix(self) -> Matrix:
        """``U``."""
        return np.asarray((self.basis * np.exp(1j * self.phases)) @ self.basis.conj().T)


@dataclass(frozen=True, eq=False, kw_only=True)
class Program:
    """Gates in order on ``num_qubits`` qubits that start in 0, and what is measured at the end.

    Attributes
    ----------
    measured
        ``{classical bit: qubit}``; other bits of the ``num_bits`` stay 0.
    places
        Which qubit of the circuit each qubit is: of the device, once transpiled.
    name, fingerprint
        For the model card.
    """

    num_qubits: int
    num_bits: int
    gates: tuple[Gate, ...]
    measured: Mapping[int, int]
    places: Qubits = ()
    name: str = ""
    fingerprint: str = ""

    def __post_init__(self) -> None:
        for gate in self.gates:
            if not 1 <= len(gate.qubits) <= 2 or len(gate.basis) != 1 << len(gate.qubits):
                raise InputError(f"a gate on qubits {gate.qubits} has no matrix of that size")
            if not all(0 <= qubit < self.num_qubits for qubit in gate.qubits):
                raise InputError(f"there are no qubits {gate.qubits} among {self.num_qubits}")
        if not all(0 <= bit < self.num_bits for bit in self.measured):
            raise InputError(f"bits {sorted(self.measured)} are not among {self.num_bits}")

    def over_rotated(self, one: float, two: float, virtual: float = 0.0) -> Program:
        """Every gate turned too far: ``U^(1 + one)`` on one qubit, ``U^(1 + two)`` on two.

        Virtual gates are exact, unless said otherwise.
        """

        def factor(gate: Gate) -> float:
            return 1 + (virtual if gate.virtual else (one, two)[len(gate.qubits) - 1])

        gates = tuple(replace(gate, phases=factor(gate) * gate.phases) for gate in self.gates)
        return replace(self, gates=gates)

    @property
    def couplings(self) -> list[tuple[int, int]]:
        """Pairs of classical bits whose qubits some gate couples, each once."""
        bits: dict[int, list[int]] = {}
        for bit, qubit in self.measured.items():
            bits.setdefault(qubit, []).append(bit)
        pairs = {
            (min(a, b), max(a, b))
            for gate in self.gates
            if len(gate.qubits) == 2
            for a in bits.get(gate.qubits[0], ())
            for b in bits.get(gate.qubits[1], ())
        }
        return sorted(pairs)

    @cached_property
    def readings(self) -> NDArray[np.int64]:
        """The outcome of the classical bits, as an index, for every basis state of the qubits."""
        states = np.arange(1 << self.num_qubits)
        index = np.zeros(len(states), dtype=np.int64)
        for bit, qubit in self.measured.items():
            index |= (states >> qubit & 1) << bit
        return index
