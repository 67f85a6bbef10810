"""The bytes of Qiskit's `BitArray`: big-endian, one row a shot, bit 0 the lowest of the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff import bits as bitorder
from qdiff.bits import Bits, Register
from qdiff.errors import InputError
from qdiff.exchange.limits import check_size
from qdiff.shots import Shots

Bytes = NDArray[np.uint8]


def rows_of(array: Any, num_bits: int) -> Bits:
    """``(shots, ceil(num_bits / 8))`` bytes as rows of bits, column j being bit j."""
    table = np.asarray(array)
    if table.dtype != np.uint8 or table.ndim != 2 or table.shape[1] != -(-num_bits // 8):
        raise InputError(f"{table.dtype} {table.shape} is no array of {num_bits} packed bits")
    check_size(len(table), num_bits)
    rows = np.unpackbits(table[:, ::-1], axis=1, bitorder="little")
    if rows[:, num_bits:].any():
        raise InputError(f"a packed row has bits beyond its {num_bits}")
    return rows[:, :num_bits]


def bytes_of(rows: Bits) -> Bytes:
    """Undo `rows_of`."""
    return np.ascontiguousarray(np.packbits(rows, axis=1, bitorder="little")[:, ::-1])


def joined(parts: Sequence[tuple[str, Bits]], provenance: dict[str, Any]) -> Shots:
    """Shots of several registers measured together, bit 0's register first; empty ones left out."""
    kept = [(name, rows) for name, rows in parts if rows.shape[1]]
    if not kept:
        raise InputError("the result has no measured bits")
    if len({len(rows) for _, rows in kept}) > 1:
        raise InputError("the registers of a result have different numbers of shots")
    registers = [Register(name, rows.shape[1]) for name, rows in kept]
    table = np.concatenate([rows for _, rows in kept], axis=1)
    return Shots.from_bits(table, registers=registers, provenance=provenance)


def all_rows(shots: Shots) -> Bits:
    """Every shot as a row, equal ones together; refused when they are too many to write out."""
    check_size(shots.num_shots, shots.num_bits)
    return np.repeat(shots.bits, shots.counts, axis=0)


def all_words(shots: Shots) -> bitorder.Words:
    """Every shot as packed words, equal ones together."""
    check_size(shots.num_shots, shots.num_bits)
    return np.repeat(shots.words, shots.counts, axis=0)


def by_register(shots: Shots, rows: Bits) -> dict[str, Bits]:
    """Columns of `rows` by register name. Raises `InputError` when two share a name."""
    found: dict[str, Bits] = {}
    start = 0
    for register in shots.registers:
        if register.name in found:
            raise InputError(f"two registers are called {register.name!r}; rename one")
        found[register.name] = rows[:, start : start + register.size]
        start += register.size
    return found
