"""What each step of the bit-flip sampler costs, so that few steps can be placed well."""

from __future__ import annotations

import numpy as np
import torch

from qdiff.data.bits import Bits, Floats
from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.denoiser import spins
from qdiff.models.diffusion.denoisers.level_network import LevelNetwork
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_kernels import ReverseStep, correlations, corrupt

_CHUNK_ROWS = 1 << 12


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
    for part in torch.split(clean, _CHUNK_ROWS):
        for later in range(1, len(levels)):
            correlation = correlations(levels[later : later + 1], rates)
            states = corrupt(part, correlation, generator)
            _, agreement = process.reverse_step(network, states, later)
            for earlier in range(later):
                step = ReverseStep.between(levels[earlier, None], levels[later, None], rates)
                costs[earlier, later] += float(step.information(agreement).sum()) / len(rows)
    return costs
