"""Gates that other vendors' OpenQASM takes for known, made known to Qiskit's parsers.

Lines keep their numbers, so that messages still point into the file. Braket's gates:
https://docs.aws.amazon.com/braket/latest/developerguide/braket-openqasm-supported-features.html;
Quantinuum's ``hqslib1.inc``: ``U1q(t, f)`` turns by t about the axis f of the equator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from math import pi
from pathlib import Path

from qiskit.circuit.library import RGate, RZGate, RZZGate
from qiskit.qasm2 import LEGACY_CUSTOM_INSTRUCTIONS, CustomInstruction

from qdiff.circuit.openqasm import HEADER, HQSLIB, is_known_hqslib, own_gates

_CALL = re.compile(r"(?:^|(?<=[;{}@]))(\s*+)([A-Za-z_]\w*+)(?=\s*+\(|\s++[A-Za-z_$])")
_STANDARD_INCLUDE = re.compile(r"""\binclude\s*+["']stdgates\.inc["']""")

STANDARD_GATES = frozenset(
    {
        *("p", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "rx", "ry", "rz", "id"),
        *("cx", "cy", "cz", "cp", "crx", "cry", "crz", "ch", "swap", "ccx", "cswap", "cu"),
        *("CX", "phase", "cphase", "u1", "u2", "u3"),
    }
)
"""What ``stdgates.inc`` defines."""

_BRAKET_NAMES: Mapping[str, str] = {
    "i": "id",
    "si": "sdg",
    "ti": "tdg",
    "v": "sx",
    "vi": "sxdg",
    "phaseshift": "p",
    "cnot": "cx",
    "ccnot": "ccx",
    "cv": "csx",
    "cphaseshift": "cp",
    "xx": "rxx",
    "yy": "ryy",
    "zz": "rzz",
    "prx": "r",
}
"""Braket's gates that are Qiskit's by another name."""

_DEFINITIONS: Mapping[str, str] = {
    "sxdg": "a { inv @ sx a; }",
    "csx": "a, b { ctrl @ sx a, b; }",
    "rxx": "(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }",
    "ryy": "(t) a, b { rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; "
    "rx(-pi/2) b; }",
    "rzz": "(t) a, b { cx a, b; rz(t) b; cx a, b; }",
    "r": "(t, f) a { rz(-f) a; rx(t) a; rz(f) a; }",
    "gpi": "(f) a { rz(-f) a; x a; rz(f) a; }",
    "gpi2": "(f) a { rz(-f) a; rx(pi/2) a; rz(f) a; }",
    "ms": "(f, g, t) a, b { rz(-f) a; rz(-g) b; h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; "
    "rz(f) a; rz(g) b; }",
    "iswap": "a, b { s a; s b; h a; cx a, b; cx b, a; h b; }",
    "ecr": "a, b { s a; sx b; cx a, b; x a; }",
    "pswap": "(t) a, b { swap a, b; cx a, b; p(t) b; cx a, b; }",
    "xy": "(t) a, b { h a; h b; cx a, b; rz(-t/2) b; cx a, b; h a; h b; rx(pi/2) a; rx(pi/2) b; "
    "cx a, b; rz(-t/2) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b; }",
    "cphaseshift00": "(t) a, b { x a; x b; cp(t) a, b; x a; x b; }",
    "cphaseshift01": "(t) a, b { x a; cp(t) a, b; x a; }",
    "cphaseshift10": "(t) a, b { x b; cp(t) a, b; x b; }",
}
"""Braket's gates that ``stdgates.inc`` lacks, up to a global phase, under Qiskit's name if any."""


_QUANTINUUM_NAMES = {name: f"hqslib1_{name.lower()}" for name in ("U1q", "Rz", "ZZ", "RZZ")}
"""Its native gates; OpenQASM 2 has no gate whose name starts with a capital letter."""

_QUANTINUUM_GATES = (
    CustomInstruction(_QUANTINUUM_NAMES["U1q"], 2, 1, RGate, builtin=True),
    CustomInstruction(_QUANTINUUM_NAMES["Rz"], 1, 1, RZGate, builtin=True),
    CustomInstruction(_QUANTINUUM_NAMES["ZZ"], 0, 2, partial(RZZGate, pi / 2), builtin=True),
    CustomInstruction(_QUANTINUUM_NAMES["RZZ"], 1, 2, RZZGate, builtin=True),
)

_HQSLIB = re.compile(r"""\binclude\s*+["']hqslib1\.inc["']\s*+;""")


def with_quantinuum_gates(code: str, path: Path) -> tuple[str, tuple[CustomInstruction, ...]]:
    """OpenQASM 2 in which ``qelib1.inc`` stands for Quantinuum's include, and the gates it knows.

    These are Qiskit's legacy ones, and where ``hqslib1.inc`` is included, Quantinuum's too.
    """
    legacy = tuple(LEGACY_CUSTOM_INSTRUCTIONS)
    if not _HQSLIB.search(code) or not is_known_hqslib(HQSLIB, path):
        return code, legacy
    instead = "" if "qelib1.inc" in code else 'include "qelib1.inc";'
    code = _renamed(_HQSLIB.sub(instead, code), _QUANTINUUM_NAMES, own_gates(code))
    return code, (*legacy, *_QUANTINUUM_GATES)


def with_braket_gates(code: str) -> str:
    """OpenQASM 3 without comments, in which the gates of Braket's dialect are defined.

    A gate is Braket's only where no include brings gates and the file does not define it.
    """
    header = HEADER.match(code)
    if header is None or _STANDARD_INCLUDE.search(code):
        return code
    own = own_gates(code)
    called = {call[2] for call in _CALL.finditer(code)} - own
    if not called & (STANDARD_GATES | {*_BRAKET_NAMES, *_DEFINITIONS}):
        return code
    if own & {_BRAKET_NAMES.get(name) for name in called}:
        return code  # its own gate would be called in the place of Braket's

    body = _renamed(code[header.end() :], _BRAKET_NAMES, own)
    needed = {_BRAKET_NAMES.get(name, name) for name in called}.intersection(_DEFINITIONS) - own
    definitions = "".join(f"gate {name} {_DEFINITIONS[name]} " for name in sorted(needed))
    return f'{header[0]} include "stdgates.inc"; {definitions}{body}'


def _renamed(code: str, names: Mapping[str, str], own: set[str]) -> str:
    """`code` whose calls of gates, but those of its own, go by other names."""

    def renamed(call: re.Match[str]) -> str:
        return call[1] + (call[2] if call[2] in own else names.get(call[2], call[2]))

    return _CALL.sub(renamed, code)
