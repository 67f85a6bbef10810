"""Perfect denoisers: the exact conditionals of a small law, by enumeration."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from qdiff import Distribution
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.denoisers.denoiser import StatelessDenoiser, spins


class Oracle(StatelessDenoiser):
    """Logits of every bit given the visible ones under `law`.

    Where the visible bits have no probability, every bit is a fair coin.
    """

    def __init__(self, law: Distribution) -> None:
        super().__init__()
        self.num_bits = law.num_bits
        self.unused = nn.Parameter(torch.zeros(1))
        self.spins = spins(torch.from_numpy(bitorder.all_bits(law.num_bits))).double()
        self.law = torch.from_numpy(law.probabilities.copy())

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        states = states.double()
        # a string agrees with a state when their product is 1 at every visible bit
        agrees = states @ self.spins.T == states.abs().sum(1, keepdim=True)
        one = (agrees * self.law) @ (self.spins > 0).double()
        zero = (agrees * self.law) @ (self.spins < 0).double()
        return torch.where(one + zero > 0, one.log() - zero.log(), 0.0).clamp(-700, 700)


def random_law(num_bits: int, seed: int = 0) -> Distribution:
    weights = np.random.default_rng(seed).exponential(size=1 << num_bits)
    return Distribution(probabilities=weights / weights.sum())


def ghz_law(num_bits: int) -> Distribution:
    """All zeros or all ones, with equal chances."""
    table = np.zeros(1 << num_bits)
    table[[0, -1]] = 0.5
    return Distribution(probabilities=table)
