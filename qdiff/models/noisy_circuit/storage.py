"""How the law of a circuit is kept in a file: numbers only, nothing of Qiskit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data import storage
from qdiff.models.laws.storage import read_table
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.matrix_product.storage import read_chain, write_chain
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.readout.confusion import Confusion, Factor

Tensors = dict[str, NDArray[Any]]


def write_circuit(law: CircuitLaw) -> tuple[Tensors, dict[str, Any]]:
    """Tensors and JSON that `read_circuit` reads again."""
    tensors: Tensors = {"marginals": law.marginals}
    if isinstance(law.clean, TableLaw):
        tensors["clean"] = law.clean.table()
    else:
        tensors |= write_chain(law.clean)
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
    marginals = content.array(f"{part}.marginals", np.float64, ndim=1)
    background: Any = described.get("background")
    if type(background) not in (int, float) or not 0 <= background <= 1:
        raise content.damaged(f"the background of its {part} part is no weight")
    clean: TableLaw | MatrixProductLaw
    if f"{part}.clean" in content.tensors:
        clean = read_table(content, f"{part}.clean", part, num_bits)
    else:
        clean = read_chain(content, part, num_bits)
    confusion = _confusion(content, part, described, num_bits)
    with content.blamed(f"{part} part"):
        return CircuitLaw(clean, confusion, float(background), marginals)


def _confusion(
    content: storage.Content, part: str, described: dict[str, Any], num_bits: int
) -> Confusion:
    listed = described.get("readout_bits")
    if not isinstance(listed, list) or not all(map(_are_bits, listed)):
        raise content.damaged(f"its {part} part does not say which bits its readout is of")
    factors = []
    for number, bits in enumerate(listed):
        matrix = content.array(f"{part}.readout{number}", np.float64, ndim=2)
        with content.blamed(f"{part} part"):
            factors.append(Factor(bits=tuple(bits), matrix=matrix))
    with content.blamed(f"{part} part"):
        return Confusion(num_bits=num_bits, factors=tuple(factors))


def _are_bits(bits: object) -> bool:
    return isinstance(bits, list) and 1 <= len(bits) <= 2 and all(type(bit) is int for bit in bits)
