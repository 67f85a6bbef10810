"""Exact laws and bounds of the bit-flip sampler: all ``2^n`` strings followed through its steps.

And what each step costs, so that few steps can be placed well (`step_costs`), at any size.

A step from string ``z`` to string ``z'`` has the probability ``prod_i k_i(z'_i | z)``. The table of
all ``z'`` is an outer product of two of size ``2^(n/2)``, so a step of the whole law,

    w'(high, low) = sum_z w(z) K_high(high | z) K_low(low | z),

is one product of two matrices with ``2^(3n/2)`` entries; the ``4^n`` transition probabilities are
never held.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Floats
from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.denoiser import spins
from qdiff.models.diffusion.denoisers.level_network import LevelNetwork
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_kernels import ReverseStep, correlations, corrupt

MAX_BITS = 12
"""4,096 network rows and 17 million multiplications a step."""

_COST_ROWS = 1 << 12


@torch.no_grad()
def step_table(network: LevelNetwork, process: BitFlip) -> Floats:
    """The ``2^n`` probabilities of the sampler that takes the steps of the process's schedule.

    Indexed by ``sum_j x_j 2^j``. Raises `InputError` beyond 12 bits.
    """
    states = _all_states(network)
    weights = torch.full((len(states),), 1 / len(states), dtype=torch.float64, device=states.device)
    for number in range(process.schedule.steps, 0, -1):
        step, agreement = process.reverse_step(network, states, number)
        stay, flip = step.predicted(agreement)
        one, zero = torch.where(states > 0, stay, flip), torch.where(states > 0, flip, stay)
        half = network.num_bits // 2
        low, high = (
            _outcomes(one[:, part], zero[:, part]) for part in (slice(half), slice(half, None))
        )
        weights = ((weights[:, None] * high).T @ low).flatten()
    return weights.cpu().numpy()


@torch.no_grad()
def bound_table(network: LevelNetwork, process: BitFlip) -> Floats:
    """The variational bound on ``-log q(x)`` of all ``2^n`` strings, in nats, without sampling.

    Indexed by ``sum_j x_j 2^j``. Raises `InputError` beyond 12 bits.
    """
    states = _all_states(network)
    total = torch.zeros(len(states), dtype=torch.float64, device=states.device)
    for number in range(1, process.schedule.steps + 1):
        step, agreement = process.reverse_step(network, states, number)
        seen_one = states > 0
        zero, one = step.divergence(~seen_one, agreement), step.divergence(seen_one, agreement)
        flips = (1 - process.correlations_at(number, states)) / 2
        zero, one = _forward(zero, flips), _forward(one, flips)
        total += torch.where(states > 0, one, zero).sum(1)
    return total.cpu().numpy()


@torch.no_grad()
def step_costs(
    network: LevelNetwork, process: BitFlip, rows: Bits, generator: torch.Generator
) -> Floats:
    """Costs of all steps between two levels of the process's schedule, in nats a string.

    ``costs[s, t]`` for ``s < t`` is the mean over strings ``z`` at level ``t`` of the term of the
    variational bound, ``sum_i KL(q(z'_i | z_i, x_i) || p(z'_i | z))`` with ``z'`` at level ``s``,
    averaged over ``x_i`` as the network predicts it; other entries are zero. Where the network is
    right this is the term's exact mean given ``z``, and it leaves out what the term has most of:
    the noise of rare flips. One ``z`` is drawn for each level and row of `rows` ``(m, n)``,
    which must be repeated as often as they occur: shots, or strings drawn from the model.
    `FlipSchedule.least_bound` chooses among the steps.

    Raises `InputError` where there are no rows.
    """
    if len(rows) == 0:
        raise InputError("costs are measured on strings; there are none")
    clean = spins(torch.from_numpy(np.ascontiguousarray(rows)).to(generator.device))
    levels = clean.new_tensor(process.schedule.correlations, dtype=torch.float64)
    rates = process.rates_on(clean)
    costs = np.zeros((len(levels), len(levels)))
    for part in torch.split(clean, _COST_ROWS):
        for later in range(1, len(levels)):
            correlation = correlations(levels[later : later + 1], rates)
            states = corrupt(part, correlation, generator)
            _, agreement = process.reverse_step(network, states, later)
            for earlier in range(later):
                step = ReverseStep.between(levels[earlier, None], levels[later, None], rates)
                costs[earlier, later] += float(step.information(agreement).sum()) / len(rows)
    return costs


def all_spins(network: LevelNetwork) -> Tensor:
    """All ``2^n`` strings, where the network is."""
    device = next(network.parameters()).device
    return spins(torch.from_numpy(bitorder.all_bits(network.num_bits)).to(device))


def _all_states(network: LevelNetwork) -> Tensor:
    if network.num_bits > MAX_BITS:
        raise InputError(
            f"the exact law of the bit-flip sampler is known up to {MAX_BITS} bits, "
            f"not {network.num_bits}; beyond there is its bound"
        )
    return all_spins(network)


def _outcomes(one: Tensor, zero: Tensor) -> Tensor:
    """Probabilities of all outcomes of ``k`` independent bits, ``(rows, k) -> (rows, 2^k)``."""
    table = one.new_ones(len(one), 1)
    for bit in range(one.shape[1]):
        table = torch.cat([table * zero[:, bit, None], table * one[:, bit, None]], dim=1)
    return table


def _forward(values: Tensor, flips: Tensor) -> Tensor:
    """``E[values(z) | x]`` for all ``x``, along the first axis; each bit flips with its chance."""
    for bit, flip in enumerate(flips.tolist()):
        cube = values.reshape(-1, 2, 1 << bit, values.shape[1])
        values = ((1 - flip) * cube + flip * cube.flip(1)).reshape(values.shape)
    return values
