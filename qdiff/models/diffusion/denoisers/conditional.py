"""A recurrent network that is told numbers beside the bits: a circuit's parameters, say.

The numbers go through a small perceptron and then enter what every step reads, so the biases of all
gates, and the state before the first step. At any values of theirs it is therefore an ordinary
network, with other biases and another start.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from qdiff.models.diffusion.denoisers.any_order_recurrent import (
    AnyOrderRecurrentNetwork,
    Condition,
)
from qdiff.models.diffusion.denoisers.initialisation import draw_layers, materialise
from qdiff.models.diffusion.denoisers.prefix_forest import PrefixForest


class ConditionalRecurrentNetwork(nn.Module):
    """`base` told `num_features` numbers, of order one, by a perceptron of `width` units."""

    def __init__(self, num_bits: int, num_features: int, *, hidden: int, width: int) -> None:
        super().__init__()
        self.hidden, self.width = hidden, width
        self.base = AnyOrderRecurrentNetwork(num_bits, hidden=hidden)
        self.told = nn.Sequential(
            nn.Linear(num_features, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, 3 * hidden),
        )

    @classmethod
    def initialised(
        cls,
        num_bits: int,
        num_features: int,
        *,
        hidden: int,
        width: int,
        generator: torch.Generator,
    ) -> ConditionalRecurrentNetwork:
        """A fresh network on the CPU, drawn from `generator` and from no global state."""
        network = cls.skeleton(num_bits, num_features, hidden=hidden, width=width)
        materialise(network)
        network.base = AnyOrderRecurrentNetwork.initialised(
            num_bits, hidden=hidden, generator=generator
        )
        draw_layers(network.told, generator)
        return network

    @classmethod
    def skeleton(
        cls, num_bits: int, num_features: int, *, hidden: int, width: int
    ) -> ConditionalRecurrentNetwork:
        """The network without memory for its parameters, to compare a file's shapes with."""
        with torch.device("meta"):
            return cls(num_bits, num_features, hidden=hidden, width=width)

    def over_prefixes(self, forest: PrefixForest, features: Tensor) -> Iterator[Tensor]:
        """`AnyOrderRecurrentNetwork.over_prefixes`, ``(trees, num_features)`` being told."""
        return self.base.over_prefixes(forest, self.condition(features))

    def along(self, clean: Tensor, orders: Tensor, features: Tensor) -> Tensor:
        """`AnyOrderRecurrentNetwork.along`, ``(rows, num_features)`` being told."""
        return self.base.along(clean, orders, self.condition(features))

    def condition(self, features: Tensor) -> Condition:
        """What the base is told beside the bits."""
        shift, hidden, cell = self.told(features).chunk(3, dim=-1)
        return Condition(shift, torch.stack([hidden, cell], dim=-2))

    @torch.no_grad()
    def at(self, features: Tensor) -> AnyOrderRecurrentNetwork:
        """The base with the features ``(num_features,)`` folded in: it gives the same answers."""
        found = copy.deepcopy(self.base)
        condition = self.condition(features)
        entering, _, bias, _ = found.recurrent.all_weights[0]
        bias.add_(entering @ condition.shift)
        found.start.add_(condition.start)
        return found
