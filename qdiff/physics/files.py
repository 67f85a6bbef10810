"""How the law of a circuit is kept in a file: numbers only, nothing of Qiskit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff import storage
from qdiff.errors import InputError
from qdiff.laws import TableLaw
from qdiff.matrix_product import MatrixProductLaw
from qdiff.physics.circuit_law import CircuitLaw
from qdiff.physics.confusion import Confusion, Factor

Tensors = dict[str, NDArray[Any]]


def write_circuit(law: CircuitLaw) -> tuple[Tensors, dict[str, Any]]:
    """Tensors and JSON that `read_circuit` reads again."""
    tensors: Tensors = {"marginals": law.marginals}
    if isinstance(law.clean, TableLaw):
        tensors["clean"] = law.clean.table()
    else:
        tensors |= {f"site{site}": tensor for site, tensor in enumerate(law.clean.tensors)}
        tensors["order"] = np.array(law.clean.order, dtype=np.int64)
    factors = law.confusion.factors
    tensors |= {f"readout{number}": factor.matrix for number, factor in enumerate(factors)}
    described = {
        "readout_bits": [list(factor.bits) for factor in factors],
        "background": law.background,
    }
    return tensors, described


def read_circuit(
    content: storage.Content, part: str, described: dict[str, Any], num_bits: int
) -> CircuitLaw:
    """Read one law. Raises `InputError` where the file does not hold it whole."""
    try:
        return CircuitLaw(
            _clean(content, part, num_bits),
            _confusion(content, part, described, num_bits),
            float(described["background"]),
            content.array(f"{part}.marginals", np.float64, ndim=1),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{content.path} is damaged: {storage.one_line(error)}") from None


def _clean(content: storage.Content, part: str, num_bits: int) -> TableLaw | MatrixProductLaw:
    if f"{part}.clean" in content.tensors:
        table = content.array(f"{part}.clean", np.float64, ndim=1)
        if len(table) != 1 << num_bits or table.min() < 0 or not abs(table.sum() - 1) < 1e-6:
            raise InputError(f"{content.path} is damaged: its circuit law does not sum to one")
        return TableLaw.of(table)
    order = content.array(f"{part}.order", np.int64, ndim=1)
    sites = [content.array(f"{part}.site{i}", np.float64, ndim=3) for i in range(num_bits)]
    return MatrixProductLaw(sites, order.tolist())


def _confusion(
    content: storage.Content, part: str, described: dict[str, Any], num_bits: int
) -> Confusion:
    factors = [
        Factor(
            bits=tuple(int(bit) for bit in bits),
            matrix=content.array(f"{part}.readout{number}", np.float64, ndim=2),
        )
        for number, bits in enumerate(described["readout_bits"])
    ]
    return Confusion(num_bits=num_bits, factors=tuple(factors))
