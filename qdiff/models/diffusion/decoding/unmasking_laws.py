"""Exact laws of samplers that reveal randomly chosen bits, by dynamic programming.

A partly hidden string is a set ``S`` of visible bits with their values ``x_S``; there are ``3^n``
of them. A step that reveals ``b`` bits moves probability from each to those with ``b`` more,

    w(T, x_T) += w(S, x_S) / C(n - |S|, b) * prod over i in T - S of q(x_i | x_S),

so one pass over the levels ``|S|`` gives the law averaged over ALL ordered choices of blocks. With
one bit a step that is the average over all ``n!`` orders (Hoogeboom et al., arXiv:2110.02037, whose
any-order model this is) for ``3^n`` network rows instead of ``n! 2^n``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import comb

import numpy as np
import torch
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data.bits import Floats
from qdiff.errors import InputError
from qdiff.models.diffusion.decoding.unmasking_schedule import UnmaskingSchedule
from qdiff.models.diffusion.denoisers.denoiser import Denoiser

Indices = NDArray[np.int64]

MAX_BITS = 12
"""531,441 partly hidden strings."""

_CHUNK = 1 << 17
"""Numbers held at a time beyond the ``3^n`` weights: states times the strings of one block."""


def block_table(
    network: Denoiser, schedule: UnmaskingSchedule, given: Mapping[int, int] | None = None
) -> Floats:
    """The ``2^n`` probabilities of parallel unmasking, averaged over all choices of blocks.

    Indexed by ``sum_j x_j 2^j``; bits that are `given` are visible from the start, and the schedule
    reveals the others. Raises `InputError` beyond 12 bits.

    >>> from qdiff.models.diffusion.denoisers.config import ResidualMLP
    >>> fresh = ResidualMLP.initialised(2, width=4, depth=1, generator=torch.Generator())
    >>> block_table(fresh, UnmaskingSchedule(sizes=(1, 1))).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    given, num_bits = dict(given or {}), network.num_bits
    if num_bits > MAX_BITS:
        raise InputError(
            f"the exact law of random unmasking is known up to {MAX_BITS} bits, not {num_bits}"
        )
    level = _visible_bits(num_bits)
    weights = np.zeros(3**num_bits)
    weights[sum((1 + value) * 3**bit for bit, value in given.items())] = 1.0
    for start, size in zip(schedule.starts, schedule.sizes, strict=True):
        rows = max(1, _CHUNK >> size)
        states = np.flatnonzero((level == len(given) + start) & (weights > 0))
        for chunk in np.array_split(states, -(-len(states) // rows)):
            _reveal(network, weights, chunk, size)
    # digits 1 and 2 of a complete string are bits 0 and 1
    complete = (1 + bitorder.all_bits(num_bits).astype(np.int64)) @ _places(num_bits)
    return np.asarray(weights[complete])


def _reveal(network: Denoiser, weights: Floats, states: Indices, size: int) -> None:
    """Move the weight of `states`, all of one level, to those with `size` more visible bits."""
    num_bits = network.num_bits
    digits = states[:, None] // _places(num_bits) % 3
    zero, one = _conditionals(network, digits)
    shared = weights[states] / comb(num_bits - np.count_nonzero(digits[0]), size)
    hidden = digits == 0
    for block in combinations(range(num_bits), size):
        able = np.flatnonzero(hidden[:, block].all(axis=1))
        # one block's targets differ from one another, so that no addition is lost
        targets, mass = _block_law(states[able], shared[able], zero[able], one[able], block)
        weights[targets] += mass


def _block_law(
    states: Indices, weights: Floats, zero: Floats, one: Floats, block: tuple[int, ...]
) -> tuple[Indices, Floats]:
    """Where a block of independent bits leads from each state, and with what weight."""
    targets, mass = states[:, None], weights[:, None]
    for bit in block:
        place = 3**bit
        targets = np.concatenate([targets + place, targets + 2 * place], axis=1)
        mass = np.concatenate([mass * zero[:, bit, None], mass * one[:, bit, None]], axis=1)
    return targets, mass


@torch.no_grad()
def _conditionals(network: Denoiser, digits: Indices) -> tuple[Floats, Floats]:
    """Probabilities of every bit being 0 and being 1 given the visible ones, in float64."""
    device = next(network.parameters()).device
    spins = np.array([0, -1, 1], dtype=np.float32)[digits]
    logits = network(torch.from_numpy(spins).to(device)).double()
    return torch.sigmoid(-logits).cpu().numpy(), torch.sigmoid(logits).cpu().numpy()


def _visible_bits(num_bits: int) -> NDArray[np.int8]:
    """The number of visible bits of every partly hidden string."""
    level = np.zeros(1, dtype=np.int8)
    for _ in range(num_bits):
        level = np.concatenate([level, level + 1, level + 1], dtype=np.int8)
    return level


def _places(num_bits: int) -> Indices:
    """Values of the base-3 digits: 0 is hidden, 1 and 2 are bits 0 and 1."""
    return 3 ** np.arange(num_bits, dtype=np.int64)
