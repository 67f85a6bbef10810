"""Circuits whose bits cannot be swapped or reversed unnoticed."""

from __future__ import annotations

import numpy as np
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import random_unitary

from qdiff import NoiseSpec
from qdiff.noise.rates import EdgeNoise, QubitNoise


def four_qubits(*registers: ClassicalRegister) -> QuantumCircuit:
    """Four qubits in a state without symmetry."""
    circuit = QuantumCircuit(QuantumRegister(4, "q"), *registers)
    circuit.ry(0.7, 0)
    circuit.cx(0, 1)
    circuit.ry(1.9, 2)
    circuit.crx(1.2, 2, 3)
    circuit.rx(0.4, 1)
    return circuit


def one_register(name: str) -> QuantumCircuit:
    circuit = four_qubits(ClassicalRegister(4, name))
    circuit.measure(range(4), range(4))
    return circuit


def two_registers() -> QuantumCircuit:
    circuit = four_qubits(ClassicalRegister(1, "beta"), ClassicalRegister(3, "alpha"))
    circuit.measure([2, 0, 3, 1], [0, 3, 1, 2])
    return circuit


def partial() -> QuantumCircuit:
    """Two of four qubits into three of ten bits, two registers; the rest stays 0."""
    circuit = four_qubits(ClassicalRegister(9, "wide"), ClassicalRegister(1, "flag"))
    circuit.measure([3, 0], [7, 9])
    return circuit


def measured_all() -> QuantumCircuit:
    circuit = four_qubits()
    circuit.measure_all()
    return circuit


def sweep() -> tuple[QuantumCircuit, np.ndarray]:
    """A circuit of two parameters and six points, two by three."""
    circuit = QuantumCircuit(2, 2)
    circuit.ry(Parameter("b"), 0)
    circuit.cx(0, 1)
    circuit.ry(Parameter("a"), 1)
    circuit.measure([0, 1], [1, 0])
    return circuit, np.linspace(0.1, 3, 12).reshape(2, 3, 2)  # the last axis is (a, b)


def lopsided() -> QuantumCircuit:
    """Three qubits, one of them apart."""
    circuit = QuantumCircuit(3)
    circuit.ry(0.7, 0)
    circuit.cx(0, 2)
    circuit.rx(1.9, 1)
    circuit.measure_all()
    return circuit


def crosswise(*, clifford: bool) -> QuantumCircuit:
    """Two registers read crosswise, an own gate, an unmeasured qubit."""
    inner = QuantumCircuit(2, name="own")
    inner.h(0)
    inner.cx(0, 1)
    circuit = QuantumCircuit(
        QuantumRegister(5, "q"), ClassicalRegister(2, "low"), ClassicalRegister(2, "high")
    )
    circuit.x(0)
    circuit.h(1)
    if clifford:
        circuit.cx(1, 3)
        circuit.rz(np.pi / 2, 3)
    else:
        circuit.ry(0.8, 1)
        circuit.append(inner.to_gate(), [1, 3])
    circuit.cx(0, 4)
    circuit.sx(2)
    circuit.cx(2, 4)
    circuit.measure([3, 0, 1, 2], [0, 3, 1, 2])
    return circuit


CROSSWISE_NOISE = NoiseSpec(
    p1=0.02, p2=0.05, readout=(0.03, 0.08), qubits={2: QubitNoise(p1=0.1, readout=(0.2, 0.01))}
)


def random_circuit(num_qubits: int, num_gates: int, *, seed: int) -> QuantumCircuit:
    """Named, parametrised and matrix gates on random pairs, all qubits measured crosswise."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits, num_qubits)
    for _ in range(num_gates):
        a, b = (int(q) for q in rng.choice(num_qubits, 2, replace=False))
        angle = float(rng.uniform(-7, 7))
        match int(rng.integers(9)):
            case 0:
                circuit.h(a)
            case 1:
                circuit.cx(a, b)
            case 2:
                circuit.rx(angle, a)
            case 3:
                circuit.u(angle, 0.3, 1.1, b)
            case 4:
                circuit.iswap(a, b)
            case 5:
                circuit.crz(angle, a, b)
            case 6:
                circuit.append(UnitaryGate(random_unitary(4, seed=rng)), [a, b])
            case 7:
                circuit.cu(angle, 0.2, 0.1, 0.4, a, b)
            case _:
                circuit.rzz(angle, a, b)
    circuit.measure(range(num_qubits), rng.permutation(num_qubits).tolist())
    return circuit


def crosswise_with_spare_bits() -> QuantumCircuit:
    """Two registers crosswise, an unmeasured qubit, bits never written, an own gate."""
    inner = QuantumCircuit(2, name="own")
    inner.ry(0.9, 0)
    inner.cx(0, 1)
    circuit = QuantumCircuit(
        QuantumRegister(5, "q"), ClassicalRegister(2, "low"), ClassicalRegister(4, "high")
    )
    circuit.ry(0.4, 0)
    circuit.ry(1.0, 1)
    circuit.append(inner.to_gate(), [1, 3])
    circuit.cx(0, 4)
    circuit.ry(2.2, 2)
    circuit.cx(2, 4)
    circuit.rx(0.7, 4)
    circuit.measure([3, 0, 1, 2], [0, 5, 2, 3])
    return circuit


SPARE_BITS_NOISE = NoiseSpec(
    p1=0.02,
    p2=0.05,
    readout=(0.02, 0.07),
    qubits={1: QubitNoise(p1=0.1, readout=(0.15, 0.01))},
    edges={(0, 4): EdgeNoise(p2=0.2)},
)


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
