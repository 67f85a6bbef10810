"""The Walsh-Hadamard transform as a few products with small dense matrices."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg import hadamard

from qdiff.data.bits import Floats

_WIDTH = 5
"""Bits a product transforms: its matrix stays in the innermost cache."""


def walsh_hadamard(values: Floats) -> Floats:
    """``sum_x values_x (-1)^{|x & S|}`` for every ``S``, both indexed as bitstrings.

    The transform of ``n`` bits is a tensor product of ``n`` transforms of one bit. Each step
    transforms the lowest few bits and moves them to the top; after all steps every bit is back
    in its place.

    >>> walsh_hadamard(np.array([1.0, 0, 0, 0])).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    num_bits = len(values).bit_length() - 1
    steps = -(-num_bits // _WIDTH)
    for step in range(steps):
        width = (num_bits + step) // steps
        values = (_hadamard(width) @ values.reshape(-1, 1 << width).T).reshape(-1)
    return values


@lru_cache(maxsize=_WIDTH)
def _hadamard(width: int) -> Floats:
    matrix: Floats = hadamard(1 << width).astype(np.float64)
    return matrix
