"""Bit order, in one place.

Everywhere in qdiff a bitstring of ``n`` bits is a row whose column ``j`` is classical bit ``j``
(Qiskit's ``circuit.clbits[j]``). Three other spellings exist at the edges, and only this module
converts between them:

* *words*: rows packed into little-endian 64-bit words, ``(m, ceil(n / 64)) uint64``; bit ``j``
  is bit ``j % 64`` of word ``j // 64``;
* *index*: the integer ``sum_j x_j 2^j`` (Qiskit's integer and hexadecimal outcomes);
* *key*: Qiskit's count keys, bit 0 rightmost, the last register leftmost, a space between
  registers, e.g. ``"01 110"`` for a 3-bit register and then a 2-bit one.

Every conversion is vectorised: no Python loop runs over shots or strings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdiff.errors import InputError

Bits = NDArray[np.uint8]
Words = NDArray[np.uint64]
Counts = NDArray[np.int64]

WORD_BITS = 64
MAX_INDEX_BITS = 62
"""Indices are int64; two bits of room keep ``2**n`` and differences of indices exact."""

_ZERO, _ONE, _SPACE = ord("0"), ord("1"), ord(" ")
_NOT_HEX = 255
_PORTION_CELLS = 1 << 20
_LONGEST_QUOTED = 200


@dataclass(frozen=True)
class Register:
    """A named run of consecutive classical bits, as in OpenQASM's ``bit[size] name``."""

    name: str
    size: int

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise InputError(f"a register's name must be text, got {self.name!r}")
        if isinstance(self.size, bool) or not isinstance(self.size, int) or self.size < 1:
            raise InputError(f"register {self.name!r} needs a positive size, got {self.size!r}")


def as_bits(bits: ArrayLike, num_bits: int | None = None) -> Bits:
    """Return `bits` as an ``(m, n) uint8`` array of zeros and ones; a 1-D row becomes ``(1, n)``.

    Raises `InputError` for any other entry or, with `num_bits` given, another width.
    """
    array = np.asarray(bits)
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2:
        raise InputError(f"bits must be a table of shape (shots, bits), got shape {array.shape}")
    if num_bits is not None and array.shape[1] != num_bits:
        raise InputError(f"expected rows of {num_bits} bits, got {array.shape[1]}")
    if array.dtype != np.bool_ and array.size and not np.isin(array, (0, 1)).all():
        raise InputError("bits must all be 0 or 1")
    return array.astype(np.uint8, copy=False)


def num_words(num_bits: int) -> int:
    return -(-num_bits // WORD_BITS)


def pack(bits: Bits) -> Words:
    """Pack ``(m, n)`` rows of zeros and ones into ``(m, ceil(n / 64))`` words.

    >>> pack(np.array([[1, 0, 1]], dtype=np.uint8))
    array([[5]], dtype=uint64)
    """
    rows, num_bits = bits.shape
    padded = np.zeros((rows, num_words(num_bits) * WORD_BITS // 8), dtype=np.uint8)
    packed = np.packbits(bits, axis=1, bitorder="little")
    padded[:, : packed.shape[1]] = packed
    return padded.view("<u8").astype(np.uint64, copy=False)


def unpack(words: Words, num_bits: int) -> Bits:
    """Undo `pack`.

    >>> unpack(np.array([[5]], dtype=np.uint64), 3)
    array([[1, 0, 1]], dtype=uint8)
    """
    as_bytes = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    return np.unpackbits(as_bytes, axis=1, count=num_bits, bitorder="little")


def from_indices(indices: ArrayLike) -> Words:
    """Words of the strings whose indices are ``sum_j x_j 2^j``, for at most 62 bits."""
    return np.asarray(indices).astype(np.uint64)[:, None]


def to_indices(words: Words, num_bits: int) -> NDArray[np.int64]:
    """Indices ``sum_j x_j 2^j`` of packed rows. Raises `InputError` beyond 62 bits."""
    if num_bits > MAX_INDEX_BITS:
        raise InputError(f"{num_bits} bits have no 64-bit index; the limit is {MAX_INDEX_BITS}")
    return words[:, 0].astype(np.int64)


def all_bits(num_bits: int) -> Bits:
    """All ``2^n`` bitstrings, row ``x`` having the index ``x``.

    >>> all_bits(2).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return unpack(from_indices(np.arange(1 << num_bits)), num_bits)


def aggregate(words: Words, counts: Counts) -> tuple[Words, Counts]:
    """Merge equal rows, drop rows without shots, and sort by index (last word first)."""
    kept = counts > 0
    if not kept.all():
        words, counts = words[kept], counts[kept]
    if len(words) == 0:
        return words, counts
    order = np.argsort(words[:, 0], kind="stable") if words.shape[1] == 1 else np.lexsort(words.T)
    words, counts = words[order], counts[order]
    starts = np.flatnonzero(np.r_[True, (words[1:] != words[:-1]).any(axis=1)])
    return words[starts], np.add.reduceat(counts, starts)


def is_canonical(words: Words) -> bool:
    """Whether packed rows are distinct and sorted as `aggregate` sorts them."""
    later, earlier = words[1:], words[:-1]
    above = np.zeros(len(later), dtype=bool)
    for column in range(words.shape[1]):  # least significant word first: the last one decides
        differs = later[:, column] != earlier[:, column]
        above = np.where(differs, later[:, column] > earlier[:, column], above)
    return bool(above.all())


def hamming_distances(words: Words, others: Words) -> NDArray[np.int16]:
    """In how many bits packed rows differ, ``(m, words), (k, words) -> (m, k)``.

    >>> hamming_distances(np.array([[5]], dtype=np.uint64), np.array([[5], [6]], dtype=np.uint64))
    array([[0, 2]], dtype=int16)
    """
    total = np.zeros((len(words), len(others)), dtype=np.int16)
    for mine, theirs in zip(words.T, others.T, strict=True):
        total += np.bitwise_count(mine[:, None] ^ theirs[None, :])
    return total


def format_keys(words: Words, registers: Sequence[Register]) -> list[str]:
    """Qiskit's count keys of packed rows: bit 0 rightmost, spaces between registers.

    >>> format_keys(np.array([[6]], dtype=np.uint64), [Register("a", 3), Register("b", 2)])
    ['00 110']
    """
    num_bits = sum(register.size for register in registers)
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
