"""The outcomes of a Clifford circuit as a law: uniform over an affine space, at any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Clifford

from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import split_measurements
from qdiff.errors import InputError
from qdiff.models.clifford.affine_law import AffineLaw, solve


def affine_of(circuit: str | Path | QuantumCircuit) -> AffineLaw:
    """The ideal outcome law of a Clifford circuit, at any size.

    Raises `InputError` for a circuit that is not Clifford or not measured once at its end.
    """
    bare, measured = split_measurements(load_circuit(circuit))
    unitary = QuantumCircuit(bare.num_qubits)
    for step in bare.data:
        if isinstance(step.operation, Gate):
            unitary.append(step.operation, [bare.find_bit(qubit).index for qubit in step.qubits])
        elif step.operation.name not in ("barrier", "delay"):
            raise InputError(
                f"instruction {step.operation.name!r} is not unitary: fit without the circuit"
            )
    try:
        tableau = Clifford.from_circuit(unitary)
    except QiskitError:
        raise InputError("the circuit has gates that are not Clifford") from None
    offset, generators = _outcomes(tableau)
    bits = sorted(measured)
    qubits = [measured[bit] for bit in bits]
    law = AffineLaw(
        offset=np.zeros(bare.num_clbits, dtype=np.uint8),
        generators=np.zeros((len(generators), bare.num_clbits), dtype=np.uint8),
    )
    law.offset[bits] = offset[qubits]
    law.generators[:, bits] = generators[:, qubits]
    return law


def _outcomes(tableau: Clifford) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """An outcome of measuring every qubit, and the space of differences of outcomes.

    Differences are spanned by the X parts of the stabilizers; products of stabilizers without an X
    part are parity checks.
    """
    x, z = tableau.stab_x.astype(np.uint8), tableau.stab_z.astype(np.uint8)
    phase = tableau.stab_phase.astype(np.int64) * 2  # a power of i
    rank = 0
    for column in range(x.shape[1]):
        found = np.flatnonzero(x[rank:, column])
        if not len(found):
            continue
        for array in (x, z, phase):
            array[[rank, rank + found[0]]] = array[[rank + found[0], rank]]
        for row in np.flatnonzero(x[:, column]):
            if row > rank:
                phase[row] += phase[rank] + _power_of_i(x[rank], z[rank], x[row], z[row])
                x[row] ^= x[rank]
                z[row] ^= z[rank]
        rank += 1
    values = (phase[rank:] % 4 // 2).astype(np.uint8)
    return solve(z[rank:], values), x[:rank]


def _power_of_i(x1: Any, z1: Any, x2: Any, z2: Any) -> int:
    """The phase of a product of Pauli strings (Aaronson, Gottesman, quant-ph/0406196)."""
    x1, z1, x2, z2 = (array.astype(np.int64) for array in (x1, z1, x2, z2))
    both = x1 * z1 * (z2 - x2)
    only_x = x1 * (1 - z1) * z2 * (2 * x2 - 1)
    only_z = (1 - x1) * z1 * x2 * (1 - 2 * z2)
    return int((both + only_x + only_z).sum())
