"""Which of Aer's methods suits a circuit, by a rough model of the time that each would take."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ControlFlowOp, Measure

from qdiff.circuit.measurement import active_qubits
from qdiff.errors import InputError
from qdiff.noise.attach import NoisyCircuit
from qdiff.simulation import aer


class Method(StrEnum):
    """How Aer holds the state."""

    STATEVECTOR = "statevector"
    DENSITY_MATRIX = "density_matrix"
    MATRIX_PRODUCT_STATE = "matrix_product_state"
    STABILIZER = "stabilizer"


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What the choice of a method depends on.

    Attributes
    ----------
    num_qubits, num_gates
        Qubits that the measurements can see, and gates on them.
    shots
        How many are asked for.
    noisy
        Whether gates are noisy (readout errors do not count).
    dynamic
        Whether measurements come before the end.
    clifford
        Whether gates and noise are such that a stabilizer state stays one.
    bond
        The bond dimension that a matrix product state is expected to need.
    """

    num_qubits: int
    num_gates: int
    shots: int
    noisy: bool
    dynamic: bool
    clifford: bool
    bond: int

    @property
    def repeated(self) -> bool:
        """Whether each shot needs its own run (a density matrix holds all noise at once)."""
        return self.noisy or self.dynamic


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A method, why, how long it may take (in seconds of one core), and in how many batches."""

    method: Method
    reason: str
    seconds: float
    batches: int


def choose_method(workload: Workload, *, memory: int, asked: Method | None = None) -> Choice:
    """The method with the least estimated time among those that fit into `memory` bytes.

    The estimates only have to rank methods; they were measured with qiskit-aer 0.18 on one core
    of a server. Repeated runs are cut into batches of about a second each.

    Raises `InputError` when the method `asked` for cannot hold this circuit.
    """
    possible = {
        method: _seconds(workload, method)
        for method in Method
        if _obstacle(workload, method, memory) is None
    }
    if asked is not None and asked not in possible:
        raise InputError(
            f"method {asked.value} cannot be used: {_obstacle(workload, asked, memory)}; "
            f"leave the method out, or use {min(possible, key=possible.__getitem__).value}"
        )
    method = asked or min(possible, key=possible.__getitem__)
    repeated = workload.repeated and (workload.dynamic or method is not Method.DENSITY_MATRIX)
    batches = min(64, workload.shots, math.ceil(possible[method])) if repeated else 1
    return Choice(
        method=method,
        reason="asked for" if asked else _reason(workload, method, possible),
        seconds=possible[method],
        batches=max(1, batches),
    )


def statevector_seconds(num_qubits: int, num_gates: int, runs: int) -> float:
    """About how long so many runs of a state vector take."""
    amplitudes = 2.0 ** min(num_qubits, _FLOAT_BITS)
    return runs * num_gates * (_STATEVECTOR_GATE + _STATEVECTOR_AMPLITUDE * amplitudes)


def workload_of(noisy: NoisyCircuit, *, shots: int, dynamic: bool) -> Workload:
    """Describe a prepared circuit, its measurements included."""
    circuit = noisy.circuit
    measured = None if dynamic else _measured(circuit)
    active = active_qubits(circuit, measured)
    workload = Workload(
        num_qubits=len(active),
        num_gates=noisy.num_gates,
        shots=shots,
        noisy=noisy.has_gate_noise,
        dynamic=dynamic,
        clifford=_is_clifford(noisy),
        bond=_bond_bound(circuit),
    )
    # whether what a state vector would take is worth a look at the entanglement
    long = _seconds(workload, Method.STATEVECTOR) > _LONG_SECONDS and not workload.clifford
    if workload.bond > _SMALL_BOND and long and not dynamic:
        return replace(workload, bond=_bond_of_ideal_state(circuit, workload.bond))
    return workload


_STATEVECTOR_GATE = 6e-6
_STATEVECTOR_AMPLITUDE = 6e-9
_DENSITY_ENTRY = 10e-9
_STABILIZER_GATE = 3e-6
_PRODUCT_GATE = 15e-6
_PRODUCT_CUBE = 20e-9
_PRODUCT_SITE = 5e-6
"""Seconds of one core: a gate, and a gate's cost an amplitude (bond cubed, sampled site)."""

_FLOAT_BITS = 1000
"""No float holds the length of a longer state vector, which fits into no machine all the same."""

_MEMORY_SHARE = 0.8
_SMALL_BOND = 16
_PILOT_BOND = 64
_LONG_SECONDS = 5.0

