"""Readout as a differentiable layer in torch: what `Confusion` does in numpy, with rates to fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from qdiff.models.readout.confusion import Confusion

_BLOCK = 6
"""Bits that are read at once, by one matrix of 64 x 64: each pass over a large table costs more
than the arithmetic, and automatic differentiation keeps a table a pass."""


def flipped(table: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """Each bit read by itself, ``P(1|0) = up`` and ``P(0|1) = down``, ``(2^n,) -> (2^n,)``."""
    for start in range(0, len(up), _BLOCK):
        block = _joint_matrix(up[start : start + _BLOCK], down[start : start + _BLOCK])
        # the block's bits are the lowest ones and go to the top; after all blocks they are back
        table = (block @ table.reshape(-1, len(block)).T).reshape(-1)
    return table


def flipped_together(table: Tensor, pairs: Sequence[tuple[int, int]], rates: Tensor) -> Tensor:
    """Then both bits of each pair flip together, with the pair's rate."""
    for rate, pair in zip(rates, pairs, strict=True):
        low, high = sorted(pair)
        cube = table.reshape(-1, 2, 1 << (high - low - 1), 2, 1 << low)
        # written so that automatic differentiation keeps one table a pair: the difference
        table = table + rate * (cube.flip((1, 3)).reshape(-1) - table)
    return table


def read(table: Tensor, confusion: Confusion) -> Tensor:
    """A readout that is known: nothing of it is fitted."""
    found: Tensor = _Known.apply(table, confusion)  # type: ignore[no-untyped-call]
    return found


def _joint_matrix(up: Tensor, down: Tensor) -> Tensor:
    """The Kronecker product of the bits' matrices, the first bit least significant."""
    joint = torch.ones(1, 1, dtype=up.dtype)
    for u, d in zip(up, down, strict=True):
        own = torch.stack([torch.stack([1 - u, d]), torch.stack([u, 1 - d])])
        joint = torch.kron(own, joint)
    return joint


class _Known(torch.autograd.Function):
    """Forwards the layer, backwards its adjoint."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, confusion: Confusion) -> Tensor:
        ctx.confusion = confusion
        return torch.from_numpy(confusion.apply(table.numpy()))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return torch.from_numpy(ctx.confusion.adjoint(gradients[0].contiguous().numpy())), None
