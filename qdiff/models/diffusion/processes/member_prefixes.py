"""The masking process along a few orders, for several networks at once and prefix by prefix.

Bits are hidden one after another, the last of the order first. The loss is the likelihood of all
distinct prefixes, weighted by how many strings have them: the same as string by string, at a
fraction of the cost where strings agree in their first bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from qdiff.models.diffusion.denoisers.prefix_forest import PrefixForest
from qdiff.models.diffusion.denoisers.recurrent_members import RecurrentMembers
from qdiff.models.diffusion.processes.process import Process


@dataclass(frozen=True, kw_only=True)
class MemberPrefixes(Process[RecurrentMembers]):
    """A forest is an order, and what each member counts along it."""

    def loss(
        self,
        network: RecurrentMembers,
        clean: Sequence[PrefixForest],
        generator: torch.Generator,
    ) -> Tensor:
        """The sum over members: each descends its own surprise."""
        return _surprises(network, clean).sum(1).mean()

    def surprise(
        self,
        network: RecurrentMembers,
        clean: Sequence[PrefixForest],
        generator: torch.Generator,
    ) -> Tensor:
        """The mean over members and strings of each forest, ``(forests,)``."""
        return _surprises(network, clean).mean(1).double()


def _surprises(network: RecurrentMembers, forests: Sequence[PrefixForest]) -> Tensor:
    """``(forests, members)``, in nats a string."""
    return torch.stack([forest.surprise(network.over_prefixes(forest)) for forest in forests])
