"""Several recurrent networks of one size as one, each parameter with a leading axis of members.

Members differ by where they start and by which strings they are trained on; the mean of their laws
is far better than one of them. All are asked about the same prefixes, so that a product of matrices
serves all of them and what a small network spends between products is spent once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from qdiff.models.diffusion.denoisers.any_order_recurrent import AnyOrderRecurrentNetwork
from qdiff.models.diffusion.denoisers.prefix_forest import PrefixForest

_NAMES = {
    "value": "value.weight",
    "read": "read.weight",
    "next": "next.weight",
    "start": "start",
    "enter": "recurrent.weight_ih_l0",
    "turn": "recurrent.weight_hh_l0",
    "enter_bias": "recurrent.bias_ih_l0",
    "turn_bias": "recurrent.bias_hh_l0",
    "last": "last.weight",
    "last_bias": "last.bias",
}
"""Parameters here, and those of one network."""


class RecurrentMembers(nn.Module):
    """`networks` of one shape, for training; `networks` gives them back as they are then.

    ``(members, rows, hidden)`` is the shape of all states.
    """

    value: Tensor
    read: Tensor
    next: Tensor
    start: Tensor
    enter: Tensor
    turn: Tensor
    enter_bias: Tensor
    turn_bias: Tensor
    last: Tensor
    last_bias: Tensor

    def __init__(self, networks: Sequence[AnyOrderRecurrentNetwork]) -> None:
        super().__init__()
        self.num_bits, self.hidden = networks[0].num_bits, networks[0].value.embedding_dim
        for name, theirs in _NAMES.items():
            stacked = torch.stack([each.get_parameter(theirs).detach() for each in networks])
            self.register_parameter(name, nn.Parameter(stacked))

    def networks(self) -> list[AnyOrderRecurrentNetwork]:
        """Each member as a network of its own."""
        with torch.device("meta"):
            found = [
                AnyOrderRecurrentNetwork(self.num_bits, hidden=self.hidden) for _ in self.start
            ]
        for place, network in enumerate(found):
            own = {theirs: getattr(self, name)[place] for name, theirs in _NAMES.items()}
            state = {name: weight.detach().clone() for name, weight in own.items()}
            network.load_state_dict(state, assign=True)
        return found

    def over_prefixes(self, forest: PrefixForest) -> Iterator[Tensor]:
        """Logits of the bit after each prefix of a single tree, ``(members, rows)`` a level.

        What two prefixes of one parent share is computed once.
        """
        hidden, cell = self.start[:, 0, None], self.start[:, 1, None]
        gates, values = self._told(forest)
        for place, level in enumerate(forest.levels):
            turned = torch.bmm(hidden, self.turn.mT)[:, level.parents]
            told = turned + gates[:, place, None]
            if place:
                told = torch.addcmul(told, level.values[:, None], values[:, place - 1, None])
            enter, keep, new, leave = told.chunk(4, dim=2)
            kept = keep.sigmoid() * cell[:, level.parents]
            cell = torch.addcmul(kept, enter.sigmoid(), new.tanh())
            hidden = leave.sigmoid() * cell.tanh()
            yield torch.baddbmm(self.last_bias[:, None], hidden, self.last.mT)[..., 0]

    def _told(self, forest: PrefixForest) -> tuple[Tensor, Tensor]:
        """What the gates are told before each place, and that times the last spin, from the second
        place on; ``(members, places, 4 hidden)``."""
        order = torch.tensor(forest.order, device=self.start.device)
        before = torch.cat([order.new_tensor([self.num_bits]), order[:-1]])
        bias = (self.enter_bias + self.turn_bias)[:, None]
        places = self.next[:, order] + self.read[:, before]
        return (
            torch.baddbmm(bias, places, self.enter.mT),
            torch.bmm(self.value[:, order[:-1]], self.enter.mT),
        )
