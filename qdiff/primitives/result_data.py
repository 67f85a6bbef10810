"""What Qiskit's sampler primitive returns of a circuit: one `BitArray` a classical register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import BitArray, DataBin

from qdiff.data.bits import Bits
from qdiff.files.bit_arrays import bytes_of


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


def register_data(
    circuit: QuantumCircuit, rows: Sequence[Bits], shape: tuple[int, ...]
) -> RegisterData:
    """One `BitArray` of `shape` for each classical register, from the rows of each binding."""
    place = {bit: index for index, bit in enumerate(circuit.clbits)}
    arrays = {}
    for register in circuit.cregs:
        columns = [place[bit] for bit in register]
        packed = [bytes_of(table[:, columns]) for table in rows]
        nothing = np.zeros((0, 0, -(-len(columns) // 8)), np.uint8)
        stacked = np.stack(packed) if packed else nothing
        arrays[register.name] = BitArray(stacked.reshape(*shape, *stacked.shape[1:]), len(columns))
    return RegisterData(arrays, shape=shape)
