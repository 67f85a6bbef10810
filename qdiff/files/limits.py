"""How large a foreign file may be, and what it may claim, before it is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from qdiff.data.count_keys import MAX_BITS
from qdiff.data.source import opened
from qdiff.errors import InputError

MAX_FILE_BYTES = 2 * 2**30
MAX_HELD_BYTES = 2**30
"""What the arrays of a file may take, as it declares."""

MAX_UNPACKED_BYTES = 2**28
"""What the compressed parts of a file may grow to: as much as `MAX_ENTRIES` bits."""

MAX_JSON_MEMORY = 4 * 2**30
"""What parsing JSON, and making shots of it, may take."""

MAX_ENTRIES = 2**31
"""Shots times bits."""

PORTION_CELLS = 2**25
"""Shots times bits that are held unpacked, one byte each, while a file is read."""

_MAX_PORTION_ROWS = 2**20


def read_bytes(path: str | Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """The whole file. Raises `InputError` when it is missing, unreadable or beyond `limit`."""
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise _too_large(path, limit)
        data: bytes = file.read(limit + 1)  # a device or pipe has no size
    if len(data) > limit:
        raise _too_large(path, limit)
    return data


def portions(rows: int, num_bits: int) -> Iterator[slice]:
    """Runs of rows that are read together, so that memory does not grow with their number.

    >>> [part.stop for part in portions(3_000_000, 1)]
    [1048576, 2097152, 3000000]
    """
    step = min(max(1, PORTION_CELLS // max(num_bits, 1)), _MAX_PORTION_ROWS)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def check_size(rows: int, num_bits: int) -> None:
    """Raise `InputError` unless so many rows of so many bits can be held."""
    if not 1 <= num_bits <= MAX_BITS:
        raise InputError(f"{num_bits} bits a shot are out of range (1 to {MAX_BITS})")
    if rows < 0 or rows * num_bits > MAX_ENTRIES:
        raise InputError(f"{rows} rows of {num_bits} bits are too many to hold")


def _too_large(path: str | Path, limit: int) -> InputError:
    return InputError(f"{path} is larger than {limit >> 20} MiB, the limit for this kind of file")
