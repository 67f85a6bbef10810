"""Parallel unmasking: reversing the masking process several bits at a time.

Each shot reveals its bits in a uniformly random order of its own. A step reveals a block of them,
drawn independently of one another given the bits already visible, so ``K`` steps cost ``K`` network
rows a shot whatever ``n`` is. What the independence costs is `factorisation_penalty`; with
``K = n`` it is nothing, and this is the pure diffusion sampler.

Sources: Austin et al., arXiv:2107.03006 (absorbing diffusion, whose reverse steps these are);
Hoogeboom et al., arXiv:2110.02037, section 3.2 (parallel steps of an any-order model).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import comb

import numpy as np
import torch
from torch import Tensor

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError
from qdiff.models.diffusion.decoding.unmasking_laws import block_table
from qdiff.models.diffusion.decoding.unmasking_schedule import UnmaskingSchedule
from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.diffusion.processes import masking
from qdiff.models.laws.law import Law

_CHUNK_ROWS = 1 << 16
"""Shots at a time."""

_CACHE_ROWS = 1 << 11
"""Network rows at a time on a processor, so that activations stay in its cache."""

_CODE_BITS = 39
"""Up to here the ``3^n`` partly hidden strings have 64-bit numbers."""


class ParallelDecoder(Law):
    """The law of a masked diffusion `network` that reveals blocks of random bits.

    Parameters
    ----------
    steps
        The number of steps ``K``, of equal size up to rounding, or a schedule of them. ``K = n``
        reveals one bit at a time, along a random order a shot.
    given
        Values of bits that are visible from the start; the steps reveal the others. This is the
        conditional law of the sampler that decodes these bits first, and only then the others.

    Raises `InputError` for a number of steps or a schedule that does not fit the hidden bits.

    >>> from qdiff.models.diffusion.denoisers.config import ResidualMLP
    >>> fresh = ResidualMLP.initialised(2, width=4, depth=1, generator=torch.Generator())
    >>> law = ParallelDecoder(fresh, steps=1)
    >>> law.table().tolist()
    [0.25, 0.25, 0.25, 0.25]
    >>> int(law.draw(1000, np.random.default_rng(0))[1].sum())
    1000
    """

    def __init__(
        self,
        network: Denoiser,
        steps: int | UnmaskingSchedule,
        given: Mapping[int, int] | None = None,
    ) -> None:
        self.network = network
        self.num_bits = network.num_bits
        self.given = dict(given or {})
        self._hidden = [bit for bit in range(self.num_bits) if bit not in self.given]
        if not isinstance(steps, UnmaskingSchedule):
            steps = UnmaskingSchedule.uniform(len(self._hidden), steps=steps)
        if steps.num_bits != len(self._hidden):
            raise InputError(
                f"the schedule reveals {steps.num_bits} bits, but {len(self._hidden)} are hidden"
            )
        self.schedule = steps

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Distinct strings and how often each was drawn; memory is a chunk and the result."""
        device = next(self.network.parameters()).device
        seed = int(generator.integers(np.iinfo(np.int64).max))
        source = torch.Generator(device=device).manual_seed(seed)
        tally = StreamingCounts(self.num_bits)
        for start in range(0, shots, _CHUNK_ROWS):
            tally.add(self._rows(min(_CHUNK_ROWS, shots - start), source))
        return tally.total()

    def table(self) -> Floats:
        """The exact law, averaged over all choices of blocks.

        Raises `InputError` beyond 12 bits.
        """
        return block_table(self.network, self.schedule, self.given)

    def log_prob(self, bits: Bits) -> Floats:
        """Exact log-probabilities, from `table`. Raises `InputError` beyond 12 bits.

        `ordered.OrderedDecoder` has a law that is exact at any size.
        """
        indices = bitorder.to_indices(bitorder.pack(bits), self.num_bits)
        with np.errstate(divide="ignore"):
            return np.log(self.table()[indices])

    @torch.no_grad()
    def _rows(self, rows: int, source: torch.Generator) -> Bits:
        states = torch.zeros(rows, self.num_bits, device=source.device)
        for bit, value in self.given.items():
            states[:, bit] = 2.0 * value - 1.0
        hidden = torch.tensor(self._hidden, device=source.device)
        orders = hidden[masking.random_orders(rows, len(hidden), source)]
        for start, size in zip(self.schedule.starts, self.schedule.sizes, strict=True):
            block = orders[:, start : start + size]
            logits = self._logits(states, start).gather(1, block)
            states.scatter_(1, block, draw_spins(logits, source))
        return (states > 0).to(torch.uint8).cpu().numpy()

    def _logits(self, states: Tensor, revealed: int) -> Tensor:
        """Logits of every bit; early on, when many states are equal, each is asked about once."""
        if revealed == 0:
            return self._ask(states[:1]).expand(states.shape)
        possible = comb(len(self._hidden), revealed) << revealed
        if self.num_bits > _CODE_BITS or possible > len(states):
            return self._ask(states)
        places = 3 ** torch.arange(self.num_bits, device=states.device)
        codes = ((states + 1).long() * places).sum(1)
        distinct, which = torch.unique(codes, return_inverse=True)
        return self._ask((distinct[:, None] // places % 3 - 1).float())[which]

    def _ask(self, states: Tensor) -> Tensor:
        rows = _CACHE_ROWS if states.device.type == "cpu" else len(states)
        return torch.cat([self.network(part) for part in torch.split(states, rows)])


def draw_spins(logits: Tensor, source: torch.Generator) -> Tensor:
    """Independent spins, +1 with probability ``sigmoid(logit)``.

    Uniforms and sigmoids are float64: in float32 rare bits would be drawn too often or never.
    """
    uniforms = torch.rand(logits.shape, dtype=torch.float64, generator=source, device=source.device)
    return torch.where(uniforms < torch.sigmoid(logits.double()), 1.0, -1.0)
