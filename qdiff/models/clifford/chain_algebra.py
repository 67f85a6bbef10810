"""Readout and mixing of matrix-product laws: what tables do beyond the reach of tables.

Independent readout errors act on one site each and leave the bond as it is; a mixture of two laws
has the sum of their bonds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qdiff.data.bits import Floats
from qdiff.errors import InputError
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.readout.confusion import Confusion


def read_chain(law: MatrixProductLaw, confusion: Confusion) -> MatrixProductLaw:
    """The law of what is read out. Raises `InputError` for readout that correlates bits."""
    matrices = bit_matrices(confusion)
    tensors = [
        np.einsum("xy,ayb->axb", matrices[bit], tensor)
        for bit, tensor in zip(law.order, law.tensors, strict=True)
    ]
    return MatrixProductLaw(tensors, law.order)


def bit_matrices(confusion: Confusion) -> Floats:
    """``[read, true]`` of each bit, ``(n, 2, 2)``. Raises `InputError` as `read_chain` does."""
    if not confusion.is_independent:
        raise InputError("beyond tables, readout errors must be independent from bit to bit")
    return np.stack([confusion.of_bit(bit) for bit in range(confusion.num_bits)])


def product_chain(ones: Floats, order: Sequence[int] | None = None) -> MatrixProductLaw:
    """Independent bits, ``ones[i]`` being the chance of a 1 in bit ``i``."""
    along = range(len(ones)) if order is None else order
    return MatrixProductLaw([np.array([[[1 - ones[i]], [ones[i]]]]) for i in along], order)


def mixture_chain(laws: Sequence[MatrixProductLaw], weights: Sequence[float]) -> MatrixProductLaw:
    """``sum_k w_k q_k`` of laws along the same chain, as one law.

    The first site chooses the law, then each goes its own way; one more site would not be needed,
    so the chain must have at least one bit, and for one bit it is the mean.
    """
    first = laws[0]
    if any(law.order != first.order for law in laws):
        raise InputError("a mixture of chains needs one order")
    shares = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    tensors = []
    last = first.num_bits - 1
    for site in range(first.num_bits):
        parts = [law.tensors[site] for law in laws]
        if site == 0:
            parts = [share * part for share, part in zip(shares, parts, strict=True)]
        tensors.append(_joined(parts, share_left=site == 0, share_right=site == last))
    return MatrixProductLaw(tensors, first.order)


def mixed_chain(law: MatrixProductLaw, weight: float, ones: Floats) -> MatrixProductLaw:
    """``(1 - w) law + w prod_i m_i``."""
    if weight == 0:
        return law
    return mixture_chain([law, product_chain(ones, law.order)], [1 - weight, weight])


def _joined(parts: Sequence[Floats], *, share_left: bool, share_right: bool) -> Floats:
    """Tensors side by side on bonds of their own, or on a shared bond of 1 at either end."""
    lefts = [0 if share_left else part.shape[0] for part in parts]
    rights = [0 if share_right else part.shape[2] for part in parts]
    joined = np.zeros((1 if share_left else sum(lefts), 2, 1 if share_right else sum(rights)))
    left = right = 0
    for part, more_left, more_right in zip(parts, lefts, rights, strict=True):
        rows = slice(left, left + part.shape[0])
        columns = slice(right, right + part.shape[2])
        joined[rows, :, columns] += part
        left, right = left + more_left, right + more_right
    return joined
