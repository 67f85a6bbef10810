"""MADE: a masked autoencoder for distribution estimation (Germain et al., arXiv:1502.03509)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import linear, relu

from qdiff.errors import InputError
from qdiff.models.baselines.autoregressive import AutoregressiveBaseline
from qdiff.models.baselines.search import MANY_SHOTS
from qdiff.models.diffusion.denoisers.autoregressive import Autoregressive
from qdiff.models.diffusion.denoisers.denoiser import Memory
from qdiff.models.diffusion.denoisers.initialisation import draw_layers, materialise
from qdiff.models.diffusion.training.trainer import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class MADE(AutoregressiveBaseline):
    """A fully connected network whose weights are masked so that bit ``j`` sees only earlier bits.

    See `AutoregressiveBaseline`; `hidden` are units a hidden layer, of which there are `depth`.
    Unless `training` is given it takes 2,000 steps, and twice as many from 50,000 shots on.

    >>> from qdiff.data.shots import Shots
    >>> quick = TrainingConfig(steps=20, evaluate_every=20)
    >>> MADE(hidden=(8,), training=quick).fit(Shots.from_counts({"00": 60, "11": 40})).num_bits
    2
    """

    hidden: tuple[int, ...] = (64, 128, 256)
    weight_decay: tuple[float, ...] = (0.3, 0.03, 1.0)
    depth: int = 2
    training: TrainingConfig | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise InputError(f"depth must be positive, got {self.depth}")
        super().__post_init__()

    def network(self, num_bits: int, hidden: int, generator: torch.Generator) -> MaskedAutoencoder:
        with torch.device("meta"):
            network = MaskedAutoencoder(num_bits, hidden=hidden, depth=self.depth)
        materialise(network)
        draw_layers(network, generator)
        return network

    def default_training(self, shots: int) -> TrainingConfig:
        steps = 2000 if shots < MANY_SHOTS else 4000
        return TrainingConfig(steps=steps, batch=512, learning_rate=5e-3)


class MaskedAutoencoder(Autoregressive):
    """Layers of masked weights, and direct connections from the bits to the logits."""

    def __init__(self, num_bits: int, *, hidden: int, depth: int) -> None:
        super().__init__()
        self.num_bits = num_bits
        bit = np.arange(1, num_bits + 1)
        # a unit of degree d sees the first d bits; bit j's logit may see units of degree below j
        unit = 1 + np.arange(hidden) % max(1, num_bits - 1)
        degrees = [bit, *[unit] * depth]
        self.layers = nn.ModuleList(
            MaskedLinear(before[None, :] <= after[:, None]) for before, after in pairwise(degrees)
        )
        self.last = MaskedLinear(unit[None, :] < bit[:, None])
        self.direct = MaskedLinear(bit[None, :] < bit[:, None])

    def forward(self, states: Tensor) -> Tensor:
        units = states
        for layer in self.layers:
            units = relu(layer(units))
        logits: Tensor = self.last(units) + self.direct(states)
        return logits

    def next_bit(self, states: Tensor, position: int, memory: Memory) -> tuple[Tensor, Memory]:
        return self(states.float())[:, position], None


class MaskedLinear(nn.Linear):
    """A linear layer whose weights are zero where the mask ``(outputs, inputs)`` is false."""

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.mask: Tensor
        values = torch.tensor(mask, dtype=torch.float32, device="cpu")
        self.register_buffer("mask", values, persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.weight * self.mask, self.bias)
