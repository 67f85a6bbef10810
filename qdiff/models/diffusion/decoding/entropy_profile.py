"""How well a denoiser knows the next bit, by the number of bits it can see.

The profile tells what revealing several bits at once costs (`factorisation_penalty`) and where a
few steps are best placed (`UnmaskingSchedule.least_penalty`). Hoogeboom et al., arXiv:2110.02037,
section 3.2, measure the same numbers for the same purpose.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import softplus

from qdiff.data.bits import Bits, Floats
from qdiff.errors import InputError
from qdiff.models.diffusion.decoding.unmasking_schedule import (
    UnmaskingSchedule,
    factorisation_penalty,
)
from qdiff.models.diffusion.denoisers.denoiser import Denoiser, spins
from qdiff.models.diffusion.processes import masking

_CHUNK_ROWS = 1 << 14
"""Network rows at a time."""


@dataclass(frozen=True, eq=False, kw_only=True)
class EntropyProfile:
    """Estimates of ``f_j``, the mean surprise in nats of a hidden bit given ``j`` visible ones.

    Attributes
    ----------
    samples
        ``(m, n)``, independent rows with mean ``f``. The entries of a row belong to one string
        and one order: they vary together, and differences of them vary less.
    """

    samples: Floats

    @property
    def nats(self) -> Floats:
        """``f``, ``(n,)``."""
        return np.asarray(self.samples.mean(axis=0))

    @property
    def standard_errors(self) -> Floats:
        """Of each ``f_j``, ``(n,)``."""
        return np.asarray(self.samples.std(axis=0, ddof=1) / np.sqrt(len(self.samples)))

    def penalty(self, schedule: UnmaskingSchedule) -> tuple[float, float]:
        """The `factorisation_penalty` of a schedule in nats, and its standard error."""
        each = factorisation_penalty(self.samples, schedule)
        return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def entropy_profile(
    network: Denoiser, rows: Bits, generator: np.random.Generator, *, given: Collection[int] = ()
) -> EntropyProfile:
    """Measure the profile on strings ``(m, n)``, each hidden along a random order of its own.

    ``f_j`` is the mean of ``-log q(x_i | x_S)`` over the strings, sets ``S`` of ``j`` bits and
    bits ``i`` outside; every string gives each ``j`` one set and all bits outside it, for ``m n``
    network rows in all. On strings of a law whose conditionals the network has, it is the
    conditional entropy. Take held-out shots, or strings drawn from the model: on training shots a
    network looks surer than it is.

    Bits that are `given` are visible throughout: ``f_j`` is then the surprise given them and ``j``
    others, and the samples are ``(m, n - len(given))``.

    Raises `InputError` for fewer than two strings.
    """
    if len(rows) < 2:
        raise InputError(f"a profile with standard errors needs two strings, got {len(rows)}")
    device = next(network.parameters()).device
    seed = int(generator.integers(np.iinfo(np.int64).max))
    source = torch.Generator(device=device).manual_seed(seed)
    clean = spins(torch.from_numpy(np.ascontiguousarray(rows)).to(device))
    parts = torch.split(clean, max(1, _CHUNK_ROWS // clean.shape[1]))
    open_bits = [bit for bit in range(clean.shape[1]) if bit not in given]
    measured = [_profiles(network, part, torch.tensor(open_bits), source) for part in parts]
    return EntropyProfile(samples=torch.cat(measured).cpu().numpy())


@torch.no_grad()
def _profiles(
    network: Denoiser, clean: Tensor, open_bits: Tensor, source: torch.Generator
) -> Tensor:
    """Mean surprise of the open bits still hidden at each step of a random order of them.

    ``(rows, number of open bits)``.
    """
    (rows, num_bits), steps = clean.shape, len(open_bits)
    rank = masking.random_orders(rows, steps, source).argsort(1)
    step = torch.arange(steps, device=clean.device)
    hidden = torch.zeros(rows, steps, num_bits, dtype=torch.bool, device=clean.device)
    hidden[:, :, open_bits.to(clean.device)] = rank[:, None, :] >= step[:, None]
    states = torch.where(hidden, 0.0, clean[:, None, :]).reshape(rows * steps, num_bits)
    logits = network(states).double().reshape(rows, steps, num_bits)
    surprise = softplus(-clean[:, None, :] * logits) * hidden
    return surprise.sum(2) / hidden.sum(2)
