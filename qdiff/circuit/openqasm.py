"""What an OpenQASM text asks for, looked at before a parser makes it."""

from __future__ import annotations

import re
from pathlib import Path

from qdiff.data.source import opened
from qdiff.errors import InputError

MAX_FILE_BYTES = 64 * 2**20
MAX_REGISTER_BITS = 100_000
"""A declared register beyond this is refused before the parser makes an object for each bit."""

MAX_UNTRIED_WORK = 10_000_000
"""Bits times statements, which bounds what broadcast gates become, in a file that is read at once;
as instructions they take some 100 bytes each."""

MAX_UNTRIED_GATE = 20_000
"""Operations of a gate, written out as the OpenQASM 3 parser does, in what is read at once."""

_DEFINITION = re.compile(r"\bgate\s++(\w++)[^{]*+\{([^}]*+)\}")
_WORD = re.compile(r"\w++")
_COMMENT = re.compile(r"//[^\n]*+|/\*.*?(?:\*/|\Z)", re.DOTALL)
HEADER = re.compile(r"(\s*+)OPENQASM(\s++(\d+)(?:\.\d+)?\s*+;)", re.IGNORECASE)
_HEADLESS = re.compile(r"""\s*+include\s*+["'](?:qelib1|hqslib1)\.inc["']\s*+;""")
_OPENQASM_2 = re.compile(r"\b[qc]reg\b")
_INCLUDE = re.compile(r"""\binclude\s*+["']([^"'\n]*+)["']""")
_OWN_GATE = re.compile(r"\bgate\s++(\w++)")
_PARAMETERS = re.compile(r"(\bgate\s++\w++\s*+\()([^){}]*+)(\)[^{]*+\{)([^}]*+)\}")
_BRACKETED = re.compile(r"\[\s*+([\d_]++)\s*+\]")
_REGISTER = re.compile(
    r"\b(?:(?:qubit|bit)\b\s*+(?:\[([^\]]*+)\])?|[qc]reg\s++\w++\s*+\[([^\]]*+)\])"
)
_MANY_CONTROLS = re.compile(r"\bctrl\s*+\((?!\s*+\d{1,4}\s*+\))")
_STANDARD_INCLUDES = ("qelib1.inc", "stdgates.inc")
HQSLIB = "hqslib1.inc"
"""Quantinuum's include, known where it does not lie beside the file."""


def read_file(path: Path) -> bytes:
    """The bytes of a circuit file. Raises `InputError` where there is none, or a vast one."""
    with opened(path) as file:
        data: bytes = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{path} is larger than {MAX_FILE_BYTES // 2**20} MiB")
    return data


def decoded(data: bytes) -> str | None:
    """The text of a file, or None. Other characters than UTF-8's may stand in comments alone."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        return text if without_comments(text).isascii() else None


def version_of(code: str) -> str | None:
    """What the header says, or ``"2"`` where it is missing from what can only be OpenQASM 2.

    >>> version_of("openqasm 3.0;"), version_of('include "qelib1.inc"; qreg q[2];')
    ('3', '2')
    """
    header = HEADER.match(code)
    if header is not None:
        return header[3]
    return "2" if _HEADLESS.match(code) and _OPENQASM_2.search(code) else None


def with_header(code: str) -> str:
    """`code` with OpenQASM's header in capitals, that of OpenQASM 2 where there is none."""
    found, count = HEADER.subn(r"\1OPENQASM\2", code, count=1)
    return found if count and HEADER.match(code) else f"OPENQASM 2.0; {code}"


def without_comments(text: str) -> str:
    """The code alone; lines keep their numbers."""
    return _COMMENT.sub(lambda comment: " " + "\n" * comment[0].count("\n"), text)


def refuse_huge_registers(code: str, path: Path) -> None:
    """Raise `InputError` where a bit or a register's size is beyond `MAX_REGISTER_BITS`."""
    longest = len(str(MAX_REGISTER_BITS))
    for found in _BRACKETED.finditer(code):
        digits = found[1].replace("_", "").lstrip("0")
        if len(digits) > longest or int(digits or "0") > MAX_REGISTER_BITS:
            raise InputError(
                f"{path} asks for bit {digits[:20]}; the limit is {MAX_REGISTER_BITS} bits"
            )


def may_grow(code: str) -> bool:
    """Whether the circuit may be far larger than its text.

    Gates are broadcast over registers, so it has at most as many instructions as there are bits
    times statements; a size that is no plain number, or a gate of many controls, may be anything.

    >>> may_grow("qreg q[3]; h q;"), may_grow("qubit[10 * 100] q; h q;")
    (False, True)
    """
    if _MANY_CONTROLS.search(code) or _longest_gate(code) > MAX_UNTRIED_GATE:
        return True
    bits = 1
    for found in _REGISTER.finditer(code):
        size = (found[1] or found[2] or "1").strip()
        if not (size.isascii() and size.isdigit()):
            return True
        bits += int(size)
    return bits * code.count(";") > MAX_UNTRIED_WORK


def _longest_gate(code: str) -> int:
    """At least as many operations as any gate has that the code defines, written out.

    Gates are defined in terms of earlier ones; whatever word is one's name counts as its use.
    """
    lengths: dict[str, int] = {}
    for name, body in _DEFINITION.findall(code):
        used = sum(lengths.get(word, 0) for word in _WORD.findall(body))
        lengths[name] = min(body.count(";") + used, 2 * MAX_UNTRIED_GATE)
    return max(lengths.values(), default=0)


def included(code: str, path: Path, including: tuple[str, ...] = ()) -> str:
    """The code of all files that `code` includes, the standard ones aside.

    Raises `InputError` for an include that is not a plain name in the file's own folder.
    """
    parts = []
    for include in _INCLUDE.findall(code):
        if include in _STANDARD_INCLUDES or is_known_hqslib(include, path):
            continue
        if include in including:
            raise InputError(f"{path}: include {include!r} includes itself")
        if Path(include).name != include or "\\" in include or include in ("", ".", ".."):
            raise InputError(
                f"{path}: include {include[:80]!r} is refused; only files in its own folder are "
                "read"
            )
        if not _is_file(path.parent / include):
            raise InputError(f"{path}: there is no file {include[:80]!r} in its folder to include")
        inner = without_comments(read_file(path.parent / include).decode(errors="replace"))
        parts += [inner, included(inner, path, (*including, include))]
    return "\n".join(parts)


def is_known_hqslib(include: str, path: Path) -> bool:
    """Whether an include is Quantinuum's, and not a file of that name beside `path`."""
    return include == HQSLIB and not _is_file(path.parent / HQSLIB)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def with_ordered_parameters(code: str) -> str:
    """OpenQASM 3 whose gates have parameters in the order of their names.

    Qiskit's importer hands a gate's arguments to its parameters in alphabetical order. Where that
    is not the written order, they get other names.
    """

    def ordered(gate: re.Match[str]) -> str:
        names = [name.strip() for name in gate[2].split(",")]
        if names == sorted(names):
            return gate[0]
        new = {name: f"parameter_{place:06}" for place, name in enumerate(names)}
        body = _WORD.sub(lambda word: new.get(word[0], word[0]), gate[4])
        return f"{gate[1]}{', '.join(new.values())}{gate[3]}{body}}}"

    return _PARAMETERS.sub(ordered, code)


def own_gates(code: str) -> set[str]:
    """Names of the gates that code defines."""
    return set(_OWN_GATE.findall(code))
