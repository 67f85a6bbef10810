"""Circuits and shots of a device whose noise is known, for tests of what is learned of it."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit

import qdiff
from qdiff import NoiseSpec, Shots

CIRCUITS = ("ansatz:3,seed=5", "brickwork:3,depth=4,seed=1", "heisenberg:3")
TRUTH = NoiseSpec.parse(
    "depolarizing:p1=1.2e-3,p2=1e-2,readout=0.02/0.03,virtual_gates=rz+p+u1+z+s+sdg+t+tdg"
)


def noisy_pairs(
    shots: int, noise: NoiseSpec = TRUTH, *, circuits: tuple[str, ...] = CIRCUITS, seed: int = 1
) -> list[tuple[str, Shots]]:
    """Exact noisy laws, sampled."""
    laws = [qdiff.exact(circuit, noise) for circuit in circuits]
    return [
        (circuit, law.sample(shots, seed=seed + 100 * place))
        for place, (circuit, law) in enumerate(zip(circuits, laws, strict=True))
    ]


def asymmetric(num_qubits: int = 4) -> QuantumCircuit:
    """A circuit whose bits cannot be swapped or reversed unnoticed."""
    circuit = QuantumCircuit(num_qubits, num_qubits)
    for qubit in range(num_qubits):
        circuit.ry(0.4 + 0.3 * qubit, qubit)
    for qubit in range(num_qubits - 1):
        circuit.rzz(0.5 + qubit, qubit, qubit + 1)
        circuit.cx(qubit + 1, qubit)
    circuit.rx(0.7, range(num_qubits))
    circuit.measure(range(num_qubits), reversed(range(num_qubits)))
    return circuit


def kl(truth: np.ndarray, law: np.ndarray) -> float:
    """``KL(truth || law)`` in nats."""
    seen = truth > 0
    return float(truth[seen] @ np.log(truth[seen] / law[seen]))
