"""From a noisy circuit to Pauli transfer matrices (Greenbaum, arXiv:1509.02921)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qiskit.circuit import Gate, Reset
from qiskit.quantum_info import PTM, Operator, SuperOp

from qdiff.errors import InputError
from qdiff.noise.attach import NoisyCircuit
from qdiff.simulation.pauli_basis.step import RESET, Real, Step


def steps_of(noisy: NoisyCircuit) -> Iterator[Step]:
    """Every instruction as a step, its noise included.

    Raises `InputError` for what is neither a gate nor a reset.
    """
    errors = {label: _of_channel(SuperOp(error)) for label, error in noisy.errors.items()}
    gates: dict[Any, Real] = {}
    index = {qubit: place for place, qubit in enumerate(noisy.circuit.qubits)}
    for step in noisy.circuit.data:
        operation = step.operation
        # Qiskit's first qubit is the least significant one.
        qubits = tuple(index[qubit] for qubit in reversed(step.qubits))
        if isinstance(operation, Reset):
            yield Step(RESET, qubits)
            continue
        if not isinstance(operation, Gate):
            raise InputError(
                f"instruction {operation.name!r} has no exact distribution here; "
                "simulate draws shots"
            )
        matrix = _of_gate(operation, gates)
        if operation.label in errors:
            matrix = errors[operation.label] @ matrix
        yield Step(matrix, qubits)


def _of_gate(gate: Gate, known: dict[Any, Real]) -> Real:
    if gate.name == "unitary":
        return _of_channel(Operator(gate))
    key = (gate.name, *map(float, gate.params))
    if key not in known:
        known[key] = _of_channel(Operator(gate))
    return known[key]


def _of_channel(channel: Operator | SuperOp) -> Real:
    matrix: Real = PTM(channel).data.real
    return matrix
