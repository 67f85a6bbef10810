"""Runs of gates on the same one or two qubits, as one matrix each: fewer passes over a state."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from qdiff.models.noisy_circuit.program import Gate, Matrix, Qubits

Block = tuple[Matrix, Qubits]


def blocks(gates: Iterable[Gate]) -> list[Block]:
    """The product of `gates` as fewer matrices, in order.

    A gate joins the block that was the last on all of its qubits; one on two qubits takes in what
    stood on each of them alone.
    """
    found: dict[int, Block] = {}
    last: dict[int, int] = {}
    for number, gate in enumerate(gates):
        matrix, qubits = gate.matrix, gate.qubits
        before = {last[qubit] for qubit in qubits if qubit in last}
        if len(before) == 1 and set(qubits) <= set(found[min(before)][1]):
            earlier, own = found[min(before)]
            found[min(before)] = _on(matrix, qubits, own) @ earlier, own
            continue
        for each in before:
            earlier, own = found[each]
            if len(own) == 1 and len(qubits) == 2:
                matrix = matrix @ _on(earlier, own, qubits)
                del found[each]
        found[number] = matrix, qubits
        last |= dict.fromkeys(qubits, number)
    return list(found.values())


def _on(matrix: Matrix, qubits: Qubits, wider: Qubits) -> Matrix:
    """The matrix as it acts on the qubits `wider`, the first of them least significant."""
    if qubits == wider:
        return matrix
    if len(qubits) == len(wider):  # the other way round
        return matrix[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
    pair = (np.eye(2), matrix) if qubits[0] == wider[0] else (matrix, np.eye(2))
    return np.asarray(np.kron(*pair), dtype=np.complex128)
