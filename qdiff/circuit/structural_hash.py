"""A hash of a circuit's structure: what it does, not what it is called.

A circuit is written as nested lists of text and whole numbers (its *form*), floats by their exact
bits, and the form's JSON is hashed. Bits are numbered; objects never reach the form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from qiskit.circuit import (
    BoxOp,
    ClassicalRegister,
    Clbit,
    ControlFlowOp,
    Delay,
    ForLoopOp,
    IfElseOp,
    Operation,
    QuantumCircuit,
    Qubit,
    Store,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.classical import expr
from qiskit.circuit.library import get_standard_gate_name_mapping

from qdiff.data.argument_checks import check_is

_VERSION = "qdiff circuit 1"
_MOST_WRITTEN_OUT = 10_000  # turns of a loop; a longer range is named by its ends
Form = str | int | list[Any]
Definitions = dict[int, tuple[QuantumCircuit, str]]


def circuit_hash(circuit: QuantumCircuit) -> str:
    """SHA-256 of the circuit's structure, 64 hexadecimal digits.

    It covers, in order, every instruction's name, parameters (floats by their exact bits, arrays
    by their bytes), qubit and classical bit indices, the definitions of gates that are not
    Qiskit's standard ones, control-flow conditions and blocks, and the classical registers. It
    leaves out the circuit's name, metadata, labels, global phase and the names of quantum
    registers. A circuit that is saved and loaded keeps its hash as far as the file format keeps
    its instructions; OpenQASM 3 rounds an angle within 1e-9 of a multiple of pi.

    >>> one, two = QuantumCircuit(2, name="one"), QuantumCircuit(2, name="two")
    >>> _ = one.rx(0.25, 1), two.rx(0.25, 1)
    >>> circuit_hash(one) == circuit_hash(two)
    True
    """
    check_is(circuit, QuantumCircuit, "circuit")
    form = [_VERSION, _Scope.of(circuit, {}).circuit(circuit)]
    return hashlib.sha256(json.dumps(form, separators=(",", ":")).encode()).hexdigest()


@cache
def standard_gates() -> Mapping[str, type[Operation]]:
    """Qiskit's standard gates: name to class."""
    return {name: gate.base_class for name, gate in get_standard_gate_name_mapping().items()}


def is_standard(operation: Operation) -> bool:
    """Whether an operation is the standard one of its name, so that the name says it all."""
    return getattr(operation, "base_class", None) is standard_gates().get(operation.name, object)


