"""The masking process with nothing random about it: bits are always hidden in the same order.

What is left is an autoregressive model. It answers no question about other orders, but where the
bits have a natural one, as along a chain of qubits, its conditionals are the easier ones to learn.
Autoregressive baselines are trained so.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from qdiff.models.diffusion.denoisers.autoregressive import Autoregressive
from qdiff.models.diffusion.processes.process import Process

_CHUNK_ROWS = 1 << 13
"""Strings scored at a time."""


@dataclass(frozen=True, kw_only=True)
class FixedOrder(Process[Autoregressive]):
    """Bits are hidden one after another, the last first."""

    def loss(self, network: Autoregressive, clean: Tensor, generator: torch.Generator) -> Tensor:
        return _surprise(network, clean).mean()

    def surprise(
        self, network: Autoregressive, clean: Tensor, generator: torch.Generator
    ) -> Tensor:
        return torch.cat([_surprise(network, part) for part in torch.split(clean, _CHUNK_ROWS)])


def _surprise(network: Autoregressive, clean: Tensor) -> Tensor:
    return softplus(-clean.double() * network(clean).double()).sum(1)
