"""Reversing the bit-flip process in K steps, by ancestral sampling.

A shot starts as fair coins. Each step asks the network how likely every bit is to have been
flipped, and flips bits back independently of one another. What the independence costs shrinks with
the number of steps; what the network costs does not.

Source: Austin et al., arXiv:2107.03006, section 3 (the sampler and its bound).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError
from qdiff.models.diffusion.decoding.bitflip_laws import all_spins, step_table
from qdiff.models.diffusion.denoisers.denoiser import spins
from qdiff.models.diffusion.denoisers.level_network import LevelNetwork
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.table import TableLaw

_CHUNK_ROWS = 1 << 14
"""Shots at a time: activations that stay near the processor's caches."""


class BitFlipLaw(AnyOrderLaw):
    """The law of a `network` that reverses a bit-flip `process` along the steps of its schedule.

    The steps need not be those it was trained with. `FlipSchedule.cosine` places few steps well,
    `FlipSchedule.least_bound` a little better:

        law = BitFlipLaw(network, replace(process, schedule=FlipSchedule.cosine(steps=16)))

    Raises `InputError` for rates of another number of bits.

    >>> from qdiff.models.diffusion.denoisers.level_network import LevelMLP
    >>> fresh = torch.Generator().manual_seed(0)
    >>> network = LevelMLP.initialised(2, width=4, depth=1, generator=fresh)
    >>> BitFlipLaw(network, BitFlip()).table().round(6).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """

    def __init__(self, network: LevelNetwork, process: BitFlip) -> None:
        self.network = network
        self.process = process
        self.num_bits = network.num_bits
        self._device = next(network.parameters()).device
        process.rates_on(torch.empty(0, self.num_bits))

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Distinct strings and how often each was drawn; memory is a chunk and the result."""
        source = self._generator(generator)
        tally = StreamingCounts(self.num_bits)
        for start in range(0, shots, _CHUNK_ROWS):
            tally.add(self._rows(min(_CHUNK_ROWS, shots - start), source))
        return tally.total()

    def table(self) -> Floats:
        """The exact law, by its transition matrices. Raises `InputError` beyond 12 bits."""
        return self._exact.table()

    def log_prob(self, bits: Bits) -> Floats:
        """Exact log-probabilities, from `table`.

        Raises `InputError` beyond 12 bits, where there is only a `bound`.
        """
        return self._exact.log_prob(bits)

    def marginal(self, bits: Sequence[int]) -> Floats:
        return self._exact.marginal(bits)

    def condition(self, given: Mapping[int, int]) -> tuple[float, TableLaw]:
        return self._exact.condition(given)

    @cached_property
    def _exact(self) -> TableLaw:
        return TableLaw.of(step_table(self.network, self.process))

    @torch.no_grad()
    def bound(
        self, bits: Bits, generator: np.random.Generator, *, samples: int = 8
    ) -> tuple[Floats, Floats]:
        """A lower bound on each row's log-probability, ``(m, n) -> (m,)``, and its standard error.

        Minus the variational bound in nats, estimated without bias from `samples` corrupted strings
        at each of the steps. `bitflip_laws.bound_table` has it without sampling.

        Raises `InputError` for fewer than two samples.
        """
        if samples < 2:
            raise InputError(f"a standard error needs at least two samples, got {samples}")
        source = self._generator(generator)
        clean = spins(torch.from_numpy(np.ascontiguousarray(bits)).to(self._device))
        each = torch.zeros(samples, len(clean), dtype=torch.float64, device=self._device)
        rows = max(1, _CHUNK_ROWS // samples)
        for start in range(0, len(clean), rows):
            part = clean[start : start + rows].repeat(samples, 1)
            for number in range(1, self.process.schedule.steps + 1):
                steps = torch.full((len(part),), number, device=self._device)
                term = self.process.step_bound(self.network, part, steps, source)
                each[:, start : start + rows] -= term.reshape(samples, -1)
        return each.mean(0).cpu().numpy(), (each.std(0) / samples**0.5).cpu().numpy()

    @torch.no_grad()
    def _rows(self, rows: int, source: torch.Generator) -> Bits:
        shape = (rows, self.num_bits)
        coins = torch.randint(2, shape, generator=source, device=source.device)
        states = spins(coins)
        for number in range(self.process.schedule.steps, 0, -1):
            flip = self._flips(states, number)
            # float64 throughout: float32 uniforms or sigmoids bias rare bits
            uniforms = torch.rand(
                shape, dtype=torch.float64, generator=source, device=source.device
            )
            states = torch.where(uniforms < flip, -states, states)
        return (states > 0).to(torch.uint8).cpu().numpy()

    def _flips(self, states: Tensor, number: int) -> Tensor:
        """Each bit's chance to flip back; where strings must repeat, each is asked about once."""
        every = 1 << self.num_bits
        asked = states if every > len(states) else all_spins(self.network)
        step, agreement = self.process.reverse_step(self.network, asked, number)
        _, flip = step.predicted(agreement)
        if asked is states:
            return flip
        places = 2.0 ** torch.arange(self.num_bits, device=states.device)
        return flip[((states > 0).float() @ places).long()]

    def _generator(self, generator: np.random.Generator) -> torch.Generator:
        """A generator on the network's device, seeded by the given one."""
        seed = int(generator.integers(np.iinfo(np.int64).max))
        return torch.Generator(device=self._device).manual_seed(seed)
