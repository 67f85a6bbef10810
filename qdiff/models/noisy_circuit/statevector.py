"""Many state vectors at once: the ideal law of a program, and the laws after errors.

States are ``(2^n, batch)`` complex numbers, qubit ``q`` being bit ``q`` of the row; the batch comes
last, so that every operation runs over long stretches of memory whichever qubits it acts on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from qdiff.data.bits import Floats
from qdiff.data.distribution import check_table
from qdiff.errors import InputError
from qdiff.models.noisy_circuit.program import Gate, Matrix, Program, Qubits

States = NDArray[np.complexfloating]
Block = tuple[Matrix, Qubits]

MAX_QUBITS = 24
"""16 million amplitudes: the memory of one state is 256 MiB."""

_NEGLIGIBLE = 1e-14
"""What products of matrices leave where an entry is 0."""

PAULIS: dict[str, Matrix] = {
    "I": np.eye(2, dtype=np.complex128),
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "Z": np.array([[1, 0], [0, -1]], dtype=np.complex128),
}


def zero_state(num_qubits: int, batch: int = 1, dtype: type = np.complex128) -> States:
    """``|0...0>``, `batch` times."""
    if num_qubits > MAX_QUBITS:
        raise InputError(
            f"a state vector of {num_qubits} qubits is out of reach (the limit is {MAX_QUBITS})"
        )
    states: States = np.zeros((1 << num_qubits, batch), dtype=dtype)
    states[0] = 1
    return states


def apply(states: States, matrix: Matrix, qubits: Qubits) -> None:
    """Multiply `matrix` into `qubits` of all states, in place; entries that are 0 cost nothing."""
    parts = _parts(states, qubits)
    entries = np.where(np.abs(matrix) > _NEGLIGIBLE, matrix, 0).astype(states.dtype)
    if not np.count_nonzero(entries - np.diag(np.diag(entries))):
        for part, factor in zip(parts, np.diag(entries), strict=True):
            if factor != 1:
                part *= factor
        return
    if np.count_nonzero(entries) > 2 * len(parts):
        together = np.stack(parts)
        fresh = [*(entries @ together.reshape(len(parts), -1)).reshape(together.shape)]
    else:
        fresh = [_combined(row, parts) for row in entries]
    for part, value in zip(parts, fresh, strict=True):
        part[...] = value


def apply_gates(states: States, gates: Iterable[Gate]) -> None:
    """Multiply `gates` into all states, one after another, in place."""
    for matrix, qubits in blocks(gates):
        apply(states, matrix, qubits)


def blocks(gates: Iterable[Gate]) -> list[Block]:
    """The product of `gates` as fewer matrices, in order: fewer passes over a state.

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


def ones_probability(states: States, qubit: int) -> Floats:
    """The probability of reading 1 on `qubit` in each state, ``(batch,)``."""
    _, one = _parts(states, (qubit,))
    return np.asarray((np.abs(one) ** 2).sum(axis=tuple(range(one.ndim - 1))), dtype=np.float64)


def reset(states: States, qubit: int, uniforms: Floats) -> None:
    """Measure `qubit` of every state, the outcome decided by `uniforms`, and set it to 0."""
    one = ones_probability(states, qubit)
    total = np.asarray((np.abs(states) ** 2).sum(axis=0), dtype=np.float64)
    is_one = uniforms * total < one
    chance = np.where(is_one, one, total - one) / total
    zeros, ones = _parts(states, (qubit,))
    scale = (1 / np.sqrt(np.maximum(chance, 1e-30))).astype(zeros.real.dtype)
    zeros[...] = np.where(is_one, ones, zeros) * scale
    ones[...] = 0


def ideal_law(program: Program) -> Floats:
    """The probabilities of the classical bits without noise, ``(2^bits,)``.

    Raises `InputError` beyond 24 qubits or a table's reach.
    """
    check_table(program.num_bits)
    states = zero_state(program.num_qubits)
    apply_gates(states, program.gates)
    return laws_of(program, states)[:, 0]


def laws_of(program: Program, states: States) -> Floats:
    """Probabilities of the classical bits in each state, ``(2^bits, batch)``, each summing to 1."""
    weights = (np.abs(states) ** 2).astype(np.float64)
    laws = np.zeros((1 << program.num_bits, states.shape[1]))
    if len(set(program.measured.values())) == program.num_qubits:  # no two states read alike
        laws[program.readings] = weights
    else:
        np.add.at(laws, program.readings, weights)
    return np.asarray(laws / laws.sum(axis=0))


def _on(matrix: Matrix, qubits: Qubits, wider: Qubits) -> Matrix:
    """The matrix as it acts on the qubits `wider`, the first of them least significant."""
    if qubits == wider:
        return matrix
    if len(qubits) == len(wider):  # the other way round
        return matrix[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
    pair = (np.eye(2), matrix) if qubits[0] == wider[0] else (matrix, np.eye(2))
    return np.asarray(np.kron(*pair), dtype=np.complex128)


def _combined(factors: Matrix, parts: Sequence[States]) -> States:
    """The sum of the parts times their factors, those that are 0 left out."""
    terms = [factor * part for factor, part in zip(factors, parts, strict=True) if factor]
    total: States = terms[0]
    for term in terms[1:]:
        total += term
    return total


def _parts(states: States, qubits: Qubits) -> list[States]:
    """Views of the states with each value of `qubits`, the first qubit least significant."""
    size, batch = states.shape
    if len(qubits) == 1:
        cube = states.reshape(size >> (qubits[0] + 1), 2, 1 << qubits[0], batch)
        return [cube[:, 0], cube[:, 1]]
    low, high = min(qubits), max(qubits)
    shape = (size >> (high + 1), 2, 1 << (high - low - 1), 2, 1 << low, batch)
    cube = states.reshape(shape)
    if qubits[0] == low:
        return [cube[:, 0, :, 0], cube[:, 0, :, 1], cube[:, 1, :, 0], cube[:, 1, :, 1]]
    return [cube[:, 0, :, 0], cube[:, 1, :, 0], cube[:, 0, :, 1], cube[:, 1, :, 1]]
