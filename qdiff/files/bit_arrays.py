"""The bytes of Qiskit's `BitArray`: big-endian, one row a shot, bit 0 the lowest of the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits
from qdiff.data.registers import Register, width_of
from qdiff.data.shots import Shots
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError
from qdiff.files.limits import check_size, portions

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, kw_only=True)
class Packed:
    """The shots of one register, ``(shots, ceil(num_bits / 8))`` bytes. Checked when built."""

    table: Bytes
    num_bits: int

    def __post_init__(self) -> None:
        if not self.num_bits:
            return
        table = self.table
        if table.dtype != np.uint8 or table.ndim != 2 or table.shape[1] != -(-self.num_bits // 8):
            raise InputError(
                f"{table.dtype} {table.shape} is no array of {self.num_bits} packed bits"
            )
        check_size(len(table), self.num_bits)
        if self.num_bits % 8 and (table[:, 0] >> (self.num_bits % 8)).any():
            raise InputError(f"a packed row has bits beyond its {self.num_bits}")

    def rows(self, where: slice) -> Bits:
        """Rows of bits, column j being bit j."""
        backwards = self.table[where, ::-1]
        return np.unpackbits(backwards, axis=1, count=self.num_bits, bitorder="little")


def bytes_of(rows: Bits) -> Bytes:
    """Undo `Packed.rows`."""
    return np.ascontiguousarray(np.packbits(rows, axis=1, bitorder="little")[:, ::-1])


def joined(parts: Sequence[tuple[str, Packed]], provenance: dict[str, Any]) -> Shots:
    """Shots of several registers measured together, bit 0's register first; empty ones left out."""
    kept = [(name, packed) for name, packed in parts if packed.num_bits]
    if not kept:
        raise InputError("the result has no measured bits")
    if len({len(packed.table) for _, packed in kept}) > 1:
        raise InputError("the registers of a result have different numbers of shots")
    registers = [Register(name, packed.num_bits) for name, packed in kept]
    num_bits = width_of(registers)
    tally = StreamingCounts(num_bits)
    for where in portions(len(kept[0][1].table), num_bits):
        if num_bits <= bitorder.WORD_BITS:
            tally.add_words(_one_word([packed for _, packed in kept], where))
        else:
            tally.add(np.concatenate([packed.rows(where) for _, packed in kept], axis=1))
    return Shots.from_words(*tally.total(), registers=registers, provenance=provenance)


def _one_word(registers: Sequence[Packed], where: slice) -> bitorder.Words:
    """Shots of at most 64 bits together, packed: many times faster than through rows of bits."""
    words = np.zeros(len(registers[0].table[where]), dtype=np.uint64)
    start = 0
    for packed in registers:
        padded = np.zeros((len(words), 8), dtype=np.uint8)
        padded[:, -packed.table.shape[1] :] = packed.table[where]
        words |= padded.view(">u8")[:, 0].astype(np.uint64) << np.uint64(start)
        start += packed.num_bits
    return words[:, None]


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
