"""How long a circuit is when written out: gates by their definitions, loops by their turns."""

from __future__ import annotations

from typing import Any

from qiskit.circuit import ControlFlowOp, ForLoopOp, Instruction, QuantumCircuit

from qdiff.circuit.own_gates import is_own
from qdiff.errors import InputError

MAX_OPERATIONS = 10_000_000
"""Written out; some 100 bytes each."""


def refuse_endless(circuit: QuantumCircuit) -> None:
    """Raise `InputError` for a circuit that no simulator could write out.

    Forty gates, each twice the one before, are a trillion operations.
    """
    try:
        _extent(circuit, {})
    except _TooLongError:
        raise InputError(
            f"circuit {circuit.name!r} has more than {MAX_OPERATIONS:,} operations when its gates "
            "and loops are written out"
        ) from None
    except RecursionError:
        raise InputError(f"circuit {circuit.name!r} is nested too deeply") from None


class _TooLongError(Exception):
    pass


def _extent(circuit: QuantumCircuit, known: dict[int, tuple[Any, int]]) -> int:
    """Operations of a circuit; each definition is counted once, however often it is used."""
    found = known.get(id(circuit))
    if found is not None:
        return found[1]
    total = 0
    for step in circuit.data:
        total += _of_operation(step.operation, known)
        if total > MAX_OPERATIONS:
            raise _TooLongError
    known[id(circuit)] = (circuit, total)  # holding the circuit keeps its id its own
    return total


def _of_operation(operation: Any, known: dict[int, tuple[Any, int]]) -> int:
    if isinstance(operation, ControlFlowOp):
        once = sum(_extent(block, known) for block in operation.blocks)
        indices = operation.params[0] if isinstance(operation, ForLoopOp) else None
        turns = len(indices) if isinstance(indices, range | tuple | list) else 1
        return 1 + once * turns
    own = isinstance(operation, Instruction) and is_own(operation)
    definition = operation.definition if own else None
    return 1 if definition is None else max(1, _extent(definition, known))
