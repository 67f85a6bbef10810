"""Bit order, in one place.

Everywhere in qdiff a bitstring of ``n`` bits is a row whose column ``j`` is classical bit ``j``
(Qiskit's ``circuit.clbits[j]``). Only this module converts between these spellings of it:

* *words*: rows packed into little-endian 64-bit words, ``(m, ceil(n / 64)) uint64``; bit ``j``
  is bit ``j % 64`` of word ``j // 64``;
* *index*: the integer ``sum_j x_j 2^j`` (Qiskit's integer and hexadecimal outcomes).

Qiskit's count keys are read and written by `qdiff.data.count_keys`. Every conversion is
vectorised: no Python loop runs over shots or strings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qdiff.errors import InputError

Bits = NDArray[np.uint8]
Words = NDArray[np.uint64]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

WORD_BITS = 64
MAX_INDEX_BITS = 62
"""Indices are int64; two bits of room keep ``2**n`` and differences of indices exact."""


def as_bits(bits: ArrayLike, num_bits: int | None = None) -> Bits:
    """Return `bits` as an ``(m, n) uint8`` array of zeros and ones; a 1-D row becomes ``(1, n)``.

    Raises `InputError` for any other entry or, with `num_bits` given, another width.
    """
    try:
        array = np.asarray(bits)
    except ValueError:
        raise InputError("bits must be rows of one length") from None
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
    try:
        array = np.asarray(indices)
    except (ValueError, OverflowError):
        array = np.empty(0)
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and array.min() < 0):
        raise InputError("indices must be a list of whole numbers from 0 on")
    return array.astype(np.uint64)[:, None]


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
