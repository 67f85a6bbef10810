"""The chain of matrices against `qiskit.quantum_info`'s state vector."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector, random_unitary

from qdiff.simulation.fingerprint.chain_state import ChainState, TooEntangledError


def random_circuit(num_qubits: int, gates: int, seed: int) -> QuantumCircuit:
    """Random gates on random pairs, in either direction."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits)
    for number in range(gates):
        pair = [int(qubit) for qubit in rng.choice(num_qubits, 2, replace=False)]
        circuit.unitary(random_unitary(4, seed=1000 * seed + number), pair)
        circuit.unitary(random_unitary(2, seed=number), [pair[0]])
    return circuit


def chain_of(circuit: QuantumCircuit, **limits: float) -> ChainState:
    state = ChainState(circuit.num_qubits, **{"max_bond": 64, **limits})
    for step in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in step.qubits]
        matrix = Operator(step.operation).data
        (state.apply_one if len(qubits) == 1 else state.apply_two)(matrix, *qubits)
    return state


@pytest.mark.parametrize("seed", range(3))
def test_means_are_those_of_the_state_vector(seed: int) -> None:
    circuit = random_circuit(6, 14, seed)
    law = Statevector(circuit).probabilities()
    bits = np.arange(64)[:, None] >> np.arange(6) & 1
    flags = np.random.default_rng(seed).random((20, 6)) < 0.5
    parities = 1.0 - 2.0 * (bits @ flags.T % 2)
    state = chain_of(circuit)
    assert np.allclose(state.means_of_products(flags), law @ parities, atol=1e-12)
    assert np.allclose(state.means_of_z(), law @ (1.0 - 2.0 * bits), atol=1e-12)


def test_a_state_that_needs_a_larger_bond_is_refused() -> None:
    circuit = random_circuit(8, 40, 1)
    chain_of(circuit, max_bond=16)
    with pytest.raises(TooEntangledError):
        chain_of(circuit, max_bond=15)
    with pytest.raises(TooEntangledError):
        chain_of(circuit, max_work=1_000_000)


def test_a_long_chain_of_little_entanglement() -> None:
    """GHZ of 200 qubits: means 0, even products 1, odd ones 0."""
    circuit = QuantumCircuit(200)
    circuit.h(0)
    for qubit in range(199):
        circuit.cx(qubit, qubit + 1)
    state = chain_of(circuit, max_bond=2)
    flags = np.random.default_rng(0).random((30, 200)) < 0.3
    even = flags.sum(axis=1) % 2 == 0
    assert np.allclose(state.means_of_products(flags), even, atol=1e-12)
    assert np.allclose(state.means_of_z(), 0, atol=1e-12)