_CLIFFORD_GATES = "id x y z h s sdg sx sxdg cx cy cz swap ecr"
_HARMLESS = "measure reset break_loop continue_loop store"
_KEEPS_STABILIZER = frozenset([*_CLIFFORD_GATES.split(), *_HARMLESS.split()])
_RANK_TWO_GATES = frozenset(["cx", "cy", "cz", "cp", "cu1", "ecr", "rxx", "ryy", "rzz", "rzx"])
_QUARTER_TURN = math.pi / 2


def _seconds(workload: Workload, method: Method) -> float:
    size, gates, shots = workload.num_qubits, workload.num_gates, workload.shots
    runs = shots if workload.repeated else 1
    if method is Method.STATEVECTOR:
        return statevector_seconds(size, gates, runs)
    if method is Method.DENSITY_MATRIX:
        return (shots if workload.dynamic else 1) * gates * _DENSITY_ENTRY * 4.0**size
    if method is Method.STABILIZER:
        return runs * gates * _STABILIZER_GATE
    bond = float(workload.bond)
    run = gates * (_PRODUCT_GATE + _PRODUCT_CUBE * bond**3)
    return runs * run + shots * size * (_PRODUCT_SITE + _PRODUCT_CUBE * bond**2)


def _obstacle(workload: Workload, method: Method, memory: int) -> str | None:
    if method is Method.STABILIZER:
        return None if workload.clifford else "the circuit or its noise is not Clifford"
    if method is Method.MATRIX_PRODUCT_STATE:
        return None
    doubled = 2 if method is Method.DENSITY_MATRIX else 1
    needed = 16 << min(doubled * workload.num_qubits, _FLOAT_BITS)
    if needed <= _MEMORY_SHARE * memory:
        return None
    return f"{workload.num_qubits} qubits need {aer.gibibytes(needed)} of memory"


def _reason(workload: Workload, method: Method, possible: dict[Method, float]) -> str:
    noise = "noisy" if workload.noisy else "ideal"
    kind = f"{noise}, dynamic" if workload.dynamic else noise
    times = ", ".join(
        f"{other.value} {seconds:.1g} s"
        for other, seconds in sorted(possible.items(), key=lambda item: item[1])
        if other is not method
    )
    return (
        f"{workload.num_qubits} qubits, {workload.num_gates} gates, {workload.shots} shots, "
        f"{kind}: about {possible[method]:.1g} s of one core ({times})"
    )


def _measured(circuit: QuantumCircuit) -> set[int]:
    index = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    steps = (step for step in circuit.data if isinstance(step.operation, Measure))
    return {index[step.qubits[0]] for step in steps}


def _is_clifford(noisy: NoisyCircuit) -> bool:
    quiet = noisy.is_pauli or not noisy.has_gate_noise
    return quiet and all(map(_keeps_stabilizer, noisy.circuit.data))


def _keeps_stabilizer(step: CircuitInstruction) -> bool:
    operation = step.operation
    if isinstance(operation, ControlFlowOp):
        return all(_keeps_stabilizer(inner) for block in operation.blocks for inner in block.data)
    if operation.name == "rz":
        turns = float(operation.params[0]) / _QUARTER_TURN
        return abs(turns - round(turns)) < 1e-9
    return operation.name in _KEEPS_STABILIZER


def _bond_bound(circuit: QuantumCircuit) -> int:
    """The bond dimension that no state of this circuit exceeds, qubits in register order."""
    size = circuit.num_qubits
    index = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    change = np.zeros(size + 1, dtype=np.int64)
    for step in circuit.data:
        if len(step.qubits) >= 2:
            places = [index[qubit] for qubit in step.qubits]
            rank = 1 if step.operation.name in _RANK_TWO_GATES else 2
            change[min(places)] += rank
            change[max(places)] -= rank
    crossing = change[: size - 1].cumsum()
    smaller_side = np.minimum(np.arange(1, size), np.arange(size - 1, 0, -1))
    return 1 << min(int(np.minimum(crossing, smaller_side).max(initial=0)), 30)


def _bond_of_ideal_state(circuit: QuantumCircuit, bound: int) -> int:
    """The bond dimension of the noise-free final state; `bound` when it is beyond a pilot run."""
    bare = circuit.copy_empty_like()
    for step in circuit.data:
        if not isinstance(step.operation, Measure):
            bare.append(step)
    bare.save_matrix_product_state()
    data = aer.run(
        bare,
        method=Method.MATRIX_PRODUCT_STATE.value,
        shots=1,
        seed=0,
        matrix_product_state_max_bond_dimension=_PILOT_BOND,
    )
    _, singular_values = data["matrix_product_state"]
    reached: int = max((len(values) for values in singular_values), default=1)
    return bound if reached >= _PILOT_BOND else min(bound, reached)
