"""Circuits from files, family texts and Qiskit objects.

A file is recognised by its content, not its suffix. What may be far larger than it looks is first
read in a process of its own (`qdiff.circuit.sandbox`).
"""

from __future__ import annotations

import os
import re
import struct
import warnings
from pathlib import Path

from qiskit.circuit import QuantumCircuit

from qdiff.circuit import openqasm
from qdiff.circuit.dialects import with_braket_gates
from qdiff.circuit.families import by_name as families
from qdiff.circuit.families import mqt
from qdiff.circuit.measurement import measures
from qdiff.circuit.openqasm import MAX_REGISTER_BITS
from qdiff.circuit.parsing import QASM2, QASM3, QPY, parse
from qdiff.circuit.sandbox import BeyondLimitsError, rehearse, unroll
from qdiff.data.output import STANDARD
from qdiff.errors import InputError

OLDEST_SAFE_QPY = 13
"""Earlier QPY versions can run code while they are read (Qiskit's advisory on QPY)."""

_QPY_MAGIC = b"QISKIT"
_QPY_HEADER = struct.Struct("!6sBBBBQ")  # magic, format version, Qiskit's version, circuits
_QPY_START = 20  # where the circuit begins, or from version 16 on the place of its beginning
_QPY_SIZES = struct.Struct("!HcHII")  # name, kind and size of the phase, qubits, classical bits

_BEYOND_IMPORTER = re.compile(r"\*\*|\b(?:def|const|for|while|if|let|u?int|float|angle|bool|pow)\b")
"""Signs of what may be settled before the circuit runs, and written out."""


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
    circuit, name = _loaded(source)
    if circuit.num_parameters or circuit.num_input_vars:
        free = [*circuit.parameters, *circuit.iter_input_vars()]
        names = ", ".join(sorted(item.name for item in free))
        raise InputError(f"{name} has unbound parameters ({names}); assign_parameters sets them")
    return _measuring(circuit, name)


def load_template(source: str | Path | QuantumCircuit) -> QuantumCircuit:
    """A circuit with free parameters, from a file (``input angle a;`` in OpenQASM 3) or itself.

    Raises `InputError` as `load_circuit` does, and for a circuit without parameters.

    >>> from qiskit.circuit import Parameter
    >>> circuit = QuantumCircuit(1)
    >>> _ = circuit.ry(Parameter("a"), 0), circuit.measure_all()
    >>> [parameter.name for parameter in load_template(circuit).parameters]
    ['a']
    """
    circuit, name = _loaded(source)
    if circuit.num_input_vars:
        raise InputError(f"{name} computes with its inputs; only gates' angles can be free")
    if not circuit.num_parameters:
        raise InputError(f"{name} has no free parameters: no family")
    return _measuring(circuit, name)


def _loaded(source: object) -> tuple[QuantumCircuit, str]:
    """The circuit, and what to call it."""
    if isinstance(source, QuantumCircuit):
        return source, f"circuit {source.name!r}"
    if not isinstance(source, (str, Path)):
        raise InputError(f"a circuit is a path, a text or a QuantumCircuit, got {source!r}")
    if isinstance(source, str) and source != STANDARD and not os.path.exists(source):
        return _from_family(source), source
    return _from_file(Path(source)), str(source)


def _measuring(circuit: QuantumCircuit, source: str) -> QuantumCircuit:
    if not measures(circuit):
        raise InputError(
            f"{source} measures nothing; end it with measure_all() in Python, "
            "or 'c = measure q;' in OpenQASM 3"
        )
    return circuit


def _from_family(text: str) -> QuantumCircuit:
    if text.strip().startswith(mqt.PREFIX):
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
    text = openqasm.decoded(data)
    if text is None:
        raise _unrecognised(path)
    return _from_openqasm(openqasm.without_comments(text), path)


def _from_openqasm(code: str, path: Path) -> QuantumCircuit:
    version = openqasm.version_of(code)
    if version is None:
        raise _unrecognised(path)
    if version not in ("2", "3"):
        raise InputError(f"{path} is OpenQASM {version[:20]}; versions 2 and 3 can be read")
    if openqasm.HEADER.match(code) is None:
        warnings.warn(f"{path} has no header; it is read as OpenQASM 2", UserWarning, stacklevel=4)
    code = openqasm.with_header(code)
    if version == "2":
        return _from_code(code, QASM2, path, f"{code}\n{openqasm.included(code, path)}")
    code = openqasm.with_ordered_parameters(with_braket_gates(code))
    try:
        return _from_code(code, QASM3, path, code)
    except BeyondLimitsError:
        raise
    except InputError as error:
        if not _BEYOND_IMPORTER.search(code):
            raise
        return _from_unrolled(code, path, str(error))


def _from_code(code: str, form: str, path: Path, whole: str) -> QuantumCircuit:
    """The circuit of `code`, which with its includes is `whole`."""
    openqasm.refuse_huge_registers(whole, path)
    return (_tried if openqasm.may_grow(whole) else _parsed)(code.encode(), form, path)


def _from_unrolled(code: str, path: Path, objection: str) -> QuantumCircuit:
    """The circuit of OpenQASM 3 that Qiskit's importer objects to, written out first."""
    try:
        plain = with_braket_gates(unroll(code, path))
    except BeyondLimitsError:
        raise
    except InputError as error:
        raise InputError(f"{objection}; nor can it be written out: {error}") from None
    return _from_code(plain, QASM3, path, plain)


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
