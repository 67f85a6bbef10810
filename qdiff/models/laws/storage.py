"""How a law of few bits is read from a file, which may be made to deceive."""

from __future__ import annotations

import numpy as np

from qdiff.data.storage import Content
from qdiff.models.laws.table import TableLaw


def read_table(content: Content, key: str, part: str, num_bits: int) -> TableLaw:
    """The array `key`. Raises `InputError`, naming the `part`, unless it is a law of these bits."""
    table = content.array(key, np.float64, ndim=1)
    # not 1 << num_bits, which a file may make as long as it likes
    if len(table).bit_length() != num_bits + 1 or len(table) & (len(table) - 1):
        raise content.damaged(f"its {part} part is no table of {num_bits} bits")
    if table.min() < 0 or not abs(table.sum() - 1) < 1e-6:
        raise content.damaged(f"the probabilities of its {part} part do not sum to one")
    return TableLaw.of(table)
