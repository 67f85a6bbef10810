"""What a network offers that knows the bits in their own order only."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.denoiser import Denoiser, Memory


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
