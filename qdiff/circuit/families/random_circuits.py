"""Random circuits: the standard hard cases for classical sampling, and a classically easy one."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from qiskit.circuit import QuantumCircuit

from qdiff.circuit.families import building_blocks as parts
from qdiff.errors import InputError

_AXIS_CLIFFORDS = ("", "s", "h", "hs", "sh", "shs")
"""Times a Pauli gate, these are the 24 one-qubit Clifford gates."""

_PAULIS = ("", "x", "y", "z")


def brickwork(num_qubits: int, *, depth: int = 4, seed: int = 0) -> QuantumCircuit:
    """Layers of Haar-random one-qubit gates and CZ on every second bond of an open chain.

    There are `depth` layers; bonds alternate from one to the next, and one-qubit gates come last,
    so that the last CZs count. Deep ones (``depth`` of order ``n``) have Porter-Thomas outcomes.
    Source: Boixo et al., arXiv:1608.00263.
    """
    return _bricks("brickwork", num_qubits, depth, seed, parts.haar_rotations)


def iqp(num_qubits: int, *, density: float = 1.0, seed: int = 0) -> QuantumCircuit:
    """A sparse instantaneous quantum polynomial-time circuit ``H D H |0...0>``, ``D`` diagonal.

    Each pair of qubits gets, with probability ``density ln(n) / n``, a random power of the
    controlled-S gate, and each qubit a random power of T, powers uniform (0 leaves the gate out).
    Source: Bremner, Montanaro, Shepherd, arXiv:1610.01808.
    """
    circuit = parts.blank("iqp", num_qubits, least=2)
    size = circuit.num_qubits
    if parts.real("density", density) < 0:
        raise InputError(f"density must not be negative, got {density!r}")
    generator = parts.generator(seed)
    circuit.h(range(size))
    for qubit, power in enumerate(parts.choices(8, size, generator).tolist()):
        if power:
            circuit.p(power * math.pi / 4, qubit)
    pairs = np.stack(np.triu_indices(size, 1), axis=1)
    present = generator.random(len(pairs)) < density * math.log(size) / size
    powers = parts.choices(4, len(pairs), generator)
    kept = present & (powers > 0)
    for pair, power in zip(pairs[kept].tolist(), powers[kept].tolist(), strict=True):
        circuit.cp(power * math.pi / 2, *pair)
    circuit.h(range(size))
    return parts.measured(circuit)


def clifford(num_qubits: int, *, depth: int = 4, seed: int = 0) -> QuantumCircuit:
    """`brickwork` with uniformly random one-qubit Clifford gates: easy at any size.

    The outcomes are uniform over an affine subspace, which a stabilizer simulation finds. Source:
    Aaronson and Gottesman, quant-ph/0406196.
    """
    return _bricks("clifford", num_qubits, depth, seed, _clifford_layer)


def _bricks(
    family: str,
    num_qubits: int,
    depth: int,
    seed: int,
    rotate: Callable[[QuantumCircuit, np.random.Generator], None],
) -> QuantumCircuit:
    circuit = parts.blank(family, num_qubits, least=2)
    depth = parts.count("depth", depth, least=1)
    generator = parts.generator(seed)
    for layer in range(depth):
        rotate(circuit, generator)
        for bond in parts.chain(circuit.num_qubits, start=layer % 2):
            circuit.cz(*bond)
    rotate(circuit, generator)
    return parts.measured(circuit)


def _clifford_layer(circuit: QuantumCircuit, generator: np.random.Generator) -> None:
    for qubit, choice in enumerate(parts.choices(24, circuit.num_qubits, generator).tolist()):
        gates = _AXIS_CLIFFORDS[choice // 4] + _PAULIS[choice % 4]
        for gate in gates:
            getattr(circuit, gate)(qubit)
