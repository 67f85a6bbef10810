"""Circuits from files, family texts and Qiskit objects.

A file is recognised by its content, not its suffix. What may be far larger than it looks is first
read in a process of its own (`qdiff.circuit.sandbox`).
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

from qiskit.circuit import QuantumCircuit

from qdiff.circuit import openqasm
from qdiff.circuit.families import by_name as families
from qdiff.circuit.families import mqt
from qdiff.circuit.measurement import measures
from qdiff.circuit.openqasm import MAX_REGISTER_BITS
from qdiff.circuit.parsing import QASM2, QASM3, QPY, parse
from qdiff.circuit.sandbox import rehearse
from qdiff.errors import InputError

OLDEST_SAFE_QPY = 13
"""Earlier QPY versions can run code while they are read (Qiskit's advisory on QPY)."""

_QPY_MAGIC = b"QISKIT"
_QPY_HEADER = struct.Struct("!6sBBBBQ")  # magic, format version, Qiskit's version, circuits
_QPY_START = 20  # where the circuit begins, or from version 16 on the place of its beginning
_QPY_SIZES = struct.Struct("!HcHII")  # name, kind and size of the phase, qubits, classical bits

_HEADER = re.compile(r"\s*+OPENQASM\s++(\d+)(?:\.\d+)?\s*+;")


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
    data = openqasm.read_file(path)
    if not data.strip():
        raise InputError(f"{path} is empty")
    if data.startswith(_QPY_MAGIC):
        _check_qpy_header(data, path)
        return _tried(data, QPY, path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unrecognised(path) from None
    return _from_openqasm(data, openqasm.without_comments(text), path)


def _from_openqasm(data: bytes, code: str, path: Path) -> QuantumCircuit:
    header = _HEADER.match(code)
    if header is None:
        raise _unrecognised(path)
    if header[1] not in ("2", "3"):
        raise InputError(f"{path} is OpenQASM {header[1]}; versions 2 and 3 can be read")
    form = QASM2 if header[1] == "2" else QASM3
    if form == QASM2:
        code = f"{code}\n{openqasm.included(code, path)}"
    openqasm.refuse_huge_registers(code, path)
    return _tried(data, form, path) if openqasm.may_grow(code) else _parsed(data, form, path)


def _tried(data: bytes, form: str, path: Path) -> QuantumCircuit:
    rehearse(data, form, path)
    return _parsed(data, form, path)


def _parsed(data: bytes, form: str, path: Path) -> QuantumCircuit:
    try:
        return parse(data, form, path)
    except MemoryError:
        raise InputError(f"{path} does not fit into memory as a circuit") from None


def _unrecognised(path: Path) -> InputError:
    return InputError(
        f"{path} is no circuit file: expected QPY, or OpenQASM starting with 'OPENQASM 3.0;'"
    )


def _check_qpy_header(data: bytes, path: Path) -> None:
    """Refuse what reading would be unsafe or pointless; what lies deeper is found by a trial."""
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
    try:
        start = struct.unpack_from("!Q", data, _QPY_START)[0] if version >= 16 else _QPY_START
        *_, qubits, bits = _QPY_SIZES.unpack_from(data, start)
    except (struct.error, OverflowError):
        raise InputError(f"{path} is a truncated QPY file") from None
    if max(qubits, bits) > MAX_REGISTER_BITS:
        raise InputError(
            f"{path} is QPY with {qubits} qubits and {bits} bits; the limit is {MAX_REGISTER_BITS}"
        )
