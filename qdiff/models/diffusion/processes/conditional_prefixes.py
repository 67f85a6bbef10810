"""Reversing the masking process along a few orders, for sets of strings that are told apart.

The examples are trees of prefixes (`PrefixForest`), one for each set of strings, and with each
what the network is told of it. The loss is exact for all their strings, not an estimate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from qdiff.models.diffusion.denoisers.conditional import ConditionalRecurrentNetwork
from qdiff.models.diffusion.denoisers.prefix_forest import PrefixForest
from qdiff.models.diffusion.processes.process import Process


@dataclass(frozen=True, kw_only=True)
class ConditionalForest:
    """A forest, and what is told of each of its trees, ``(trees, num_features)``."""

    forest: PrefixForest
    features: Tensor

    def surprise(self, network: ConditionalRecurrentNetwork) -> Tensor:
        """The mean of ``-log q_s(x)`` over all strings, along the forest's order, in nats."""
        return self.forest.surprise(network.over_prefixes(self.forest, self.features))


@dataclass(frozen=True, kw_only=True)
class ConditionalPrefixes(Process[ConditionalRecurrentNetwork]):
    """Bits are hidden one after another, along the order of each forest."""

    def loss(
        self,
        network: ConditionalRecurrentNetwork,
        clean: Iterable[ConditionalForest],
        generator: torch.Generator,
    ) -> Tensor:
        return self._surprises(network, clean).mean()

    def surprise(
        self,
        network: ConditionalRecurrentNetwork,
        clean: Iterable[ConditionalForest],
        generator: torch.Generator,
    ) -> Tensor:
        """The mean over the strings of each forest, ``(forests,)``."""
        return self._surprises(network, clean).double()

    @staticmethod
    def _surprises(
        network: ConditionalRecurrentNetwork, told: Iterable[ConditionalForest]
    ) -> Tensor:
        return torch.stack([forest.surprise(network) for forest in told])
