"""From one file format to another: shots, or circuits."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

from qdiff.data.argument_checks import check_is
from qdiff.data.output import as_path, check_output, is_standard, write_bytes
from qdiff.data.shots import Shots
from qdiff.data.source import opened, seekable
from qdiff.data.storage import one_line
from qdiff.errors import InputError
from qdiff.files.formats import Form, form_of_suffix, write
from qdiff.files.hints import Hints
from qdiff.files.load import load

NATIVE = "safetensors"
CIRCUITS = ("qpy", "qasm", "qasm2")
"""Formats of circuits; ``qasm`` is OpenQASM 3."""

_HEAD = 1 << 20
_OPENQASM = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s|//[^\n]*+\n|/\*.*?\*/)*+"
    rb"(?:OPENQASM\s|include\s*+[\"'](?:qelib1|hqslib1)\.inc)",
    re.DOTALL | re.IGNORECASE,
)
"""Where the language is named, or OpenQASM 2 begins, after nothing but comments."""

_DECLARED = re.compile(r"\b(?:qu)?bit\[\d+\]\s+(\w+)\s*;|\blet\s+(\w+)\s*=|\b[qc]reg\s+(\w+)\s*\[")
"""Names of registers in OpenQASM 2 and 3."""

CIRCUIT_SUFFIXES = {".qpy": "qpy", ".qasm": "qasm", ".qasm3": "qasm", ".qasm2": "qasm2"}


def convert(
    source: str | Path,
    target: str | Path,
    *,
    to: str | None = None,
    form: Form | str | None = None,
    hints: Hints | None = None,
    force: bool = False,
) -> Any:
    """Read `source`, write it to `target`, and return what was read.

    The format of `source` is recognised by its content (or is `form`), that of `target` is `to`,
    else what its name says: ``.json``, ``.runtime.json``, ``.01``, ``.b8``, ``.npz``, ``.csv``,
    ``.parquet`` or ``.safetensors`` for shots, ``.qpy``, ``.qasm`` or ``.qasm2`` for circuits;
    ``-`` is standard output, and counts as JSON.

    Raises `InputError` when either cannot be read or written, and for an existing `target` unless
    `force`.
    """
    target = as_path(target, "target")
    hints = Hints() if hints is None else check_is(hints, Hints, "hints")
    wanted = _wanted(target, to)
    check_output(target, force=force, others=(source,))
    with seekable(as_path(source, "source")) as file:
        return _converted(file, target, wanted, form=form, hints=hints, force=force)


def _converted(
    source: Path,
    target: Path,
    wanted: str,
    *,
    form: Form | str | None,
    hints: Hints,
    force: bool,
) -> Any:
    if form is None and holds_circuit(source):
        return _convert_circuit(source, target, wanted, force=force)
    value = load(source, hints, form=form)
    if wanted == NATIVE:
        value.save(target, force=force)
        return value
    if not isinstance(value, Shots):
        kind = type(value).__name__.lower()
        advice = "qdiff sample draws shots from it" if kind == "surrogate" else "write .safetensors"
        raise InputError(f"{source} holds a {kind}, which {wanted} cannot hold; {advice}")
    if wanted in CIRCUITS:
        raise InputError(f"{source} holds shots, which {wanted} cannot hold")
    write_bytes(target, write(value, Form.parse(wanted)), force=force)
    return value


def _wanted(target: Path, to: str | None) -> str:
    known = (NATIVE, *CIRCUITS, *Form)
    if to is not None:
        if not isinstance(to, str) or to not in known:
            raise InputError(f"unknown format {to!r}; there are {', '.join(known)}")
        return to
    if is_standard(target):
        return Form.COUNTS.value
    suffix = target.suffix.lower()
    if suffix == f".{NATIVE}":
        return NATIVE
    return CIRCUIT_SUFFIXES.get(suffix) or form_of_suffix(target).value


def holds_circuit(path: Path) -> bool:
    """Whether a file is one of a circuit, by its first bytes. Raises `InputError` for none."""
    with opened(path) as file:
        head: bytes = file.read(_HEAD)
    return head.startswith(b"QISKIT") or _OPENQASM.match(head) is not None


def _convert_circuit(source: Path, target: Path, wanted: str, *, force: bool) -> Any:
    from qdiff.circuit.loading import load_circuit

    if wanted not in CIRCUITS:
        raise InputError(
            f"{source} holds a circuit, which {wanted} cannot hold; write .qpy or .qasm"
        )
    circuit = load_circuit(source)
    write_bytes(target, _circuit_bytes(circuit, wanted), force=force)
    return circuit


def _circuit_bytes(circuit: Any, form: str) -> bytes:
    from qiskit import qasm2, qasm3, qpy

    try:
        if form == "qpy":
            file = io.BytesIO()
            qpy.dump(circuit, file)
            return file.getvalue()
        text: str = qasm2.dumps(circuit) if form == "qasm2" else qasm3.dumps(circuit)
    except Exception as error:  # exporters raise what they like
        raise InputError(
            f"circuit {circuit.name!r} cannot be written as {form}: {one_line(error)[:200]}"
        ) from None
    _refuse_renaming(circuit, text)
    return (text.rstrip() + "\n").encode()


def _refuse_renaming(circuit: Any, text: str) -> None:
    """Qiskit's exporters give registers other names where OpenQASM cannot hold theirs."""
    declared = {name for found in _DECLARED.findall(text) for name in found}
    for register in (*circuit.qregs, *circuit.cregs):
        if register.name not in declared:
            raise InputError(
                f"OpenQASM cannot hold a register called {register.name[:80]!r}; write .qpy, or "
                "rename it"
            )
