"""The masking process with nothing random about it: bits are always hidden in the same order.

What is left is an autoregressive model. It answers no question about other orders, but where the
bits have a natural one, as along a chain of qubits, its conditionals are the easier ones to learn:
beside an any-order model it earns a place in the mixture.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from qdiff.diffusion.denoiser import Denoiser, Memory
from qdiff.diffusion.process import Process
from qdiff.errors import InputError

_CHUNK_ROWS = 1 << 13
"""Strings scored at a time."""


class Autoregressive(Denoiser):
    """Logits of bit ``j`` given bits ``0`` to ``j - 1``, for all ``j`` in one pass."""

    one_pass = True

    def along(self, clean: Tensor, orders: Tensor) -> Tensor:
        own = torch.arange(clean.shape[1], device=clean.device)
        if not bool((orders == own).all()):
            raise InputError("a network of a fixed order knows no other")
        logits: Tensor = self(clean)
        return logits

    def step(
        self, states: Tensor, order: Sequence[int], position: int, memory: Memory
    ) -> tuple[Tensor, Memory]:
        if list(order) != list(range(len(order))):
            raise InputError("a network of a fixed order knows no other")
        return self.next_bit(states, position, memory)

    @abstractmethod
    def next_bit(self, states: Tensor, position: int, memory: Memory) -> tuple[Tensor, Memory]:
        """`Denoiser.step` along the network's own order."""


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
