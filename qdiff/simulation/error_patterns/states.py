"""Many states at once through one block: what becomes of them, and what is read.

States are ``(batch, 2^k)`` complex64 numbers in torch, on any device, all with the same order of
qubits; every norm is 1. Rounding moves a probability by about 1e-6 of itself, which a test would
need 1e12 shots to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from qdiff.data.bits import Floats
from qdiff.simulation.error_patterns.blocks import Block
from qdiff.simulation.error_patterns.noisy_gates import Matrix

_SHORT = 8
"""Products over shorter runs of numbers are slow."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Layout:
    """How a block is multiplied into states whose qubits are in the order `before`.

    The state becomes ``(batch, front, held, back)``: as it lies where the block's qubits are
    neighbours, else moved so that they come first, or last where little else is left.
    """

    block: Block
    before: tuple[int, ...]

    @cached_property
    def _parts(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """The other qubits in front of the block's, its own, and those behind them."""
        held = self.block.held
        rest = tuple(qubit for qubit in self.before if qubit not in held)
        places = [self.before.index(qubit) for qubit in held]
        if places and places == list(range(places[0], places[0] + len(places))):
            front, back = self.before[: places[0]], self.before[places[-1] + 1 :]
            if 1 << len(back) >= _SHORT:
                return front, held, back
        return ((), held, rest) if 1 << len(rest) >= _SHORT else (rest, held, ())

    @property
    def after(self) -> tuple[int, ...]:
        """The order of the qubits once those that die are gone."""
        front, _, back = self._parts
        return front + self.block.kept + back

    def views(self, states: torch.Tensor) -> torch.Tensor:
        """``(batch, front, held, back)``."""
        front, held, back = self._parts
        order = front + held + back
        if order != self.before:
            cube = states.reshape(len(states), *[2] * len(self.before))
            places = [1 + self.before.index(qubit) for qubit in order]
            states = cube.permute(0, *places)
        shape = (len(states), 1 << len(front), 1 << len(held), 1 << len(back))
        return states.reshape(shape)

    def multiplied(self, matrix: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """`matrix` ``(rows, held)`` into all, or one ``(batch, 1, rows, held)`` into each."""
        if views.shape[3] > 1:
            return matrix @ views
        rows = views[..., 0] @ matrix.reshape(*matrix.shape[-4:-3], *matrix.shape[-2:]).mT
        return rows.unsqueeze(3)

    def outcomes(self, products: torch.Tensor) -> torch.Tensor:
        """``(batch, front, dying, rest)``: the values of the qubits that die apart."""
        batch, front, rows, back = products.shape
        dead = 1 << len(self.block.dying)
        return products.reshape(batch, front, dead, rows // dead * back)


def layouts(blocks: Sequence[Block]) -> list[Layout]:
    """The layout at each block, from the empty state on."""
    found, order = [], tuple[int, ...]()
    for block in blocks:
        found.append(Layout(block=block, before=order))
        order = found[-1].after
    return found


def as_tensor(matrices: Matrix, device: torch.device) -> torch.Tensor:
    """Matrices as states' numbers."""
    return torch.from_numpy(matrices.astype(np.complex64)).to(device)


def weights(cells: torch.Tensor) -> Floats:
    """``(batch, outcomes)``, the weight of each in cells ``(batch, front, outcomes, rest)``."""
    real = torch.view_as_real(cells.resolve_conj())
    sums = real.square().sum(dim=(1, 3, 4), dtype=torch.float64)
    return np.asarray(sums.cpu().numpy())


def choose(table: Floats, owners: NDArray[np.int64], uniforms: Floats) -> NDArray[np.int64]:
    """An outcome for each shot by its owner's row of weights and its own uniform number.

    The number is used up in place: what is left of it is uniform again, given the outcome.
    """
    edges = np.cumsum(table, axis=1)
    edges /= edges[:, -1:]
    edges = np.concatenate([np.zeros((len(edges), 1)), edges], axis=1)
    own = edges[owners]
    chosen = np.asarray((uniforms[:, None] >= own[:, 1:-1]).sum(axis=1))
    rows = np.arange(len(chosen))
    low, high = own[rows, chosen], own[rows, chosen + 1]
    left = (uniforms - low) / np.maximum(high - low, np.finfo(float).tiny)
    np.clip(left, 0, 1 - 2**-53, out=uniforms)
    return chosen
