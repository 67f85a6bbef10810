"""The residual network that predicts hidden bits from visible ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from qdiff.diffusion.denoiser import StatelessDenoiser
from qdiff.errors import InputError


class ResidualMLP(StatelessDenoiser):
    """A residual multi-layer perceptron with pre-normalisation.

    Maps spins with zeros for hidden bits, ``(rows, n)``, to the logits of every bit being 1,
    ``(rows, n)``. The output layer starts at zero: every bit is a fair coin before training.
    """

    def __init__(self, num_bits: int, *, width: int, depth: int) -> None:
        super().__init__()
        if min(num_bits, width, depth) < 1:
            raise InputError(f"a network needs positive sizes, got {num_bits}, {width}, {depth}")
        self.num_bits = num_bits
        self.embed = nn.Linear(2 * num_bits, width)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_bits)

    @classmethod
    def initialised(
        cls, num_bits: int, *, width: int, depth: int, generator: torch.Generator
    ) -> ResidualMLP:
        """A fresh network on the CPU, drawn from `generator` and from no global state."""
        with torch.device("meta"):
            network = cls(num_bits, width=width, depth=depth)
        network.to_empty(device="cpu")
        for module in network.modules():
            if isinstance(module, nn.LayerNorm):
                module.reset_parameters()
            elif isinstance(module, nn.Linear):
                bound = module.in_features**-0.5
                nn.init.uniform_(module.weight, -bound, bound, generator=generator)
                nn.init.uniform_(module.bias, -bound, bound, generator=generator)
        # every bit a fair coin, every block the identity
        blocks = [module for module in network.modules() if isinstance(module, _Block)]
        for layer in (network.head, *(block.outer for block in blocks)):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        return network

    def forward(self, states: Tensor) -> Tensor:
        # the absolute value tells a hidden bit from an average one
        features = torch.cat([states, states.abs()], dim=1)
        hidden = self.embed(features)
        for block in self.blocks:
            hidden = block(hidden)
        logits: Tensor = self.head(self.norm(hidden))
        return logits


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        update: Tensor = self.outer(nn.functional.gelu(self.inner(self.norm(hidden))))
        return hidden + update
