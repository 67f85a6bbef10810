"""A recurrent network that reads the bits in any order it is given.

A step is told the last bit's value, where that bit sits and where the next one does; all else is
shared by all places and orders. So one network is decoded along several orders, the natural one and
its reverse, say, and what it learns of a pair of neighbours in one serves the others.

Sources: Hochreiter and Schmidhuber, Neural Comput. 9 (1997) (the cell); Uria, Murray and
Larochelle, arXiv:1310.1757 (one network for many orders).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from qdiff.models.diffusion.denoisers.denoiser import Denoiser, Memory
from qdiff.models.diffusion.denoisers.initialisation import (
    draw_layers,
    draw_memory,
    materialise,
    zero,
)
from qdiff.models.diffusion.denoisers.prefix_forest import PrefixForest

_SPREAD = 4.0
"""How much wider than usual embeddings start: what is read then soon moves the gates."""


class Condition(NamedTuple):
    """What the rows are told beside their bits.

    Attributes
    ----------
    shift
        Added to what every step reads, ``(rows, width)``.
    start
        Added to the hidden and the cell state before the first step, ``(rows, 2, width)``.
    """

    shift: Tensor
    start: Tensor


class AnyOrderRecurrentNetwork(Denoiser):
    """One long short-term memory of `hidden` units along whatever order.

    The output layer starts at zero: every bit is a fair coin before training.
    """

    one_pass = True

    def __init__(self, num_bits: int, *, hidden: int) -> None:
        super().__init__()
        self.num_bits = num_bits
        self.value = nn.Embedding(num_bits, hidden)  # times the spin of the bit that was read
        self.read = nn.Embedding(num_bits + 1, hidden)  # where it sits; the last row: nowhere yet
        self.next = nn.Embedding(num_bits, hidden)
        self.start = nn.Parameter(torch.zeros(2, hidden))
        self.recurrent = nn.LSTM(hidden, hidden, batch_first=True)
        self.last = nn.Linear(hidden, 1)

    @classmethod
    def initialised(
        cls, num_bits: int, *, hidden: int, generator: torch.Generator
    ) -> AnyOrderRecurrentNetwork:
        """A fresh network on the CPU, drawn from `generator` and from no global state."""
        with torch.device("meta"):
            network = cls(num_bits, hidden=hidden)
        materialise(network)
        draw_layers(network, generator)
        draw_memory(network.recurrent, generator)
        for embedding in (network.value, network.read, network.next):
            nn.init.normal_(embedding.weight, std=_SPREAD * hidden**-0.5, generator=generator)
        nn.init.zeros_(network.start)
        zero(network.last)
        return network

    def forward(self, states: Tensor) -> Tensor:
        """See `Denoiser.forward`; the visible bits are read in their own order."""
        rows, num_bits = states.shape
        order = (states == 0).long().argsort(dim=1, stable=True)
        known = (states != 0).sum(dim=1)
        read = self._read(states, order)
        state = self.start.expand(rows, -1, -1)
        for place in range(num_bits):
            asked = read[:, place] + self.next(order[:, place])
            further = self._turn(self._gates(asked), state)
            state = torch.where((place < known)[:, None, None], further, state)
        asked = read[torch.arange(rows, device=read.device), known, None] + self.next.weight
        every = state[:, None].expand(-1, num_bits, -1, -1).flatten(0, 1)
        found = self._turn(self._gates(asked.flatten(0, 1)), every)[:, 0]
        logits: Tensor = self.last(found).reshape(rows, num_bits)
        return logits

    def along(self, clean: Tensor, orders: Tensor, condition: Condition | None = None) -> Tensor:
        """See `Denoiser.along`; with a `condition` for each row."""
        inputs = self._read(clean, orders)[:, :-1] + self.next(orders)
        start = self.start.expand(len(clean), -1, -1)
        if condition is not None:
            inputs, start = inputs + condition.shift[:, None], start + condition.start
        hidden, cell = (part.contiguous()[None] for part in start.unbind(1))
        found, _ = self.recurrent(inputs, (hidden, cell))
        logits: Tensor = self.last(found)[:, :, 0]
        return logits

    def step(
        self, states: Tensor, order: Sequence[int], position: int, memory: Memory
    ) -> tuple[Tensor, Memory]:
        """See `Denoiser.step`; the memory is the hidden and the cell state, ``(rows, 2, hidden)``.

        The cell is written out, as in `RecurrentNetwork`.
        """
        first = 0 if memory is None else position
        if memory is None:
            memory = self.start.expand(len(states), -1, -1)
        for place in range(first, position + 1):
            gates, value = self._told(order, place)
            values = states[:, order[place - 1]].to(gates.dtype)
            memory = self._turn(torch.addr(gates, values, value), memory)
        return self.last(memory[:, 0])[:, 0], memory

    def over_prefixes(
        self, forest: PrefixForest, condition: Condition | None = None
    ) -> Iterator[Tensor]:
        """Logits of the bit after each prefix, level by level, ``(rows,)`` each.

        A `condition` has a row for each tree. What two prefixes of one parent share is computed
        once.
        """
        entering, turns, _, _ = self.recurrent.all_weights[0]
        state, shift = self.start.expand(forest.trees, -1, -1), None
        if condition is not None:
            state = state + condition.start
            shift = condition.shift @ entering.T
        hidden, cell = state.unbind(1)
        tree = torch.arange(forest.trees, device=hidden.device)
        for place, level in enumerate(forest.levels):
            turned = hidden @ turns.T
            if shift is not None:
                turned = turned + shift[tree]
            gates, value = self._told(forest.order, place)
            told = torch.addr(gates, level.values, value) + turned[level.parents]
            hidden, cell = _cell(told, cell[level.parents])
            yield self.last(hidden)[:, 0]
            tree = tree[level.parents]

    def _told(self, order: Sequence[int], place: int) -> tuple[Tensor, Tensor]:
        """What the gates are told before bit ``order[place]``, and that times the last spin."""
        weight, _, bias, bias_of_turns = self.recurrent.all_weights[0]
        before = order[place - 1] if place else self.num_bits
        places = self.next.weight[order[place]] + self.read.weight[before]
        value = self.value.weight[before] if place else torch.zeros_like(places)
        return torch.addmv(bias + bias_of_turns, weight, places), weight @ value

    def _gates(self, inputs: Tensor) -> Tensor:
        weight, _, bias, bias_of_turns = self.recurrent.all_weights[0]
        return nn.functional.linear(inputs, weight, bias + bias_of_turns)

    def _turn(self, told: Tensor, state: Tensor) -> Tensor:
        """One step of ``self.recurrent``, from the state before to the one after."""
        hidden, cell = state.unbind(1)
        gates = torch.addmm(told, hidden, self.recurrent.all_weights[0][1].T)
        return torch.stack(_cell(gates, cell), dim=1)

    def _read(self, clean: Tensor, orders: Tensor) -> Tensor:
        """The bit that was read last before each place and after all, ``(rows, n + 1, hidden)``."""
        nowhere = self.read.weight[self.num_bits].expand(len(clean), 1, -1)
        values = clean.gather(1, orders)[:, :, None] * self.value(orders)
        return torch.cat([nowhere, self.read(orders) + values], dim=1)


def _cell(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """The hidden and the cell state after a step."""
    enter, keep, new, leave = gates.chunk(4, dim=1)
    cell = torch.addcmul(enter.sigmoid() * new.tanh(), keep.sigmoid(), cell)
    return leave.sigmoid() * cell.tanh(), cell
