"""Networks that nobody trained, whose predictions are far from fair coins."""

from __future__ import annotations

from typing import TypeVar

import pytest
import torch
from torch import nn

from qdiff.models.diffusion.denoisers.config import (
    MLP,
    AnyOrderRecurrent,
    NetworkConfig,
    ResidualMLP,
    Transformer,
)
from qdiff.models.diffusion.denoisers.denoiser import Denoiser, StatelessDenoiser
from qdiff.models.diffusion.denoisers.level_network import LevelMLP
from qdiff.models.diffusion.denoisers.transformer import Coupling

TREE: Coupling = ((0, 1), (1, 2), (2, 3), (1, 4))  # bit 5 is coupled to none
PLAIN_MLP = MLP(width=16, depth=2)
PLAIN_TRANSFORMER = Transformer(width=16, depth=2, heads=2)
COUPLED_TRANSFORMER = Transformer(width=16, depth=2, heads=2, coupling=TREE)
PLAIN_RECURRENT = AnyOrderRecurrent(hidden=16)
every_network = pytest.mark.parametrize(
    "config",
    [PLAIN_MLP, PLAIN_TRANSFORMER, COUPLED_TRANSFORMER, PLAIN_RECURRENT],
    ids=["mlp", "transformer", "coupled", "recurrent"],
)

Network = TypeVar("Network", bound=nn.Module)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def stir(network: Network, std: float = 0.5, generator: torch.Generator | None = None) -> Network:
    """Leave no parameter at the zeros it starts from, nor at one another's values."""
    generator = generator or seeded(1)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=std, generator=generator)
    return network.eval()


def stirred(config: NetworkConfig, dtype: torch.dtype = torch.float64) -> Denoiser:
    """A network for six bits."""
    return stir(config.build(6, generator=seeded())).to(dtype).requires_grad_(False)


def random_mlp(num_bits: int, seed: int = 0, scale: float = 1.5) -> ResidualMLP:
    """Of a masking process."""
    generator = seeded(seed)
    network = ResidualMLP.initialised(num_bits, width=16, depth=2, generator=generator)
    return stir(network, scale / 4, generator).requires_grad_(False)


def random_level_mlp(num_bits: int, seed: int = 0) -> LevelMLP:
    """Of a bit-flip process, in float64."""
    generator = seeded(seed)
    network = LevelMLP.initialised(num_bits, width=16, depth=2, generator=generator)
    return stir(network, 0.4, generator).double().requires_grad_(False)


class Rough(StatelessDenoiser):
    """A random function of the visible bits, in float64: its orders disagree with one another."""

    def __init__(self, num_bits: int, seed: int = 0) -> None:
        super().__init__()
        self.num_bits = num_bits
        generator = seeded(seed)

        def normal(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(shape, dtype=torch.float64, generator=generator))

        self.inner, self.outer = normal(2 * num_bits, 16), normal(16, num_bits)
        self.requires_grad_(False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        features = torch.cat([states, 1 - states.abs()], dim=1).double()
        return torch.tanh(features @ self.inner / 2) @ self.outer / 2
