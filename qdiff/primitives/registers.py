"""From shots to what Qiskit's primitives return: one `BitArray` a classical register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp
from qiskit.primitives import BitArray, DataBin

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits
from qdiff.data.shots import Shots


class RegisterData(DataBin):  # type: ignore[misc]
    """A `DataBin` that takes registers of any name.

    Names that `DataBin` has for itself (``keys``, ``shape``, ``size``, ...) are reached by index,
    ``data["shape"]``, and in iteration; attributes of that name stay what they are.
    """

    __slots__ = ()

    def __init__(self, registers: Mapping[str, BitArray], *, shape: tuple[int, ...]) -> None:
        taken = set(dir(DataBin)) | self._RESTRICTED_NAMES
        free = {name: value for name, value in registers.items() if name not in taken}
        super().__init__(shape=shape, **free)
        self._data.clear()
        self._data.update(registers)  # in the circuit's order


def shuffled_rows(shots: Shots, generator: np.random.Generator) -> Bits:
    """Every shot as a row, ``(shots, n)``, in random order: shots keep counts, not order."""
    order = np.repeat(np.arange(len(shots.counts)), shots.counts)
    generator.shuffle(order)
    return shots.bits[order]


def with_unwritten_zero(rows: Bits, circuit: QuantumCircuit) -> Bits:
    """`rows` with a 0 in every classical bit that nothing in `circuit` writes."""
    written = written_clbits(circuit)
    untouched = [bit for bit in range(circuit.num_clbits) if bit not in written]
    if untouched:
        rows = rows.copy()
        rows[:, untouched] = 0
    return rows


def written_clbits(circuit: QuantumCircuit) -> set[int]:
    """Classical bits that some instruction may write, by index."""
    place = {bit: index for index, bit in enumerate(circuit.clbits)}
    return {
        place[bit]
        for step in circuit.data
        for bit in step.clbits
        if step.operation.num_clbits or isinstance(step.operation, ControlFlowOp)
    }


def register_arrays(
    circuit: QuantumCircuit, rows: Sequence[Bits], shape: tuple[int, ...]
) -> dict[str, BitArray]:
    """One `BitArray` of `shape` for each classical register, from the rows of each binding."""
    place = {bit: index for index, bit in enumerate(circuit.clbits)}
    arrays = {}
    for register in circuit.cregs:
        columns = [place[bit] for bit in register]
        packed = [_packed(table[:, columns]) for table in rows]
        stacked = np.stack(packed) if packed else _nothing(len(columns))
        arrays[register.name] = BitArray(stacked.reshape(*shape, *stacked.shape[1:]), len(columns))
    return arrays


def hex_memory(rows: Bits) -> list[str]:
    """Each row as Qiskit's hexadecimal outcome, in order."""
    return bitorder.format_hex(bitorder.pack(rows), rows.shape[1]) if rows.shape[1] else []


def _packed(bits: Bits) -> NDArray[np.uint8]:
    """Big-endian bytes, as `BitArray` keeps them: bit 0 is the last byte's lowest."""
    return np.packbits(bits, axis=1, bitorder="little")[:, ::-1]


def _nothing(num_bits: int) -> NDArray[Any]:
    return np.zeros((0, 0, -(-num_bits // 8)), np.uint8)
