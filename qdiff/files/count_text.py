"""Shots as text that is no JSON: CUDA-Q's printed counts, and lines of digits with spaces."""

from __future__ import annotations

import re
from collections import Counter

from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.files.counts_json import read_keyed
from qdiff.files.hints import Hints
from qdiff.files.key_styles import check_lengths, facing

CUDAQ = re.compile(rb"\s*+\{\s*+[01]++\s*+:\s*+\d")
"""CUDA-Q prints keys without quotes."""

SPACED_LINE = re.compile(rb"[01]++(?: [01]++)++\r?(?:\n|$)")
"""A shot whose bits or registers have spaces between them."""

SPACED_BITS = re.compile(rb"[01](?: [01])++\r?(?:\n|$)")

_PAIR = re.compile(rb"\s*+([01]++)\s*+:\s*+(\d++)\s*+")


def read_cudaq(data: bytes, hints: Hints) -> Shots | Distribution:
    """Shots from ``{ 00:512 11:488 }``; qubit 0 stands leftmost and becomes bit 0.

    Raises `InputError` for anything else.
    """
    if hints.bit0 is not None:
        raise InputError("what CUDA-Q prints says where bit 0 stands; leave out --bit0")
    text = data.strip()
    if text[:1] != b"{" or text[-1:] != b"}":
        raise InputError("the counts that CUDA-Q printed are cut off")
    text = text[1:-1].strip()
    counts: dict[str, str] = {}
    place = 0
    while place < len(text):
        pair = _PAIR.match(text, place)
        if pair is None or pair[1].decode() in counts:
            raise InputError("the counts that CUDA-Q printed are damaged")
        counts[pair[1].decode()] = pair[2].decode()
        place = pair.end()
    check_lengths([*counts], hints)
    keys = facing([*counts], Hints(bit0="left"))
    return read_keyed(dict(zip(keys, counts.values(), strict=True)), hints)


def read_spaced(data: bytes, hints: Hints) -> Shots | Distribution:
    """Shots from lines of registers, or bits, with spaces between them.

    Registers are as in Qiskit's ``memory``, bit 0 rightmost. Of single bits it cannot be seen
    whether they are registers: ``hints.bit0`` must say where bit 0 stands.

    Raises `InputError` without it, and for anything else.
    """
    lines = data.decode("ascii", errors="replace").split("\n")
    counts = Counter(stripped for line in lines if (stripped := line.strip()))
    if all(len(group) == 1 for group in next(iter(counts)).split(" ")):
        if any(len(line.replace(" ", "")) * 2 - 1 != len(line) for line in counts):
            raise InputError("the lines differ in where their spaces are")
        digits = [key.replace(" ", "") for key in counts]
        check_lengths(digits, hints)
        keys = facing(digits, hints, "bits with spaces")
        counts = Counter(dict(zip(keys, counts.values(), strict=True)))
        hints = Hints(num_bits=hints.num_bits, registers=hints.registers)
    return read_keyed(counts, hints)
