"""Circuits with free parameters, at fixed ones: optimisation and hardware-efficient ansätze."""

from __future__ import annotations

import numpy as np
from qiskit.circuit import QuantumCircuit
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from qdiff.circuit.families import building_blocks as parts
from qdiff.errors import InputError

QAOA_ANGLES = {
    1: ((0.616,), (0.393,)),
    2: ((0.488, 0.898), (0.555, 0.293)),
    3: ((0.422, 0.798, 0.937), (0.609, 0.459, 0.235)),
    4: ((0.409, 0.781, 0.988, 1.156), (0.600, 0.434, 0.297, 0.159)),
}
"""Layers -> (gammas, betas): fixed angles for 3-regular MaxCut, arXiv:2107.00677."""

_DEGREE = 3


def qaoa(num_qubits: int, *, layers: int = 3, seed: int = 0) -> QuantumCircuit:
    """QAOA for MaxCut on a seeded random connected 3-regular graph, at fixed angles.

    ``prod_l exp(-i beta_l sum_j X_j) exp(-i gamma_l C) |+...+>`` with
    ``C = sum_edges (1 - Z_a Z_b) / 2``; an edge is ``rzz(-gamma)``, a mixer ``rx(2 beta)``. The
    angles need no optimisation per graph. Source: Farhi, Goldstone, Gutmann, arXiv:1411.4028;
    angles: Wurtz and Lykov, arXiv:2107.00677 (1 to 4 layers).
    """
    circuit = parts.blank("qaoa", num_qubits, least=4)
    if layers not in QAOA_ANGLES:
        raise InputError(
            f"qaoa has fixed angles for 1 to {len(QAOA_ANGLES)} layers, got {layers!r}"
        )
    edges = regular_graph(circuit.num_qubits, seed=seed)
    circuit.h(range(circuit.num_qubits))
    for gamma, beta in zip(*QAOA_ANGLES[layers], strict=True):
        for edge in edges:
            circuit.rzz(-gamma, *edge)
        circuit.rx(2 * beta, range(circuit.num_qubits))
    return parts.measured(circuit)


def regular_graph(num_nodes: int, *, seed: int = 0) -> list[parts.Bond]:
    """Edges of a uniformly random connected simple 3-regular graph, sorted.

    The pairing model: three half-edges a node, paired at random until the graph is simple and
    connected (about one trial in seven). Source: Bollobás, Eur. J. Comb. 1, 311 (1980).
    """
    if num_nodes < _DEGREE + 1 or num_nodes % 2:
        raise InputError(
            f"a 3-regular graph needs an even number of nodes, at least 4; got {num_nodes}"
        )
    generator = parts.generator(seed)
    halves = np.repeat(np.arange(num_nodes), _DEGREE)
    while True:
        shuffled = halves[np.argsort(generator.random(len(halves)))]
        pairs = np.sort(shuffled.reshape(-1, 2), axis=1)
        edges = sorted({(a, b) for a, b in pairs.tolist() if a != b})
        graph = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(num_nodes, num_nodes))
        if len(edges) == len(pairs) and connected_components(graph, directed=False)[0] == 1:
            return edges


def ansatz(num_qubits: int, *, layers: int = 3, seed: int = 0) -> QuantumCircuit:
    """A hardware-efficient ansatz at seeded uniform angles: an untrained variational circuit.

    `layers` times ``ry rz`` on every qubit and a chain of CNOTs, then ``ry rz`` once more. Source:
    Kandala et al., arXiv:1704.05018; random angles: McClean et al., arXiv:1803.11173.
    """
    circuit = parts.blank("ansatz", num_qubits, least=2)
    layers = parts.count("layers", layers, least=1)
    generator = parts.generator(seed)
    for _ in range(layers):
        _rotations(circuit, generator)
        for qubit in range(circuit.num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    _rotations(circuit, generator)
    return parts.measured(circuit)


def _rotations(circuit: QuantumCircuit, generator: np.random.Generator) -> None:
    for qubit, angle in enumerate(parts.uniform_angles(circuit.num_qubits, generator)):
        circuit.ry(angle, qubit)
    for qubit, angle in enumerate(parts.uniform_angles(circuit.num_qubits, generator)):
        circuit.rz(angle, qubit)
