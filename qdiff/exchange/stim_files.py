"""Stim's sample files: ``01`` (a line of digits a shot) and ``b8`` (packed bytes, no header).

https://github.com/quantumlib/Stim/blob/main/doc/result_formats.md. Measurement j is bit j. Neither
format holds registers, and ``b8`` not even the number of bits.
"""

from __future__ import annotations

import numpy as np

from qdiff import bits as bitorder
from qdiff.errors import InputError
from qdiff.exchange.bit_arrays import all_rows, all_words
from qdiff.exchange.hints import Hints
from qdiff.exchange.limits import check_size
from qdiff.shots import Shots

_ZERO, _NEWLINE = ord("0"), ord("\n")


def read_01(data: bytes, hints: Hints) -> Shots:
    """Shots from lines of 0 and 1, bit 0 first. Raises `InputError` for anything else."""
    text = data.replace(b"\r\n", b"\n")
    if not text.endswith(b"\n"):
        text += b"\n"
    num_bits = text.index(b"\n")
    rows, rest = divmod(len(text), num_bits + 1)
    if rest or num_bits == 0:
        raise InputError("the lines of a Stim 01 file must all have one length, at least 1")
    check_size(rows, num_bits)
    table = np.frombuffer(text, np.uint8).reshape(rows, num_bits + 1)
    digits = table[:, :-1] - _ZERO  # wraps around below '0'
    if digits.max() > 1 or (table[:, -1] != _NEWLINE).any():
        raise InputError("a Stim 01 file has lines of 0 and 1, all of one length")
    return Shots.from_words(
        bitorder.pack(digits), np.ones(rows, np.int64), registers=hints.registers_for(num_bits)
    )


def write_01(shots: Shots) -> bytes:
    """One line a shot, equal ones together."""
    text = np.full((shots.num_shots, shots.num_bits + 1), _NEWLINE, np.uint8)
    text[:, :-1] = all_rows(shots)
    text[:, :-1] += _ZERO
    return text.tobytes()


def read_b8(data: bytes, hints: Hints) -> Shots:
    """Shots from packed bytes, bit j of a shot being bit j % 8 of its byte j // 8.

    Raises `InputError` when the number of bits is not told of, and when it does not fit the bytes.
    """
    num_bits = hints.width
    if num_bits is None:
        raise InputError("a Stim b8 file does not say how many bits a shot has; give --bits")
    width = -(-num_bits // 8)
    rows, rest = divmod(len(data), width)
    if rest or not rows:
        raise InputError(f"{len(data)} bytes are no whole number of shots of {num_bits} bits")
    check_size(rows, num_bits)
    table = np.frombuffer(data, np.uint8).reshape(rows, width)
    if num_bits % 8 and (table[:, -1] >> (num_bits % 8)).any():
        raise InputError(f"a shot has bits beyond its {num_bits}: --bits is wrong, or the file")
    padded = np.zeros((rows, bitorder.num_words(num_bits) * 8), np.uint8)
    padded[:, :width] = table
    words = padded.view("<u8").astype(np.uint64, copy=False)
    return Shots.from_words(words, np.ones(rows, np.int64), registers=hints.registers_for(num_bits))


def write_b8(shots: Shots) -> bytes:
    """Packed bytes, equal shots together."""
    words = np.ascontiguousarray(all_words(shots), dtype="<u8")
    width = -(-shots.num_bits // 8)
    return words.view(np.uint8).reshape(len(words), -1)[:, :width].tobytes()
