"""How long drawing errors first would take: a rough model, to be set beside Aer's."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from qdiff.simulation.error_patterns.blocks import Block
from qdiff.simulation.error_patterns.states import Layout

_AMPLITUDE = 5e-9
_GROUP = 100e-6
_SHOT = 1e-6
_CALL = 300e-6
"""Seconds of one core a block: each number of each state, each distinct error, shot, and batch."""

_LONG_HISTORY = 60
"""More errors than this before a block make every shot different anyway."""


def seconds(layouts: Sequence[Layout], shots: int) -> float:
    """The time for `shots` shots; the number of distinct states is what a Poisson law expects."""
    rate, kinds, dead, total = 0.0, 0, 0, 0.0
    for layout in layouts:
        block = layout.block
        own = -sum(math.log1p(-min(gate.errors.total, 0.999)) for gate in block.gates)
        own_kinds = _kinds(block)
        states = _distinct(rate, kinds, dead, shots)
        erring = _seen(shots * -math.expm1(-own), states * own_kinds)
        size = 2.0 ** (len(layout.before) + len(block.born))
        after = _distinct(rate + own, kinds + own_kinds, dead, shots)
        total += max(states, after) * size * _AMPLITUDE
        total += erring * _GROUP * math.exp(own * (_branches(block) - 1)) + shots * _SHOT + _CALL
        rate, kinds, dead = rate + own, kinds + own_kinds, dead + len(block.dying)
    return total


def _kinds(block: Block) -> int:
    return sum(len(gate.errors.chances) for gate in block.gates)


def _branches(block: Block) -> float:
    """Kraus operators of an error of this block, in the mean."""
    own = [(gate.errors.chances, gate.errors.kraus) for gate in block.gates]
    chance = sum(float(chances.sum()) for chances, _ in own)
    weighted = sum(
        float(each) * len(operators)
        for chances, kraus in own
        for each, operators in zip(chances, kraus, strict=True)
    )
    return weighted / chance if chance else 1.0


def _distinct(rate: float, kinds: int, dead: int, shots: int) -> float:
    """How many different errors and outcomes `shots` shots are expected to have."""
    if rate > _LONG_HISTORY:
        return shots
    errors = np.arange(_LONG_HISTORY * 2)
    factorials = np.cumsum(np.log(np.maximum(errors, 1)))
    with np.errstate(divide="ignore", invalid="ignore"):
        chances = np.exp(np.where(errors, errors * np.log(rate), 0.0) - rate - factorials)
        choices = np.where(errors, errors * np.log(kinds), 0.0) - factorials + dead * math.log(2)
    return sum(
        _seen(shots * p, math.exp(min(c, 700.0))) for p, c in zip(chances, choices, strict=True)
    )


def _seen(draws: float, cells: float) -> float:
    """How many of `cells` equally likely ones `draws` draws are expected to meet."""
    return -cells * math.expm1(-draws / cells) if cells > 0 else 0.0
