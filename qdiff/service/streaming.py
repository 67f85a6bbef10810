"""Shots as bytes, a portion at a time: what is sent need never be held whole.

What is held is `Shots`: distinct strings and their counts, sixteen bytes each up to 64 bits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data import count_keys
from qdiff.data.bits import Words
from qdiff.data.shots import Shots
from qdiff.service.questions import Form

_PORTION_BYTES = 1 << 18
_ZERO, _NEWLINE = ord("0"), ord("\n")

MEDIA_TYPES: dict[Form, str] = {
    "counts": "application/json",
    "01": "text/plain",
    "b8": "application/octet-stream",
}


def portions(shots: Shots, form: Form, about: dict[str, Any]) -> Iterator[bytes]:
    """Shots in a format that `qdiff.load` reads, about a quarter of a megabyte at a time.

    `about` stands beside counts; the other formats have no place for it.
    """
    if form == "counts":
        return _counts(shots, about)
    return _lines(shots) if form == "01" else _packed(shots)


def _counts(shots: Shots, about: dict[str, Any]) -> Iterator[bytes]:
    """One JSON object whose last member is ``counts``."""
    head = json.dumps(about)[:-1] + ', "counts": {'
    rows = max(1, _PORTION_BYTES // (shots.num_bits + 16))
    for start in range(0, len(shots.counts), rows):
        part = slice(start, start + rows)
        keys = count_keys.format_keys(shots.words[part], shots.registers)
        pairs = zip(keys, shots.counts[part].tolist(), strict=True)
        text = ", ".join(f'"{key}": {count}' for key, count in pairs)
        tail = "}}\n" if start + rows >= len(shots.counts) else ", "
        yield f"{head}{text}{tail}".encode()
        head = ""


def _lines(shots: Shots) -> Iterator[bytes]:
    """Stim's 01: a line a shot, bit 0 first."""
    for words in _each_shot(shots, shots.num_bits + 1):
        text = np.full((len(words), shots.num_bits + 1), _NEWLINE, np.uint8)
        text[:, :-1] = bitorder.unpack(words, shots.num_bits) + _ZERO
        yield text.tobytes()


def _packed(shots: Shots) -> Iterator[bytes]:
    """Stim's b8: whole bytes a shot, bit 0 lowest in the first."""
    width = -(-shots.num_bits // 8)
    for words in _each_shot(shots, width):
        table = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
        yield table.reshape(len(words), -1)[:, :width].tobytes()


def _each_shot(shots: Shots, width: int) -> Iterator[Words]:
    """A row a shot, equal ones together, in portions of rows that are so many bytes wide."""
    ends = np.cumsum(shots.counts)
    rows = max(1, _PORTION_BYTES // width)
    for start in range(0, shots.num_shots, rows):
        places = np.arange(start, min(start + rows, shots.num_shots))
        yield shots.words[np.searchsorted(ends, places, side="right")]
