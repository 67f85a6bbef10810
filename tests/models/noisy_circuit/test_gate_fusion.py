"""Gates taken together: the same state as one after another, in fewer matrices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import unitary_group

from qdiff.models.noisy_circuit.program import Gate, Matrix, Qubits
from qdiff.models.noisy_circuit.statevector import apply, apply_gates, blocks, zero_state

QUBITS = 4


def gate_of(matrix: Matrix, qubits: Qubits) -> Gate:
    phases, basis = np.linalg.eig(matrix)
    return Gate(basis=np.linalg.qr(basis)[0], phases=np.angle(phases), qubits=qubits)


def drawn(number: int, seed: int) -> list[Gate]:
    """Random gates on one qubit or two, in either order, and some that have many zeros."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(number):
        size = int(rng.integers(1, 3))
        qubits = tuple(int(q) for q in rng.permutation(QUBITS)[:size])
        matrix = unitary_group.rvs(1 << size, random_state=rng)
        if rng.random() < 0.3:
            matrix = np.diag(np.exp(1j * rng.random(1 << size)))
        made.append(gate_of(matrix, qubits))
    return made


@pytest.mark.parametrize("seed", range(20))
def test_blocks_do_what_the_gates_do(seed: int) -> None:
    gates = drawn(25, seed)
    one_by_one, together = zero_state(QUBITS, 3), zero_state(QUBITS, 3)
    for gate in gates:
        apply(one_by_one, gate.matrix, gate.qubits)
    apply_gates(together, gates)
    assert np.abs(one_by_one - together).max() < 1e-13
    assert len(blocks(gates)) < len(gates)


def test_a_gate_never_passes_one_that_shares_a_qubit() -> None:
    """X on 0, CX along the chain, and CX from 0 to 1 again: 111 without, 101 with the last."""
    x = np.array([[0, 1], [1, 0]], dtype=np.complex128)
    cx = np.eye(4, dtype=np.complex128)[[0, 3, 2, 1]]  # the first qubit controls
    chain = [gate_of(x, (0,)), gate_of(cx, (0, 1)), gate_of(cx, (1, 2)), gate_of(cx, (0, 1))]
    for gates, outcome in ((chain[:3], 0b111), (chain, 0b101)):
        states = zero_state(3)
        apply_gates(states, gates)
        assert np.argmax(np.abs(states[:, 0])) == outcome
    assert [qubits for _, qubits in blocks(chain)] == [(0, 1), (1, 2), (0, 1)]


def test_neighbours_on_one_pair_are_one_matrix() -> None:
    turn = unitary_group.rvs(4, random_state=1)
    one = unitary_group.rvs(2, random_state=2)
    gates = [gate_of(one, (1,)), gate_of(turn, (0, 1)), gate_of(turn, (1, 0)), gate_of(one, (0,))]
    assert len(blocks(gates)) == 1
