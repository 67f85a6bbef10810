"""From the bytes of a recognised file to a circuit. Whatever a parser raises becomes one line."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qiskit import qasm2, qasm3, qpy
from qiskit.circuit import QuantumCircuit

from qdiff.circuit import openqasm
from qdiff.circuit.dialects import with_quantinuum_gates
from qdiff.circuit.own_gates import resolve_own_gates
from qdiff.data import storage
from qdiff.errors import InputError

_PLACE = re.compile(r"^(?:<input>:)?L?(\d+)[:,]C?(\d+):")
_NATIVE_ERROR = re.compile(r"Error: ([^\\\x1b]+)")  # amid a coloured backtrace
_MAX_CAUSE = 200
_NO_MEMORY = ("memory allocat", "MemoryError")  # how native code passes it on

QPY, QASM2, QASM3 = "QPY", "OpenQASM 2", "OpenQASM 3"
"""The forms, as messages name them."""


def parse(data: bytes, form: str, path: Path) -> QuantumCircuit:
    """The circuit in `data`, where OpenQASM is UTF-8 without comments.

    `path` is named in messages, and includes are looked for beside it.

    Raises `InputError`, in one line, for whatever the parser of that form objects to.
    """
    if form == QPY:
        with _one_line(path, form):
            circuit: QuantumCircuit = qpy.load(io.BytesIO(data))[0]
            return circuit
    code = data.decode()
    if form == QASM2:
        own = openqasm.own_gates(f"{code}\n{openqasm.included(code, path)}")
        code, known = with_quantinuum_gates(code, path)
        customs = [gate for gate in known if gate.name not in own]
        with _one_line(path, form):
            circuit = qasm2.loads(code, include_path=(path.parent,), custom_instructions=customs)
            return resolve_own_gates(circuit)
    with _one_line(path, form), contextlib.redirect_stderr(io.StringIO()):
        return resolve_own_gates(qasm3.loads(code))


@contextlib.contextmanager
def _one_line(path: Path, form: str) -> Iterator[None]:
    """Whatever a parser raises (its native code panics outside Exception) as one `InputError`."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        if any(sign in str(error) for sign in _NO_MEMORY):
            raise MemoryError from None
        raise InputError(f"{path} cannot be read as {form}: {_cause(error)}") from None


def _cause(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    token = _offending_token(error)
    if token is not None:
        return f"line {token.line}, column {token.column}: unexpected {token.text!r}"
    said = storage.one_line(error).strip("'\"")
    nested = _NATIVE_ERROR.search(said)
    said = nested[1] if nested else said
    placed = _PLACE.sub(r"line \1, column \2:", said)
    return placed if len(placed) <= _MAX_CAUSE else placed[:_MAX_CAUSE] + "..."


def _offending_token(error: BaseException) -> Any:
    """Where the OpenQASM 3 parser stopped; it says so only inside the exception's cause."""
    arguments = getattr(error.__cause__, "args", ())
    return getattr(arguments[0], "offendingToken", None) if arguments else None
