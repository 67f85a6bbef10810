"""Which errors each shot has, block by block, drawn before anything is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdiff.simulation.error_patterns.blocks import Block, Pattern

Codes = NDArray[np.int32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BlockErrors:
    """The errors that shots have in one block.

    Attributes
    ----------
    codes
        ``(shots,)``, which of the `patterns` each has.
    patterns
        Those that occur, the first one without errors.
    """

    codes: Codes
    patterns: tuple[Pattern, ...]


def draw_errors(
    blocks: Sequence[Block], shots: int, generator: np.random.Generator
) -> list[BlockErrors]:
    """The errors of `shots` independent shots in each block."""
    return [_drawn(block, shots, generator) for block in blocks]


def _drawn(block: Block, shots: int, generator: np.random.Generator) -> BlockErrors:
    codes = np.zeros(shots, dtype=np.int32)
    patterns: list[Pattern] = [()]
    for place, gate in enumerate(block.gates):
        if not gate.errors.total:
            continue
        number = int(generator.binomial(shots, gate.errors.total))
        erring = generator.choice(shots, number, replace=False, shuffle=False)
        kinds = len(gate.errors.chances)
        share = gate.errors.chances / gate.errors.chances.sum()
        which = generator.choice(kinds, number, p=share)
        pairs, member = np.unique(codes[erring] * np.int64(kinds) + which, return_inverse=True)
        codes[erring] = len(patterns) + member
        earlier = [divmod(pair, kinds) for pair in pairs.tolist()]
        patterns += [(*patterns[code], (place, error)) for code, error in earlier]
    return BlockErrors(codes, tuple(patterns))
