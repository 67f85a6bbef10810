"""The shots of all folds as prefixes along a few orders, for networks that train together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from qdiff.data import bits as bitorder
from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.models.diffusion.decoding.ordered import Orders
from qdiff.models.diffusion.denoisers.prefix_forest import (
    PrefixForest,
    Rows,
    forest_of,
    sorted_along,
)
from qdiff.models.diffusion.training.examples import Examples


class FoldExamples(Examples):
    """Each fold's strings along each of `orders`.

    One draw of strings serves all folds: a string counts for a fold by how much commoner it is
    there than on average, which is not at all where it is held out.

    Parameters
    ----------
    folds
        The shots of each; a member of the network sees one of them.
    any_order
        Whether batches have one more forest, along a random order.
    """

    def __init__(
        self,
        folds: Sequence[Shots],
        orders: Orders,
        *,
        any_order: bool = False,
        device: torch.device | None = None,
    ) -> None:
        self.weights = torch.ones(len(orders), device=device)
        self._orders, self._any_order, self._device = orders, any_order, device
        words, place = np.unique(
            np.concatenate([fold.words for fold in folds]), axis=0, return_inverse=True
        )
        owner = np.repeat(np.arange(len(folds)), [len(fold.counts) for fold in folds])
        self._bits = bitorder.unpack(words, folds[0].num_bits)
        self._shares = np.zeros((len(folds), len(words)))
        self._shares[owner, place] = np.concatenate(
            [fold.counts / fold.num_shots for fold in folds]
        )
        self._mean = self._shares.mean(axis=0)
        self._cumulative = torch.from_numpy(np.cumsum(self._mean))

    def batch(self, size: int, generator: torch.Generator) -> list[PrefixForest]:
        """A forest for each order, of `size` strings of its own."""
        orders = [*self._orders]
        if self._any_order:
            own = torch.randperm(orders[0].size, generator=generator, device=generator.device)
            orders.append(own.cpu().numpy())
        return [self._drawn(order, size, generator) for order in orders]

    def all(self) -> list[PrefixForest]:
        """All strings, along each order."""
        rows = np.arange(len(self._bits))
        return [self._forest(order, rows, self._shares) for order in self._orders]

    def _drawn(self, order: Rows, size: int, generator: torch.Generator) -> PrefixForest:
        total = self._cumulative[-1]
        uniforms = torch.rand(
            size, dtype=torch.float64, generator=generator, device=generator.device
        )
        found = torch.searchsorted(self._cumulative, uniforms.cpu() * total, right=True)
        rows, times = np.unique(found.clamp(max=len(self._bits) - 1).numpy(), return_counts=True)
        return self._forest(order, rows, self._shares[:, rows] / self._mean[rows] * times)

    def _forest(self, order: Rows, rows: Rows, counts: Floats) -> PrefixForest:
        along = sorted_along(order, self._bits[rows], np.zeros(len(rows), dtype=np.int64))
        tree = np.zeros(len(rows), dtype=np.int64)
        return forest_of(order, self._bits[rows[along]], counts[:, along], tree, self._device)
