"""A long short-term memory over the bits (Hochreiter and Schmidhuber, Neural Comput. 9, 1997).

The same weights serve every bit, so that what is learned of one pair of neighbours is known of all:
few shots suffice where a circuit repeats itself along a chain. Niu et al., arXiv:2010.11983, train
such networks, of up to 256 units, on the outcomes of random circuits.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from qdiff.models.diffusion.denoisers.autoregressive import Autoregressive
from qdiff.models.diffusion.denoisers.denoiser import Memory
from qdiff.models.diffusion.denoisers.initialisation import draw_layers, draw_memory, materialise


class RecurrentNetwork(Autoregressive):
    """One recurrent layer; each step is given the bit before and which bit comes next."""

    def __init__(self, num_bits: int, *, hidden: int) -> None:
        super().__init__()
        self.num_bits = num_bits
        self.recurrent = nn.LSTM(1 + num_bits, hidden, batch_first=True)
        self.last = nn.Linear(hidden, 1)

    @classmethod
    def initialised(
        cls, num_bits: int, *, hidden: int, generator: torch.Generator
    ) -> RecurrentNetwork:
        """A fresh network on the CPU, drawn from `generator` and from no global state."""
        with torch.device("meta"):
            network = cls(num_bits, hidden=hidden)
        materialise(network)
        draw_layers(network, generator)
        draw_memory(network.recurrent, generator)
        return network

    def forward(self, states: Tensor) -> Tensor:
        before = torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], dim=1)
        found, _ = self.recurrent(self._inputs(before, 0))
        logits: Tensor = self.last(found)[:, :, 0]
        return logits

    def next_bit(self, states: Tensor, position: int, memory: Memory) -> tuple[Tensor, Memory]:
        """The memory of a prefix is the hidden state and the cell state, ``(rows, 2, hidden)``."""
        first = 0 if memory is None else position
        if memory is None:
            memory = self.last.weight.new_zeros(len(states), 2, self.recurrent.hidden_size)
        hidden, cell = memory.unbind(1)
        for bit in range(first, position + 1):
            before = states[:, bit - 1].to(hidden.dtype) if bit else torch.zeros_like(hidden[:, 0])
            hidden, cell = self._step(before, bit, hidden, cell)
        return self.last(hidden)[:, 0], torch.stack([hidden, cell], dim=1)

    def _step(
        self, before: Tensor, bit: int, hidden: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One step of ``self.recurrent``, written out.

        What torch calls on a CPU instead keeps a compiled kernel with its buffers for every number
        of rows it has met; as many draws have ever new ones, these came to gigabytes.
        """
        inputs, turns, bias, bias_of_turns = self.recurrent.all_weights[0]
        weight = torch.cat([turns, inputs[:, :1]], dim=1)
        known = torch.cat([hidden, before[:, None]], dim=1)
        gates = torch.addmm(bias + bias_of_turns + inputs[:, 1 + bit], known, weight.T)
        enter, keep, new, leave = gates.chunk(4, dim=1)
        cell = torch.addcmul(enter.sigmoid() * new.tanh(), keep.sigmoid(), cell)
        return leave.sigmoid() * cell.tanh(), cell

    def _inputs(self, before: Tensor, first: int) -> Tensor:
        """Spins before bits `first`, `first` + 1 ... with those bits' numbers as unit vectors."""
        rows, length = before.shape
        number = torch.eye(self.num_bits, device=before.device)[first : first + length]
        return torch.cat([before[:, :, None], number.expand(rows, -1, -1)], dim=2)