@dataclass(frozen=True)
class _Scope:
    """Numbers of the bits in sight, and the definitions already written."""

    qubits: Mapping[Qubit, int]
    clbits: Mapping[Clbit, int]
    definitions: Definitions

    @classmethod
    def of(cls, circuit: QuantumCircuit, definitions: Definitions) -> _Scope:
        return cls(_numbered(circuit.qubits), _numbered(circuit.clbits), definitions)

    def circuit(self, circuit: QuantumCircuit) -> Form:
        registers = [[creg.name, self.places(creg)] for creg in circuit.cregs]
        return [len(self.qubits), len(self.clbits), registers, self.steps(circuit)]

    def steps(self, circuit: QuantumCircuit) -> Form:
        declared = [[var.name, str(var.type)] for var in circuit.iter_declared_vars()]
        steps = []
        for step in circuit.data:
            operation = step.operation
            if isinstance(operation, ControlFlowOp):
                steps.append([operation.name, self.head(operation), self.blocks(step)])
            elif isinstance(operation, Store):
                steps.append(["store", self.value(operation.lvalue), self.value(operation.rvalue)])
            else:
                qubits = [self.qubits[qubit] for qubit in step.qubits]
                steps.append([*self.operation(operation), qubits, self.places(step.clbits)])
        return [declared, steps]

    def blocks(self, step: Any) -> Form:
        """The blocks of a control-flow step, in the outer bits' numbers: binding order is lost."""
        blocks = []
        for block in step.operation.blocks:
            qubits = [self.qubits[qubit] for qubit in step.qubits]
            inner = _Scope(
                dict(zip(block.qubits, qubits, strict=True)),
                dict(zip(block.clbits, self.places(step.clbits), strict=True)),
                self.definitions,
            )
            blocks.append(inner.steps(block))
        return blocks

    def head(self, operation: ControlFlowOp) -> Form:
        """What decides how often, or which, blocks run."""
        if isinstance(operation, (IfElseOp, WhileLoopOp)):
            condition = operation.condition  # OpenQASM 2 and 3 readers still give a bit and a value
            legacy = isinstance(condition, tuple)
            return self.value(expr.lift_legacy_condition(condition) if legacy else condition)
        if isinstance(operation, ForLoopOp):
            indices, parameter, _ = operation.params
            if isinstance(indices, expr.Expr):
                listed = self.value(indices)
            elif isinstance(indices, range) and len(indices) > _MOST_WRITTEN_OUT:
                listed = repr(indices)
            else:
                listed = repr([*indices])
            return [listed, str(parameter)]
        if isinstance(operation, SwitchCaseOp):
            labels = [[str(label) for label in case] for case, _ in operation.cases_specifier()]
            return [self.value(expr.lift(operation.target)), labels]
        if isinstance(operation, BoxOp):
            return [self.value(operation.duration), str(operation.unit)]
        return []

    def operation(self, operation: Operation) -> list[Form]:
        params = list(getattr(operation, "params", ()))
        form: list[Form] = [operation.name, [self.value(param) for param in params]]
        if isinstance(operation, Delay):
            form.append(operation.unit)
        whole = is_standard(operation) or any(isinstance(param, np.ndarray) for param in params)
        definition = None if whole else getattr(operation, "definition", None)
        return form if definition is None else [*form, self.definition(definition)]

    def definition(self, circuit: QuantumCircuit) -> str:
        """Hash of a definition; each object is walked once, however often it is used."""
        known = self.definitions.get(id(circuit))
        if known is None:
            inner = _Scope.of(circuit, self.definitions)
            phase = self.value(circuit.global_phase)
            form = json.dumps([phase, inner.circuit(circuit)])
            known = (circuit, hashlib.sha256(form.encode()).hexdigest())
            self.definitions[id(circuit)] = known  # holding the circuit keeps its id its own
        return known[1]

    def value(self, value: Any) -> Form:
        """A parameter, condition or classical expression."""
        match value:
            case bool() | str() | None:
                return repr(value)
            case int() | float() | np.number() if not np.iscomplexobj(value):
                return (float(value) + 0.0).hex()  # 0.0 and -0.0 are the same angle
            case complex() | np.complexfloating():
                return [self.value(value.real), self.value(value.imag)]
            case np.ndarray():
                array = np.ascontiguousarray(value, dtype=np.complex128)
                return [
                    list(array.shape),
                    hashlib.sha256(array.astype("<c16").tobytes()).hexdigest(),
                ]
            case Clbit():
                return ["bit", self.clbits[value]]
            case ClassicalRegister():
                return ["bits", *self.places(value)]
            case expr.Expr():
                return self.expression(value)
            case list() | tuple():
                return [self.value(item) for item in value]
        return str(value) if hasattr(value, "parameters") else type(value).__qualname__

    def expression(self, node: expr.Expr) -> Form:
        head = [type(node).__name__, str(node.type)]
        match node:
            case expr.Var() if node.standalone:
                return [*head, node.name]
            case expr.Var():
                return [*head, self.value(node.var)]
            case expr.Value():
                return [*head, str(node.value)]
            case expr.Unary():
                return [*head, node.op.name, self.value(node.operand)]
            case expr.Binary():
                return [*head, node.op.name, self.value(node.left), self.value(node.right)]
            case expr.Cast():
                return [*head, self.value(node.operand)]
            case expr.Index():
                return [*head, self.value(node.target), self.value(node.index)]
        return [*head, getattr(node, "name", "")]

    def places(self, clbits: Iterable[Clbit]) -> list[int]:
        return [self.clbits[clbit] for clbit in clbits]


def _numbered(bits: Iterable[Any]) -> dict[Any, int]:
    return {bit: index for index, bit in enumerate(bits)}
