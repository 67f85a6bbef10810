"""OpenQASM 3 whose loops, subroutines and constants are written out by pyqasm.

For what Qiskit's importer does not know. It runs only in the process of `qdiff.circuit.sandbox`,
since a short text can ask for endless loops and powers. Only what is settled before the circuit
runs is written out: of classical values that depend on outcomes pyqasm would make constants.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import openqasm3
import pyqasm
from openqasm3 import ast
from pyqasm import visitor
from pyqasm.maps import expressions

from qdiff.circuit.dialects import STANDARD_GATES
from qdiff.circuit.openqasm import MAX_FILE_BYTES, own_gates
from qdiff.data import storage
from qdiff.errors import InputError

MAX_TURNS = 100_000
"""Turns of one loop."""

_MAX_POWER_BITS = 4096

_WRITTEN_OUT = (
    *(ast.Include, ast.QubitDeclaration, ast.QuantumGateDefinition, ast.QuantumGate),
    *(ast.QuantumPhase, ast.QuantumMeasurementStatement, ast.QuantumReset, ast.QuantumBarrier),
    *(ast.ConstantDeclaration, ast.ClassicalDeclaration, ast.ClassicalAssignment),
    *(ast.ForInLoop, ast.BranchingStatement, ast.SubroutineDefinition, ast.ReturnStatement),
    *(ast.ExpressionStatement, ast.AliasStatement),
)
"""Statements whose writing out is tested; any other is refused."""

_READ_WHOLE = (
    *(ast.QuantumGate, ast.QuantumPhase, ast.ClassicalDeclaration, ast.ClassicalAssignment),
    *(ast.ConstantDeclaration, ast.ExpressionStatement, ast.ReturnStatement, ast.AliasStatement),
)


def unrolled(code: str) -> str:
    """`code` without loops, subroutines and constants; gates keep their names.

    Quotients of whole numbers are real, as Qiskit's importer has them. Raises `InputError` for
    what depends on outcomes, for a loop of more than `MAX_TURNS` turns, and for whatever pyqasm
    objects to.
    """
    logging.getLogger("pyqasm").disabled = True  # what it logs, it raises too
    visitor.range = _turns  # type: ignore[attr-defined]  # it lists them before it counts them
    expressions.OPERATOR_MAP["**"] = _power
    try:
        program = openqasm3.parse(code)
        _refuse_unsettled(program)
        module = pyqasm.loads(program)
        kept = sorted({"U", *STANDARD_GATES} - own_gates(code))
        module.unroll(external_gates=kept, max_loop_iters=MAX_TURNS)
        text = pyqasm.dumps(module)
    except (InputError, MemoryError):
        raise
    except RecursionError:
        raise InputError("it is nested too deeply") from None
    except Exception as error:  # pyqasm raises what it likes
        raise InputError(storage.one_line(error)[:200]) from None
    if len(text) > MAX_FILE_BYTES:
        raise InputError(f"it would have more than {MAX_FILE_BYTES >> 20} MiB")
    return text


def _refuse_unsettled(program: ast.Program) -> None:
    """Raise `InputError` for statements that are not written out, or depend on outcomes."""
    bits = {
        node.identifier.name
        for node in _nodes(program)
        if isinstance(node, ast.ClassicalDeclaration) and isinstance(node.type, ast.BitType)
    }
    for node in _nodes(program):
        if isinstance(node, ast.Statement) and not isinstance(node, _WRITTEN_OUT):
            raise InputError(f"it has a {type(node).__name__}")
        if isinstance(node, ast.ClassicalArgument) and isinstance(node.type, ast.BitType):
            raise InputError("it has a subroutine of bits")
        read = (part for part in _nodes(_read_by(node)) if isinstance(part, ast.Identifier))
        if bits & {part.name for part in read}:
            raise InputError("it depends on bits")


def _read_by(node: Any) -> Any:
    """The parts of a statement that may hold no bit."""
    match node:
        case ast.BranchingStatement():
            return node.condition
        case ast.ForInLoop():
            return node.set_declaration
        case ast.QuantumMeasurementStatement():
            return node.measure
        case ast.ClassicalDeclaration(type=ast.BitType()):
            measured = isinstance(node.init_expression, ast.QuantumMeasurement)
            return node.init_expression if measured or node.init_expression is None else node
    return node if isinstance(node, _READ_WHOLE) else None


def _nodes(node: Any) -> Iterator[Any]:
    """A syntax tree's nodes, the outermost first."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from _nodes(item)
    elif is_dataclass(node):
        yield node
        for field in fields(node):
            yield from _nodes(getattr(node, field.name))


def _turns(*ends: Any) -> range:
    turns = range(*ends)
    if turns and abs(turns[-1] - turns[0]) // abs(turns.step) >= MAX_TURNS:
        raise InputError(f"a loop or register has more than {MAX_TURNS:,} turns or places")
    return turns


def _power(base: Any, exponent: Any) -> Any:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and base.bit_length() * max(exponent, 0) > _MAX_POWER_BITS:
        raise InputError(f"a power is beyond 2**{_MAX_POWER_BITS}")
    return base**exponent
