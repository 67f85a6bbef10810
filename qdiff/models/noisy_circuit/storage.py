"""How the law of a circuit is kept in a file: numbers only, nothing of Qiskit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data import storage
from qdiff.models.laws.law import TableLaw
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.readout.confusion import Confusion, Factor

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
    marginals = content.array(f"{part}.marginals", np.float64, ndim=1)
    background: Any = described.get("background")
    if type(background) not in (int, float) or not 0 <= background <= 1:
        raise content.damaged(f"the background of its {part} part is no weight")
    clean = _clean(content, part, num_bits)
    confusion = _confusion(content, part, described, num_bits)
    with content.blamed(f"{part} part"):
        return CircuitLaw(clean, confusion, float(background), marginals)


def _clean(content: storage.Content, part: str, num_bits: int) -> TableLaw | MatrixProductLaw:
    if f"{part}.clean" in content.tensors:
        table = content.array(f"{part}.clean", np.float64, ndim=1)
        # not 1 << num_bits, which a file may make as long as it likes
        if len(table).bit_length() != num_bits + 1 or len(table) & (len(table) - 1):
            raise content.damaged(f"its {part} part is no table of {num_bits} bits")
        if table.min() < 0 or not abs(table.sum() - 1) < 1e-6:
            raise content.damaged(f"the probabilities of its {part} part do not sum to one")
        return TableLaw.of(table)
    order = content.array(f"{part}.order", np.int64, ndim=1)
    if len(order) != num_bits:
        raise content.damaged(f"its {part} part has no order of {num_bits} bits")
    sites = [content.array(f"{part}.site{i}", np.float64, ndim=3) for i in range(num_bits)]
    with content.blamed(f"{part} part"):
        return MatrixProductLaw(sites, order.tolist())


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
