"""Gates that a file defines itself under a name that a simulator already knows.

Qiskit and Aer look at a gate's name alone, so a file's own ``swap`` would silently run as
Qiskit's. Here a gate whose definition is what Qiskit means by its name becomes Qiskit's gate, as
OpenQASM 3 files that spell out ``rzz`` need, and any other gets another name.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from qiskit.circuit import ControlFlowOp, ControlledGate, Gate, Instruction, QuantumCircuit
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator

from qdiff.circuit.structural_hash import is_standard, standard_gates

_AER_NAMES = frozenset(
    {
        *("mcp", "mcphase", "mcr", "mcrx", "mcry", "mcrz", "mcswap", "mcsx", "mcu", "mcu1"),
        *("mcu2", "mcu3", "mcx", "mcx_gray", "mcy", "mcz", "multiplexer", "diagonal", "unitary"),
        *("pauli", "initialize", "kraus", "superop", "quantum_channel", "roerror", "barrier"),
    }
)
"""What Aer simulates by name besides Qiskit's standard gates."""

_MAX_COMPARED_QUBITS = 4

Memo = dict[tuple[str, tuple[float, ...]], Instruction]


def resolve_own_gates(circuit: QuantumCircuit) -> QuantumCircuit:
    """`circuit`, as parsed from one OpenQASM file, without own gates under a taken name.

    A gate that equals Qiskit's of its name and parameters, up to a global phase, is replaced by
    it; others are renamed ``<name>_own``. Definitions and control-flow blocks are treated alike.
    """
    return _resolve(circuit, {})


def _resolve(circuit: QuantumCircuit, memo: Memo) -> QuantumCircuit:
    resolved = circuit.copy_empty_like()
    for step in circuit.data:
        resolved._append(step.replace(operation=_resolve_operation(step.operation, memo)))
    return resolved


def _resolve_operation(operation: Any, memo: Memo) -> Any:
    if isinstance(operation, ControlFlowOp):
        resolve = partial(_resolve, memo=memo)
        return operation.replace_blocks([resolve(block) for block in operation.blocks])
    if is_standard(operation) or not is_own(operation):
        return operation
    # one file, one scope of gates: the name and the parameters identify the gate
    key = (operation.name, tuple(operation.params))
    if key not in memo:
        memo[key] = _replacement(operation, memo)
    return memo[key]


def is_own(operation: Any) -> bool:
    """Whether a gate is none of Qiskit's classes, so that only its definition says what it does."""
    kind = operation.base_class
    generic = kind in (Gate, Instruction, ControlledGate)
    return generic or not kind.__module__.startswith(("qiskit.circuit.", "qiskit.quantum_info."))


def _replacement(operation: Any, memo: Memo) -> Any:
    definition = operation.definition
    if definition is None:
        return operation
    standard = _standard_twin(operation)
    if standard is not None:
        return standard
    name = operation.name
    taken = name in standard_gates() or name in _AER_NAMES
    own = Gate(f"{name}_own" if taken else name, operation.num_qubits, list(operation.params))
    own.definition = _resolve(definition, memo)
    return own


def _standard_twin(operation: Any) -> Gate | None:
    """Qiskit's gate of this name, when it is the same up to a global phase."""
    template = get_standard_gate_name_mapping().get(operation.name)
    if not isinstance(template, Gate) or operation.num_qubits > _MAX_COMPARED_QUBITS:
        return None
    if (template.num_qubits, len(template.params)) != (operation.num_qubits, len(operation.params)):
        return None
    twin: Gate = template.base_class(*operation.params)
    try:
        same = Operator(operation.definition).equiv(Operator(twin))
    except QiskitError:  # a definition that is not unitary, or an unbound parameter
        return None
    return twin if same else None
