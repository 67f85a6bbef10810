"""What a network that reverses the masking process offers to losses and decoders.

States are *spins*: -1 for bit 0, +1 for bit 1, and 0 for a hidden bit. Every network gives logits
of a bit being 1 given the visible bits; how it does so along an order, and what it remembers from
one bit to the next, is its own affair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

Memory = Tensor | None
"""What a network keeps of a prefix between steps, one row a prefix; None where it keeps nothing."""


def spins(bits: Tensor) -> Tensor:
    """Bits 0 and 1 as spins -1.0 and +1.0."""
    return 2.0 * bits.float() - 1.0


class Denoiser(nn.Module, ABC):
    """Predicts hidden bits from visible ones.

    Attributes
    ----------
    num_bits
        The number of bits ``n``.
    one_pass
        Whether `along` costs one pass (a network that is causal along the order) or ``n`` of them.
    """

    num_bits: int
    one_pass: bool

    @abstractmethod
    def forward(self, states: Tensor) -> Tensor:
        """Logits of every bit given the visible ones, ``(rows, n) -> (rows, n)``.

        Entries at visible bits mean nothing.
        """

    @abstractmethod
    def along(self, clean: Tensor, orders: Tensor) -> Tensor:
        """Logits of bit ``orders[:, j]`` given the true bits ``orders[:, :j]``, for all ``j``.

        `clean` has no hidden bits, ``(rows, n)``; `orders` a permutation a row,
        ``(rows, n)``.
        """

    @abstractmethod
    def step(
        self, states: Tensor, order: Sequence[int], position: int, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """Logits ``(rows,)`` of bit ``order[position]``, bits ``order[:position]`` being visible.

        `states` are spins of any type, int8 to save memory. `memory` is what the previous
        position's step returned, rows chosen to match `states`. At any position it may be None:
        the network then starts from the states alone.
        """


class StatelessDenoiser(Denoiser):
    """A denoiser that is any function of the visible bits: one pass for each prefix."""

    one_pass = False

    def along(self, clean: Tensor, orders: Tensor) -> Tensor:
        return prefix_by_prefix(self, clean, orders)

    def step(
        self, states: Tensor, order: Sequence[int], position: int, memory: Memory
    ) -> tuple[Tensor, Memory]:
        return self(states.float())[:, order[position]], None


def prefix_by_prefix(network: Denoiser, clean: Tensor, orders: Tensor) -> Tensor:
    """`Denoiser.along` by one network row for each prefix of each row."""
    rows, num_bits = clean.shape
    rank = orders.argsort(1)
    position = torch.arange(num_bits, device=clean.device)
    visible = rank[:, None, :] < position[:, None]  # (rows, step, bit)
    states = torch.where(visible, clean[:, None, :], 0.0)
    logits = network(states.reshape(rows * num_bits, num_bits)).reshape(rows, num_bits, num_bits)
    return torch.take_along_dim(logits, orders[:, :, None], dim=2)[:, :, 0]
