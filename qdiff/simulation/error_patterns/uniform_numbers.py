"""The uniform numbers that decide shots' outcomes: one for several outcomes, but not for too many.

A number of 53 random bits is used up by the outcomes that it decides, about one bit for each qubit
that is measured. After some of them comes the next number, long before nothing is left.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from qdiff.data.bits import Floats
from qdiff.simulation.error_patterns.blocks import Block

_BITS_USED = 24
"""Of the 53: what is left moves a chance by 2^-29 where all outcomes are equally likely."""


def rows_of(blocks: Sequence[Block]) -> list[int]:
    """Which of a shot's numbers decides its outcomes at each block.

    >>> blocks = [Block(gates=(), born=(0,), held=(), dying=(0,), kept=()) for _ in range(60)]
    >>> rows = rows_of(blocks)
    >>> rows[0], rows[23], rows[24], rows[59]
    (0, 0, 1, 2)
    """
    row, used, rows = 0, 0.0, []
    for block in blocks:
        own = _bits_of(block)
        if used and used + own > _BITS_USED:
            row, used = row + 1, 0.0
        used += own
        rows.append(row)
    return rows


def uniform_numbers(blocks: Sequence[Block], shots: int, generator: np.random.Generator) -> Floats:
    """``(rows, shots)``, for all rows that there are."""
    return generator.random((max(rows_of(blocks), default=0) + 1, shots))


def _bits_of(block: Block) -> float:
    """Random bits that a shot's outcomes take in the mean: of qubits, and of Kraus operators."""
    errors = (gate.errors for gate in block.gates)
    return len(block.dying) + sum(
        float(chance) * math.log2(len(operators))
        for each in errors
        for chance, operators in zip(each.chances, each.kraus, strict=True)
    )
