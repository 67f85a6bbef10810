"""A family's shots as trees of prefixes along a few orders, for training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qdiff.data.bits import Bits, Counts
from qdiff.data.shots import Shots
from qdiff.models.diffusion.denoisers.prefix_forest import forest_of, sorted_along
from qdiff.models.diffusion.processes.conditional_prefixes import ConditionalForest
from qdiff.models.diffusion.training.examples import Examples

Rows = NDArray[np.int64]

_PREFIXES = 2048
"""Of a point at a time, in each order: what all shots of eleven bits can have."""


@dataclass(frozen=True, kw_only=True)
class PointStrings:
    """The distinct strings of all points, point by point."""

    bits: Bits
    counts: Counts
    point: Rows

    @classmethod
    def of(cls, shots: Sequence[Shots]) -> PointStrings:
        """Of the shots of each point."""
        return cls(
            bits=np.concatenate([each.bits for each in shots]),
            counts=np.concatenate([each.counts for each in shots]),
            point=np.repeat(np.arange(len(shots)), [len(each.counts) for each in shots]),
        )

    @cached_property
    def edges(self) -> Rows:
        """Where each point's strings begin, and where the last one's end."""
        return np.searchsorted(self.point, np.arange(self.point[-1] + 2))

    @cached_property
    def cumulative(self) -> Counts:
        """How many shots come before each string, and how many there are."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    def rows_of(self, point: int, most: int, generator: torch.Generator) -> tuple[Rows, Counts]:
        """The strings of a point, or so many of its shots where it has more strings."""
        first, last = self.edges[point], self.edges[point + 1]
        if last - first <= most:
            return np.arange(first, last), self.counts[first:last]
        low, high = self.cumulative[[first, last]]
        drawn = torch.randint(int(low), int(high), (most,), generator=generator).numpy()
        return np.unique(np.searchsorted(self.cumulative, drawn, "right") - 1, return_counts=True)


class FamilyExamples(Examples):
    """The shots of a family's points along each of `orders`.

    Parameters
    ----------
    features
        ``(k, num_features)``, what is told of each point.
    any_order
        Whether batches have one more forest, along a random order.
    """

    def __init__(
        self, shots: Sequence[Shots], features: Tensor, orders: Rows, *, any_order: bool = False
    ) -> None:
        self.weights = torch.ones(len(orders))
        self._features, self._orders, self._any_order = features, orders, any_order
        self._strings = PointStrings.of(shots)
        self._most = most_strings(shots[0].num_bits)

    def batch(self, size: int, generator: torch.Generator) -> list[ConditionalForest]:
        """A forest for each order, of `size` points of its own."""
        orders = [*self._orders]
        if self._any_order:
            orders.append(torch.randperm(len(orders[0]), generator=generator).numpy())
        return [self._forest(order, size, generator) for order in orders]

    def all(self) -> list[ConditionalForest]:
        """Everything but what would be too many strings of a point; always the same ones."""
        generator = torch.Generator().manual_seed(0)
        return [self._forest(order, len(self._features), generator) for order in self._orders]

    def _forest(self, order: Rows, size: int, generator: torch.Generator) -> ConditionalForest:
        strings = self._strings
        chosen = torch.randperm(len(self._features), generator=generator)[:size].sort().values
        found = [strings.rows_of(int(point), self._most, generator) for point in chosen]
        rows = np.concatenate([own for own, _ in found])
        counts = np.concatenate([own for _, own in found]).astype(np.float64)
        bits, point = strings.bits[rows], strings.point[rows]
        along = sorted_along(order, bits, point)
        forest = forest_of(order, bits[along], counts[along], point[along])
        return ConditionalForest(forest=forest, features=self._features[chosen])


def most_strings(num_bits: int) -> int:
    """How many strings of a point are looked at together, so that prefixes stay few.

    >>> most_strings(10), most_strings(40)
    (1024, 32)
    """
    strings = 1
    while 2 * strings * (num_bits - np.log2(strings)) <= _PREFIXES and strings < 1 << num_bits:
        strings *= 2
    return strings
