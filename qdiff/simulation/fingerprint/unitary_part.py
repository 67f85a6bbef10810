"""What of a circuit decides its ideal law."""

from __future__ import annotations

from qiskit import QuantumCircuit

from qdiff.circuit.measurement import split_measurements
from qdiff.noise.attach import prepare


def unitary_part(circuit: QuantumCircuit) -> tuple[QuantumCircuit, dict[int, int]]:
    """Gates on one or two qubits, and which qubit each classical bit reads."""
    bare, measured = split_measurements(circuit)
    return prepare(bare, None).circuit, measured
