"""Circuits from files, family texts and Qiskit objects.

A file is recognised by its content, not its suffix. Whatever a parser raises becomes one line.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qiskit import qasm2, qasm3, qpy
from qiskit.circuit import QuantumCircuit

from qdiff import families, storage
from qdiff.circuit.measurement import measures
from qdiff.circuit.own_gates import resolve_own_gates
from qdiff.errors import InputError
from qdiff.families import mqt

MAX_FILE_BYTES = 64 * 2**20
MAX_REGISTER_BITS = 100_000
"""A declared register beyond this is refused before the parser makes an object for each bit."""

OLDEST_SAFE_QPY = 13
"""Earlier QPY versions can run code while they are read (Qiskit's advisory on QPY)."""

_QPY_MAGIC = b"QISKIT"
_QPY_HEADER = struct.Struct("!6sBBBBQ")  # magic, format version, Qiskit's version, circuits
_QPY_START = 20  # where the circuit begins, or from version 16 on the place of its beginning
_QPY_SIZES = struct.Struct("!HcHII")  # name, kind and size of the phase, qubits, classical bits

_COMMENT = re.compile(r"//[^\n]*+|/\*.*?\*/", re.DOTALL)
_HEADER = re.compile(r"\s*+OPENQASM\s++(\d+)(?:\.\d+)?\s*+;")
_INCLUDE = re.compile(r"""\binclude\s*+["']([^"'\n]*+)["']""")
_OWN_GATE = re.compile(r"\bgate\s++(\w++)")
_BRACKETED = re.compile(r"\[\s*+(\d++)\s*+\]")
_PLACE = re.compile(r"^(?:<input>:)?L?(\d+)[:,]C?(\d+):")
_NATIVE_ERROR = re.compile(r"Error: ([^\\\x1b]+)")  # amid a coloured backtrace
_MAX_CAUSE = 200
_STANDARD_INCLUDES = ("qelib1.inc", "stdgates.inc")


def load_circuit(source: str | Path | QuantumCircuit) -> QuantumCircuit:
    """A circuit from a file, a family text such as ``"ising:12"``, or itself.

    Files hold OpenQASM 2, OpenQASM 3 or QPY (version 13 and later). An existing file wins over a
    family of the same text. A gate that an OpenQASM file defines itself keeps its definition, also
    under the name of one of Qiskit's gates (it is then called ``<name>_own``).

    Raises `InputError`, naming the source and the cause, when it cannot be read, when parameters
    are unbound, and when nothing is measured.

    >>> load_circuit("ghz:3").num_clbits
    3
    """
    if isinstance(source, QuantumCircuit):
        return _checked(source, f"circuit {source.name!r}")
    if not isinstance(source, (str, Path)):
        raise InputError(f"a circuit is a path, a text or a QuantumCircuit, got {source!r}")
    if isinstance(source, str) and not os.path.exists(source):
        return _checked(_from_family(source), source)
    return _checked(_from_file(Path(source)), str(source))


def _checked(circuit: QuantumCircuit, source: str) -> QuantumCircuit:
    if circuit.num_parameters or circuit.num_input_vars:
        free = [*circuit.parameters, *circuit.iter_input_vars()]
        names = ", ".join(sorted(item.name for item in free))
        raise InputError(f"{source} has unbound parameters ({names}); assign_parameters sets them")
    if not measures(circuit):
        raise InputError(
            f"{source} measures nothing; end it with measure_all() in Python, "
            "or 'c = measure q;' in OpenQASM 3"
        )
    return circuit


def _from_family(text: str) -> QuantumCircuit:
    if mqt.is_mqt(text):
        return mqt.build_mqt(text)
    if families.is_family(text):
        return families.build(text)
    known = ", ".join(families.FAMILIES)
    raise InputError(
        f"{text[:80]!r} is neither a file that exists nor a circuit family such as 'ising:12' "
        f"(families: {known}; mqt:ghz:8 and the like with the extra 'mqt')"
    )


def _from_file(path: Path) -> QuantumCircuit:
    data = _read(path)
    if not data.strip():
        raise InputError(f"{path} is empty")
    if data.startswith(_QPY_MAGIC):
        return _from_qpy(data, path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unrecognised(path) from None
    code = _COMMENT.sub(" ", text)
    header = _HEADER.match(code)
    if header is None:
        raise _unrecognised(path)
    _refuse_huge_registers(code, path)
    if header[1] == "2":
        return _from_qasm2(text, code, path)
    if header[1] == "3":
        return _from_qasm3(text, path)
    raise InputError(f"{path} is OpenQASM {header[1]}; versions 2 and 3 can be read")


def _read(path: Path) -> bytes:
    if "\0" in str(path):
        raise InputError(f"there is no file {str(path)!r}")
    with storage.opened(path) as file:
        data: bytes = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{path} is larger than {MAX_FILE_BYTES // 2**20} MiB")
    return data


def _unrecognised(path: Path) -> InputError:
    return InputError(
        f"{path} is no circuit file: expected QPY, or OpenQASM starting with 'OPENQASM 3.0;'"
    )


def _refuse_huge_registers(code: str, path: Path) -> None:
    longest = len(str(MAX_REGISTER_BITS))
    for found in _BRACKETED.finditer(code):
        digits = found[1].lstrip("0")
        if len(digits) > longest or int(digits or "0") > MAX_REGISTER_BITS:
            raise InputError(
                f"{path} asks for bit {digits[:20]}; the limit is {MAX_REGISTER_BITS} bits"
            )


def _from_qpy(data: bytes, path: Path) -> QuantumCircuit:
    if len(data) < _QPY_HEADER.size:
        raise InputError(f"{path} is a truncated QPY file")
    _, version, *_, count = _QPY_HEADER.unpack_from(data)
    if version < OLDEST_SAFE_QPY:
        raise InputError(
            f"{path} is QPY version {version}; below {OLDEST_SAFE_QPY} reading is unsafe: "
            "save it again with Qiskit 1.3 or later"
        )
    if count != 1:
        raise InputError(f"{path} holds {count} circuits; save one circuit to a file")
    _check_qpy_sizes(data, version, path)
    with _one_line(path, "QPY"):
        circuit: QuantumCircuit = qpy.load(io.BytesIO(data))[0]
    return circuit


def _check_qpy_sizes(data: bytes, version: int, path: Path) -> None:
    """Qiskit makes as many bits as a file declares, which may be four billion."""
    try:
        start = struct.unpack_from("!Q", data, _QPY_START)[0] if version >= 16 else _QPY_START
        *_, qubits, bits = _QPY_SIZES.unpack_from(data, start)
    except (struct.error, OverflowError):
        raise InputError(f"{path} is a truncated QPY file") from None
    if max(qubits, bits) > MAX_REGISTER_BITS:
        raise InputError(
            f"{path} is QPY with {qubits} qubits and {bits} bits; the limit is {MAX_REGISTER_BITS}"
        )


def _from_qasm2(text: str, code: str, path: Path) -> QuantumCircuit:
    own_gates = _own_gates(code, path, ())
    customs = [gate for gate in qasm2.LEGACY_CUSTOM_INSTRUCTIONS if gate.name not in own_gates]
    with _one_line(path, "OpenQASM 2"):
        circuit = qasm2.loads(text, include_path=(path.parent,), custom_instructions=customs)
        return resolve_own_gates(circuit)


def _own_gates(code: str, path: Path, including: tuple[str, ...]) -> set[str]:
    """Names of the gates that a file and its includes define.

    Raises `InputError` for an include that is not a plain name in the file's own folder.
    """
    names = set(_OWN_GATE.findall(code))
    for include in _INCLUDE.findall(code):
        if include in _STANDARD_INCLUDES:
            continue
        if include in including:
            raise InputError(f"{path}: include {include!r} includes itself")
        if Path(include).name != include or "\\" in include or include in ("", ".", ".."):
            raise InputError(
                f"{path}: include {include!r} is refused; only files in its own folder are read"
            )
        if not (path.parent / include).is_file():
            raise InputError(f"{path}: there is no file {include!r} in its folder to include")
        inner = _read(path.parent / include).decode("utf-8", errors="replace")
        names |= _own_gates(_COMMENT.sub(" ", inner), path, (*including, include))
    return names


def _from_qasm3(text: str, path: Path) -> QuantumCircuit:
    with _one_line(path, "OpenQASM 3"), contextlib.redirect_stderr(io.StringIO()):
        return resolve_own_gates(qasm3.loads(text))


@contextlib.contextmanager
def _one_line(path: Path, form: str) -> Iterator[None]:
    """Whatever a parser raises (its native code panics outside Exception) as one `InputError`."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
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
