"""A noisy circuit as matrices, each gate with the errors that may follow it, and their chances.

The errors taken here are mixtures of unitaries and resets: which of them happens does not depend
on the state. A reset is two Kraus operators; which of those happens does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import CircuitInstruction, Gate, QuantumCircuit
from qiskit.quantum_info import Operator
from qiskit_aer.noise import QuantumError

from qdiff.data.bits import Floats
from qdiff.errors import InputError

Matrix = NDArray[np.complex128]
Kraus = tuple[Matrix, ...]

_RESET: Kraus = (
    np.array([[1, 0], [0, 0]], dtype=np.complex128),
    np.array([[0, 1], [0, 0]], dtype=np.complex128),
)
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Errors:
    """What may follow a gate: error ``i`` has the chance ``chances[i]`` and operators ``kraus[i]``.

    That nothing happens is not among them; the chances sum to less than 1.
    """

    chances: Floats
    kraus: tuple[Kraus, ...]

    @cached_property
    def total(self) -> float:
        """The chance that one of them happens."""
        return min(1.0, float(self.chances.sum()))


NO_ERRORS = Errors(np.zeros(0), ())


@dataclass(frozen=True, eq=False, kw_only=True)
class NoisyGate:
    """A unitary on one or two qubits, the first one least significant, and its errors."""

    matrix: Matrix
    qubits: tuple[int, ...]
    errors: Errors


def noisy_gates(
    circuit: QuantumCircuit, channels: Mapping[str, QuantumError], measured: Collection[int]
) -> list[NoisyGate]:
    """The gates of a circuit without measurements that can influence the `measured` qubits.

    `channels` has the error of a gate by its label (see `qdiff.noise.attach`).

    Raises `InputError`, with the reason, for what is neither a gate nor such an error.
    """
    errors = {label: errors_of(error) for label, error in channels.items()}
    place = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    seen, gates = set(measured), list[NoisyGate]()
    for step in reversed(circuit.data):
        qubits = tuple(place[qubit] for qubit in step.qubits)
        if seen.isdisjoint(qubits):
            continue
        seen.update(qubits)
        own = errors.get(getattr(step.operation, "label", None) or "", NO_ERRORS)
        gates.append(NoisyGate(matrix=_unitary(step), qubits=qubits, errors=own))
    return gates[::-1]


def errors_of(error: QuantumError) -> Errors:
    """The errors of a channel, those that do nothing left out.

    Raises `InputError` for one whose chances depend on the state.
    """
    chances, kraus = [], []
    for circuit, chance in zip(error.circuits, error.probabilities, strict=True):
        operators = _operators(circuit)
        if chance > 0 and not (len(operators) == 1 and _is_identity(operators[0])):
            chances.append(chance)
            kraus.append(operators)
    return Errors(np.array(chances), tuple(kraus))


def _operators(circuit: QuantumCircuit) -> Kraus:
    """What a term of an error does: one unitary, or several Kraus operators where it resets."""
    found: Kraus = (np.eye(1 << circuit.num_qubits, dtype=np.complex128),)
    place = {qubit: index for index, qubit in enumerate(circuit.qubits)}
    for step in circuit.data:
        qubits = [place[qubit] for qubit in step.qubits]
        matrices = _RESET if step.operation.name == "reset" else (_unitary(step),)
        found = tuple(
            product
            for matrix in matrices
            for before in found
            if np.abs(product := widened(matrix, qubits, circuit.num_qubits) @ before).max()
            > _ROUNDING
        )
    return found


def widened(matrix: Matrix, qubits: Sequence[int], width: int) -> Matrix:
    """`matrix` on `qubits` as it acts on all of `width`, qubit 0 the least significant."""
    whole = np.eye(1 << width, dtype=np.complex128)
    axes = [width - 1 - qubit for qubit in reversed(qubits)]
    return on_rows(matrix, axes, whole)


def on_rows(matrix: Matrix, axes: list[int], whole: Matrix) -> Matrix:
    """Multiply `matrix` into the bits of the row number of `whole`; axis 0 is the first bit.

    The first of `axes` is the most significant bit of the rows of `matrix`.
    """
    bits, small = len(whole).bit_length() - 1, len(axes)
    tensor = whole.reshape((2,) * bits + (whole.shape[1],))
    gate = matrix.reshape((2,) * (2 * small))
    product = np.tensordot(gate, tensor, axes=(range(small, 2 * small), axes))
    return np.moveaxis(product, range(small), axes).reshape(whole.shape)


def _unitary(step: CircuitInstruction) -> Matrix:
    if not isinstance(step.operation, Gate):
        raise InputError(
            f"instruction {step.operation.name!r} is neither a gate nor an error that happens by "
            "chance alone"
        )
    return np.asarray(Operator(step.operation).data, dtype=np.complex128)


def _is_identity(matrix: Matrix) -> bool:
    return bool(np.abs(matrix - matrix[0, 0] * np.eye(len(matrix))).max() < _ROUNDING)
