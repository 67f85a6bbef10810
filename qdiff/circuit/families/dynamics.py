"""Trotterised dynamics of spin chains: what near-term simulation experiments run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qiskit.circuit import QuantumCircuit

from qdiff.circuit.families import building_blocks as parts


def ising(
    num_qubits: int,
    *,
    steps: int = 6,
    time_step: float = 0.2,
    coupling: float = 1.0,
    field: float = 1.0,
) -> QuantumCircuit:
    """Quench of the transverse-field Ising chain from ``|0...0>``, first-order Trotter.

    ``H = -coupling sum_j Z_j Z_{j+1} - field sum_j X_j`` on an open chain; each step is
    ``prod rzz(-2 coupling dt) prod rx(-2 field dt)``. The default field is the critical one.
    Source: Lloyd, Science 273, 1073 (1996); Heyl, Polkovnikov, Kehrein, arXiv:1206.2505.
    """
    circuit = parts.blank("ising", num_qubits, least=2)
    steps = parts.count("steps", steps, least=1)
    time_step = parts.real("time_step", time_step)
    bond_angle = -2 * parts.real("coupling", coupling) * time_step
    field_angle = -2 * parts.real("field", field) * time_step
    for _ in range(steps):
        for start in (0, 1):
            for bond in parts.chain(circuit.num_qubits, start=start):
                circuit.rzz(bond_angle, *bond)
        circuit.rx(field_angle, range(circuit.num_qubits))
    return parts.measured(circuit)


def heisenberg(
    num_qubits: int, *, steps: int = 4, time_step: float = 0.2, coupling: float = 1.0
) -> QuantumCircuit:
    """Quench of the Heisenberg chain from the alternating state ``|...0101>``, first-order Trotter.

    ``H = coupling sum_j (X_j X_{j+1} + Y_j Y_{j+1} + Z_j Z_{j+1})`` on an open chain; every bond of
    a step is ``rxx ryy rzz`` of angle ``2 coupling dt``. The number of ones is conserved. Source:
    Smith, Kim, Pollmann, Knolle, arXiv:1906.06343.
    """
    angle = 2 * parts.real("coupling", coupling) * parts.real("time_step", time_step)
    gates = (QuantumCircuit.rxx, QuantumCircuit.ryy, QuantumCircuit.rzz)
    return _quenched("heisenberg", num_qubits, steps, angle, gates)


def xy(
    num_qubits: int, *, steps: int = 6, time_step: float = 0.2, coupling: float = 1.0
) -> QuantumCircuit:
    """Quench of the XY chain from the alternating state ``|...0101>``, first-order Trotter.

    ``H = coupling sum_j (X_j X_{j+1} + Y_j Y_{j+1}) / 2`` on an open chain (free hopping); a bond's
    part of a step is ``rxx ryy`` of angle ``coupling dt``. The number of ones is conserved. Source:
    Lieb, Schultz, Mattis, Ann. Phys. 16, 407 (1961).
    """
    angle = parts.real("coupling", coupling) * parts.real("time_step", time_step)
    gates = (QuantumCircuit.rxx, QuantumCircuit.ryy)
    return _quenched("xy", num_qubits, steps, angle, gates)


def _quenched(
    family: str, num_qubits: int, steps: int, angle: float, gates: Sequence[Callable[..., object]]
) -> QuantumCircuit:
    """Steps of `gates` on every bond, from the Néel state: qubits 0, 2, 4, ... in ``|1>``."""
    circuit = parts.blank(family, num_qubits, least=2)
    circuit.x(range(0, circuit.num_qubits, 2))
    for _ in range(parts.count("steps", steps, least=1)):
        for start in (0, 1):
            for bond in parts.chain(circuit.num_qubits, start=start):
                for gate in gates:
                    gate(circuit, angle, *bond)
    return parts.measured(circuit)
