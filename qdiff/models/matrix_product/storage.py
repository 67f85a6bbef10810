"""How a matrix-product law is kept in a file: its tensors, and the order of the chain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data.storage import Content
from qdiff.models.matrix_product.law import MatrixProductLaw


def write_chain(law: MatrixProductLaw) -> dict[str, NDArray[Any]]:
    """Arrays that `read_chain` reads again."""
    tensors = {f"site{site}": tensor for site, tensor in enumerate(law.tensors)}
    return tensors | {"order": np.array(law.order, dtype=np.int64)}


def read_chain(content: Content, part: str, num_bits: int) -> MatrixProductLaw:
    """The law of a `part`. Raises `InputError` where the file does not hold it whole."""
    order = content.array(f"{part}.order", np.int64, ndim=1)
    if len(order) != num_bits:
        raise content.damaged(f"its {part} part has no order of {num_bits} bits")
    sites = [content.array(f"{part}.site{site}", np.float64, ndim=3) for site in range(num_bits)]
    with content.blamed(f"{part} part"):
        return MatrixProductLaw(sites, order.tolist())
