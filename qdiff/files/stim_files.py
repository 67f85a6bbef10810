"""Stim's sample files: ``01`` (a line of digits a shot) and ``b8`` (packed bytes, no header).

https://github.com/quantumlib/Stim/blob/main/doc/result_formats.md. Measurement j is bit j. Neither
format holds registers, and ``b8`` not even the number of bits.
"""

from __future__ import annotations

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data.shots import Shots
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError
from qdiff.files.bit_arrays import all_rows, all_words
from qdiff.files.count_text import SPACED_BITS
from qdiff.files.hints import Hints
from qdiff.files.limits import check_size, portions

_ZERO, _NEWLINE = np.uint8(ord("0")), ord("\n")
_NOT_01 = "a Stim 01 file has lines of 0 and 1, all of one length"


def read_01(data: bytes, hints: Hints) -> Shots:
    """Shots from lines of 0 and 1, bit 0 first. Raises `InputError` for anything else.

    Single bits may have a space between them.
    """
    if SPACED_BITS.match(data):
        data = _without_spaces(data)
    first = data[: data.find(b"\n") + 1] or data
    num_bits = len(first.rstrip(b"\r\n"))
    ending = np.frombuffer(first[num_bits:] or b"\n", np.uint8)
    rows, rest = divmod(len(data), num_bits + len(ending))
    unended = num_bits if rest == num_bits else 0  # a last line may do without its ending
    if rest != unended or num_bits == 0:
        raise InputError("the lines of a Stim 01 file must all have one length, at least 1")
    check_size(rows + 1, num_bits)
    text = np.frombuffer(data, np.uint8)
    table = text[: len(data) - unended].reshape(rows, num_bits + len(ending))
    tally = StreamingCounts(num_bits)
    for where in portions(rows, num_bits):
        if (table[where, num_bits:] != ending).any():
            raise InputError(_NOT_01)
        tally.add(_digits(table[where, :num_bits]))
    if unended:
        tally.add(_digits(text[None, -unended:]))
    return Shots.from_words(*tally.total(), registers=hints.registers_for(num_bits))


def _without_spaces(data: bytes) -> bytes:
    width = len(data.partition(b"\n")[0].rstrip(b"\r"))
    lines = data.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    if any(len(line) != width or line[1::2].strip(b" ") for line in lines):
        raise InputError(_NOT_01)
    return b"\n".join(line[::2] for line in lines) + b"\n"


def _digits(text: bitorder.Bits) -> bitorder.Bits:
    digits = text - _ZERO  # wraps around below '0'
    if digits.size and digits.max() > 1:
        raise InputError(_NOT_01)
    return digits


def write_01(shots: Shots) -> bytes:
    """One line a shot, equal ones together."""
    rows = all_rows(shots)  # checks the size first
    text = np.full((len(rows), shots.num_bits + 1), _NEWLINE, np.uint8)
    text[:, :-1] = rows
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
    tally = StreamingCounts(num_bits)
    for where in portions(rows, width):
        padded = np.zeros((where.stop - where.start, bitorder.num_words(num_bits) * 8), np.uint8)
        padded[:, :width] = table[where]
        tally.add_words(padded.view("<u8").astype(np.uint64, copy=False))
    return Shots.from_words(*tally.total(), registers=hints.registers_for(num_bits))


def write_b8(shots: Shots) -> bytes:
    """Packed bytes, equal shots together."""
    words = np.ascontiguousarray(all_words(shots), dtype="<u8")
    width = -(-shots.num_bits // 8)
    return words.view(np.uint8).reshape(len(words), -1)[:, :width].tobytes()
