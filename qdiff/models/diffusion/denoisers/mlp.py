"""The residual network that predicts hidden bits from visible ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.denoiser import Denoiser, Memory, prefix_by_prefix
from qdiff.models.diffusion.denoisers.initialisation import draw_layers, materialise, zero


class ResidualMLP(Denoiser):
    """A residual multi-layer perceptron with pre-normalisation.

    Maps spins with zeros for hidden bits, ``(rows, n)``, to the logits of every bit being 1,
    ``(rows, n)``. The output layer starts at zero: every bit is a fair coin before training.
    """

    one_pass = False

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
        materialise(network)
        draw_layers(network, generator)
        # every bit a fair coin, every block the identity
        blocks = [module for module in network.modules() if isinstance(module, _Block)]
        zero(network.head, *(block.outer for block in blocks))
        return network

    def forward(self, states: Tensor) -> Tensor:
        logits: Tensor = self.head(self._trunk(self._embedded(states)))
        return logits

    def along(self, clean: Tensor, orders: Tensor) -> Tensor:
        return prefix_by_prefix(self, clean, orders)

    def step(
        self, states: Tensor, order: Sequence[int], position: int, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """See `Denoiser.step`; the memory is the embedding, ``(rows, width)``.

        It is linear in the states, so that a step adds one bit's columns to it.
        """
        bit = order[position]
        if memory is None:
            memory = self._embedded(states.to(self.embed.weight.dtype))
        else:
            memory = self._with_bit(memory, states, order[position - 1])
        logits = torch.mv(self._trunk(memory), self.head.weight[bit]) + self.head.bias[bit]
        return logits, memory

    def _embedded(self, states: Tensor) -> Tensor:
        # the absolute value tells a hidden bit from an average one
        embedded: Tensor = self.embed(torch.cat([states, states.abs()], dim=1))
        return embedded

    def _with_bit(self, embedded: Tensor, states: Tensor, bit: int) -> Tensor:
        sign, seen = self.embed.weight[:, [bit, self.num_bits + bit]].T.contiguous()
        return torch.addcmul(embedded + seen, states[:, bit, None].to(embedded.dtype), sign)

    def _trunk(self, hidden: Tensor) -> Tensor:
        for block in self.blocks:
            hidden = block(hidden)
        normed: Tensor = self.norm(hidden)
        return normed


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, hidden: Tensor) -> Tensor:
        update: Tensor = self.outer(nn.functional.gelu(self.inner(self.norm(hidden))))
        return hidden + update
