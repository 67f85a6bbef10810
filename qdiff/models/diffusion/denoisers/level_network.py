"""Networks that reverse the bit-flip process: they are told how strongly the bits are corrupted."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.initialisation import draw_layers, materialise, zero


class LevelNetwork(nn.Module, ABC):
    """Predicts every bit from the corrupted values of the others.

    Attributes
    ----------
    num_bits
        The number of bits ``n``.
    """

    num_bits: int

    @abstractmethod
    def forward(self, states: Tensor, levels: Tensor) -> Tensor:
        """Leave-one-out logits ``l_i = logit P(x_i = 1 | z_j, j != i)``, ``(rows, n)``.

        `states` are corrupted spins ``(rows, n)``; `levels` the correlation ``a`` of each row,
        ``(rows,)``, or ``(1,)`` where all rows share one, from 0 (nothing is known) to below 1.
        """


class LevelMLP(LevelNetwork):
    """A residual multi-layer perceptron whose norms are shifted and scaled by the level.

    It sees ``a z``, so that bits without correlation say nothing. The output layer starts at
    zero: every bit is a fair coin before training. That the logit of a bit leaves out its own
    corrupted value is learned, not built in.

    Source of the conditioning: Peebles and Xie, arXiv:2212.09748, section 3.2 (adaptive norms).
    """

    def __init__(self, num_bits: int, *, width: int, depth: int) -> None:
        super().__init__()
        if min(num_bits, width, depth) < 1:
            raise InputError(f"a network needs positive sizes, got {num_bits}, {width}, {depth}")
        self.num_bits = num_bits
        self.embed = nn.Linear(num_bits, width)
        self.level = nn.Sequential(nn.Linear(_FEATURES, width), nn.GELU())
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.norm = _LevelNorm(width)
        self.head = nn.Linear(width, num_bits)

    @classmethod
    def initialised(
        cls, num_bits: int, *, width: int, depth: int, generator: torch.Generator
    ) -> LevelMLP:
        """A fresh network on the CPU, drawn from `generator` and from no global state."""
        with torch.device("meta"):
            network = cls(num_bits, width=width, depth=depth)
        materialise(network)
        draw_layers(network, generator)
        # every bit a fair coin, every block the identity, every norm the same at all levels
        modules = list(network.modules())
        zero(network.head, *(block.outer for block in modules if isinstance(block, _Block)))
        zero(*(norm.modulation for norm in modules if isinstance(norm, _LevelNorm)))
        return network

    def forward(self, states: Tensor, levels: Tensor) -> Tensor:
        kind = self.embed.weight.dtype
        level = self.level(_features(levels).to(kind))
        hidden = self.embed((states * levels[:, None]).to(kind))
        for block in self.blocks:
            hidden = block(hidden, level)
        logits: Tensor = self.head(self.norm(hidden, level))
        return logits


_FEATURES = 8


def _features(levels: Tensor) -> Tensor:
    """Smooth functions of ``a`` that tell rare flips apart by their order of magnitude."""
    a = levels.double()
    evidence = 2 * torch.atanh(a.clamp(max=1 - 1e-12))
    waves = evidence[:, None] * torch.tensor([0.25, 0.5, 1.0], dtype=a.dtype, device=a.device)
    plain = torch.stack([a, evidence / 4], dim=1)
    return torch.cat([plain, waves.sin(), waves.cos()], dim=1)


class _LevelNorm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.modulation = nn.Linear(width, 2 * width)

    def forward(self, hidden: Tensor, level: Tensor) -> Tensor:
        shift, scale = self.modulation(level).chunk(2, dim=1)
        modulated: Tensor = self.norm(hidden) * (1 + scale) + shift
        return modulated


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = _LevelNorm(width)
        self.inner = nn.Linear(width, width)
        self.outer = nn.Linear(width, width)

    def forward(self, hidden: Tensor, level: Tensor) -> Tensor:
        update: Tensor = self.outer(nn.functional.gelu(self.inner(self.norm(hidden, level))))
        return hidden + update
