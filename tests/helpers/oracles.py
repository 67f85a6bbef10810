"""Perfect denoisers: the exact conditionals of a small law, by enumeration."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from qdiff import Distribution
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.denoisers.denoiser import StatelessDenoiser, spins
from qdiff.models.diffusion.denoisers.level_network import LevelNetwork


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


class LevelOracle(LevelNetwork):
    """The exact leave-one-out logits of a law under given rates."""

    def __init__(self, law: Distribution, rates: tuple[float, ...] | None = None) -> None:
        super().__init__()
        self.num_bits = law.num_bits
        self.unused = nn.Parameter(torch.zeros(1))
        self.bits = spins(torch.from_numpy(bitorder.all_bits(law.num_bits))).double()
        self.law = torch.from_numpy(law.probabilities.copy())
        self.rates = torch.tensor(rates or (1.0,) * law.num_bits, dtype=torch.float64)

    def forward(self, states: Tensor, levels: Tensor) -> Tensor:
        a = levels.double()[:, None, None] ** self.rates
        each = (1 + a * states[:, None].double() * self.bits) / 2  # (row, string, bit)
        logits = []
        for bit in range(self.num_bits):
            others = [j for j in range(self.num_bits) if j != bit]
            weight = each[:, :, others].prod(2) * self.law
            one, zero = (weight[:, self.bits[:, bit] == s].sum(1) for s in (1, -1))
            logits.append(one.log() - zero.log())
        return torch.stack(logits, dim=1)
