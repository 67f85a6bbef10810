"""The keys of Qiskit's counts: strings of 0 and 1, hexadecimal ones, and integers.

A binary key has bit 0 rightmost, the last register leftmost and a space between registers, e.g.
``"01 110"`` for a 3-bit register and then a 2-bit one. This module alone converts between keys and
words (`qdiff.data.bits`), with no Python loop over shots or strings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data.bits import WORD_BITS, Words, num_words, pack, unpack
from qdiff.data.registers import Register, width_of
from qdiff.errors import InputError

MAX_BITS = 100_000
"""Far beyond any device: a key or a file that says more is damaged, or made to fill memory."""

_ZERO, _ONE, _SPACE = ord("0"), ord("1"), ord(" ")
_NOT_HEX = 255
_PORTION_CELLS = 1 << 20
_LONGEST_QUOTED = 200


def format_keys(words: Words, registers: Sequence[Register]) -> list[str]:
    """Qiskit's count keys of packed rows: bit 0 rightmost, spaces between registers.

    >>> format_keys(np.array([[6]], dtype=np.uint64), [Register("a", 3), Register("b", 2)])
    ['00 110']
    """
    num_bits = width_of(registers)
    bits = unpack(words, num_bits)
    width = num_bits + len(registers) - 1
    text = np.full((len(words), width), _SPACE, dtype=np.uint8)
    start, column = 0, width
    for register in registers:
        stop = start + register.size
        text[:, column - register.size : column] = bits[:, start:stop][:, ::-1] + _ZERO
        start, column = stop, column - register.size - 1
    keys: list[str] = text.view(f"S{width}")[:, 0].astype(f"U{width}").tolist()
    return keys


def format_hex(words: Words, num_bits: int) -> list[str]:
    """Qiskit's hexadecimal outcomes, e.g. ``'0x6'``; leading zeros are left out, as there."""
    digits = -(-num_bits // 4)
    big_endian = np.ascontiguousarray(words[:, ::-1]).astype(">u8").view(np.uint8)
    nibbles = np.stack([big_endian >> 4, big_endian & 15], axis=2).reshape(len(words), -1)
    letters = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[nibbles[:, -digits:]]
    text = np.ascontiguousarray(letters).view(f"S{digits}")[:, 0]
    stripped = np.strings.lstrip(text, b"0")
    stripped = np.where(stripped == b"", b"0", stripped)
    keys: list[str] = np.strings.add("0x", stripped.astype(f"U{digits}")).tolist()
    return keys


def parse(keys: Sequence[Any], num_bits: int | None) -> tuple[Words, list[int]]:
    """Read keys of any one style into words and register sizes (bit 0's register first).

    Hexadecimal and integer keys, whose width cannot be seen, need `num_bits`. Raises `InputError`
    without it, and for keys that are mixed or cannot be read.

    >>> words, sizes = parse(["01 1", "00 1"], None)
    >>> words.tolist(), sizes
    ([[3], [1]], [1, 2])
    """
    kinds = {type(key) for key in keys}
    if kinds == {str} and all(key[:2] in ("0x", "0X") for key in keys):
        return parse_hex(keys, _known(num_bits)), [_known(num_bits)]
    if kinds == {str}:
        return parse_keys(keys)
    if all(issubclass(kind, int | np.integer) and kind is not bool for kind in kinds):
        return parse_ints(keys, _known(num_bits)), [_known(num_bits)]
    raise InputError("count keys must be all text or all integers")


def _known(num_bits: int | None) -> int:
    if num_bits is None or num_bits < 1:
        raise InputError(
            "hexadecimal and integer count keys need num_bits, a positive number (--bits on the "
            "command line); binary keys have one length"
        )
    if num_bits > MAX_BITS:
        raise InputError(f"count keys have at most {MAX_BITS:,} bits, got num_bits={num_bits}")
    return num_bits


def parse_keys(keys: Sequence[str]) -> tuple[Words, list[int]]:
    """Read Qiskit's binary count keys into words and register sizes (bit 0's register first).

    Raises `InputError` when keys differ in length or spacing or hold anything but 0, 1 and spaces.
    """
    odd = next((key for key in keys if len(key) != len(keys[0])), None)
    if odd is not None:
        raise InputError(f"count keys must be 0s and 1s of one length; {_short(odd)} is not")
    spaces = np.array([letter == " " for letter in keys[0]], dtype=bool)
    parts = [_parse_some(part, spaces) for part in _portions(keys, len(keys[0]))]
    sizes = [len(group) for group in keys[0].split(" ")][::-1]
    if 0 in sizes:
        raise InputError(f"count key {_short(keys[0])} has an empty register")
    return np.concatenate(parts), sizes


def _parse_some(keys: Sequence[str], spaces: NDArray[np.bool_]) -> Words:
    text = _codepoints(keys)
    if not ((text == _SPACE) == spaces).all():
        raise InputError("count keys differ in length or in where their spaces are")
    digits = text[:, ~spaces]
    wrong = np.flatnonzero(((digits != _ZERO) & (digits != _ONE)).any(axis=1))
    if len(wrong):
        key = keys[int(wrong[0])]
        raise InputError(f"count keys must be 0s and 1s of one length; {_short(key)} is not")
    return pack((digits[:, ::-1] - _ZERO).astype(np.uint8))


def parse_hex(keys: Sequence[str], num_bits: int) -> Words:
    """Read hexadecimal outcomes such as ``'0x1f'``. Raises `InputError` when one does not fit."""
    width = max(num_bits, 4 * max(map(len, keys)))
    return np.concatenate([_parse_some_hex(part, num_bits) for part in _portions(keys, width)])


def _parse_some_hex(keys: Sequence[str], num_bits: int) -> Words:
    text = _codepoints(keys, justify=True)
    # Once x counts as 0, a prefix '0x' reads as zeros and keys of every length line up.
    nibbles = _HEX_VALUES[np.minimum(text, len(_HEX_VALUES) - 1)]
    marks = (text == ord("x")) | (text == ord("X"))
    prefix = np.cumsum(marks[:, ::-1], axis=1)[:, ::-1] > 0
    valid = (marks.sum(axis=1) == 1).all() and not nibbles[prefix].any()
    if not valid or (nibbles == _NOT_HEX).any():
        raise InputError("hexadecimal count keys must look like '0x1f'")
    as_bits = np.unpackbits(nibbles[:, ::-1, None], axis=2, bitorder="little")[:, :, :4]
    flat = as_bits.reshape(len(keys), -1)
    if flat[:, num_bits:].any():
        raise InputError(f"a hexadecimal count key does not fit into {num_bits} bits")
    wide = np.zeros((len(keys), num_bits), dtype=np.uint8)
    wide[:, : flat.shape[1]] = flat[:, :num_bits]
    return pack(wide)


def parse_ints(keys: Sequence[int], num_bits: int) -> Words:
    """Read integer outcomes ``sum_j x_j 2^j`` of any width."""
    if min(keys) < 0 or max(keys) >> num_bits:
        raise InputError(f"integer count keys must lie in [0, 2**{num_bits})")
    width = num_words(num_bits) * WORD_BITS // 8
    raw = b"".join(int(key).to_bytes(width, "little") for key in keys)
    return np.frombuffer(raw, dtype="<u8").reshape(len(keys), -1).astype(np.uint64)


def _portions(keys: Sequence[str], width: int) -> Iterator[Sequence[str]]:
    """Runs of keys that take little memory as tables `width` wide."""
    rows = max(1, _PORTION_CELLS // max(width, 1))
    return (keys[start : start + rows] for start in range(0, len(keys), rows))


def _short(key: str) -> str:
    return repr(key) if len(key) <= _LONGEST_QUOTED else f"{key[:_LONGEST_QUOTED]!r}..."


def _codepoints(keys: Sequence[str], *, justify: bool = False) -> NDArray[np.uint32]:
    """Keys as an ``(m, longest)`` table of code points, padded with NUL, or left with '0'."""
    array = np.array(keys, dtype=np.str_)
    width = max(array.dtype.itemsize // 4, 1)
    if justify:
        array = np.strings.rjust(array, width, "0")
    return np.ascontiguousarray(array, dtype=f"<U{width}").view(np.uint32).reshape(len(keys), width)


def _hex_values() -> NDArray[np.uint8]:
    values = np.full(128, _NOT_HEX, dtype=np.uint8)
    for digit, letter in enumerate("0123456789abcdef"):
        values[[ord(letter), ord(letter.upper())]] = digit
    values[[ord("x"), ord("X")]] = 0
    return values


_HEX_VALUES = _hex_values()
