"""Gates as Aer takes them: on at most two qubits, and by a name that means what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import (
    Barrier,
    CircuitInstruction,
    ControlFlowOp,
    Delay,
    Gate,
    Instruction,
    Measure,
    Operation,
    Reset,
)
from qiskit.circuit.library import UnitaryGate, get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator

from qdiff.errors import InputError
from qdiff.noise.channels import fractional_power

_ONE_QUBIT = "id x y z h s sdg sx sxdg t tdg p u u1 u2 u3 r rx ry rz"
_TWO_QUBITS = "cx cy cz cp cu1 swap ecr rxx ryy rzz rzx"

AER_GATES = frozenset([*_ONE_QUBIT.split(), *_TWO_QUBITS.split(), "unitary"])
"""Gates on one or two qubits that every Aer method but the stabilizer one runs by name."""

_STANDARD = get_standard_gate_name_mapping()


def pieces(step: CircuitInstruction) -> Iterator[CircuitInstruction]:
    """`step` in parts that Aer or `realised` can take, each gate on at most two qubits."""
    operation = step.operation
    if isinstance(operation, Barrier) or operation.name == "global_phase":
        return
    whole = (ControlFlowOp, Measure, Reset, Delay)
    if isinstance(operation, whole) or (is_gate(operation) and operation.num_qubits <= 2):
        yield step
        return
    inner = _decomposed(operation)
    if inner is None:  # a channel, a classical assignment, a break out of a loop
        yield step
        return
    qubits = dict(zip(inner.qubits, step.qubits, strict=True))
    clbits = dict(zip(inner.clbits, step.clbits, strict=True))
    for part in inner.data:
        moved = part.replace(
            qubits=tuple(qubits[qubit] for qubit in part.qubits),
            clbits=tuple(clbits[clbit] for clbit in part.clbits),
        )
        yield from pieces(moved)


def is_gate(operation: Operation) -> bool:
    """Gates, and the operations that Qiskit keeps beside them (a `Clifford`, a modified gate)."""
    return isinstance(operation, Gate) or not isinstance(operation, Instruction)


def _decomposed(operation: Operation) -> QuantumCircuit | None:
    definition = getattr(operation, "definition", None)
    if definition is not None:
        return definition
    if not is_gate(operation):
        return None
    whole = QuantumCircuit(operation.num_qubits)
    whole.append(operation, range(operation.num_qubits))
    try:
        return transpile(whole, basis_gates=["u", "cx"], optimization_level=0)
    except QiskitError:
        raise _unknown(operation) from None


def realised(gate: Operation, over_rotation: float, label: str | None) -> Gate:
    """`gate` as one that Aer runs, over-rotated and labelled."""
    if over_rotation:
        return UnitaryGate(fractional_power(_matrix(gate), 1 + over_rotation), label=label)
    if not is_native(gate):
        return UnitaryGate(_matrix(gate), label=label)
    labelled = gate.to_mutable()
    labelled.label = label
    return labelled


def is_native(gate: Operation) -> bool:
    """Whether Aer knows the gate by its name, and the name means what it says."""
    if gate.name not in AER_GATES or not isinstance(gate, Gate):
        return False
    if gate.name == "unitary":
        return isinstance(gate, UnitaryGate)
    return gate.base_class is _STANDARD[gate.name].base_class


def _matrix(gate: Operation) -> Any:
    try:
        return Operator(gate).data
    except (QiskitError, TypeError):
        raise _unknown(gate) from None


def _unknown(operation: Operation) -> InputError:
    return InputError(
        f"gate {operation.name!r} has neither a matrix nor a definition; define it in the circuit"
    )


def gate_key(gate: Operation, over_rotation: float, label: str | None) -> Any:
    """What makes two gates the same, or None when that is not cheap to say."""
    if not is_native(gate) or gate.name == "unitary":
        return None
    return gate.name, tuple(map(float, gate.params)), over_rotation, label
