"""The bit-flip (uniform) forward process and its losses.

Every bit flips at random until nothing is left; a network that is told how much was flipped learns
each bit from the corrupted values of the others. With ``l_i`` that leave-one-out logit, the logit
of the clean bit given everything is, by Bayes' rule and since bits flip independently,

    logit P(x_i = 1 | z) = l_i + (2 z_i - 1) ln((1 + a_i) / (1 - a_i)).

Sources: Austin et al., arXiv:2107.03006 (uniform discrete diffusion, its variational bound);
Lou et al., arXiv:2310.16834, and Schiff et al., arXiv:2412.10193 (the same process in continuous
time); Kingma et al., arXiv:2107.00630, appendix I.1 (steps spread evenly over a batch).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import softplus

from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.level_network import LevelNetwork
from qdiff.models.diffusion.processes.flip_kernels import (
    ReverseStep,
    correlations,
    corrupt,
    evidence,
)
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.diffusion.processes.process import Process


@dataclass(frozen=True, kw_only=True)
class BitFlip(Process[LevelNetwork]):
    """Bit ``i`` flips with probability ``(1 - a^r_i) / 2`` where a level says ``a``.

    Attributes
    ----------
    schedule
        The levels that training visits, and the steps whose bound scores it. Sampling may take
        others (`qdiff.models.diffusion.decoding.bitflip`).
    rates
        ``r_i``, how much faster each bit is corrupted than the level says; all 1 when not given.
        A device whose bits are misread with probabilities ``e_i`` corrupts its outcomes as the
        level ``exp(-1)`` does for ``r_i = -ln(1 - 2 e_i)``.

    Raises `InputError` for rates outside ``[0.001, 1000]``.

    >>> process = BitFlip(schedule=FlipSchedule.cosine(steps=2), rates=(1.0, 2.0))
    >>> [round(a, 3) for a in process.correlations_at(1, torch.zeros(1, 2)).tolist()]
    [0.707, 0.5]
    """

    schedule: FlipSchedule = field(default_factory=lambda: FlipSchedule.log_odds(steps=64))
    rates: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        rates = self.rates
        if rates is not None and not (rates and all(1e-3 <= rate <= 1e3 for rate in rates)):
            raise InputError(f"rates must lie in [0.001, 1000], one a bit, got {rates}")

    def loss(self, network: LevelNetwork, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Cross-entropy of the posterior, ``-sum_i log P(x_i | z)`` in nats, averaged over rows.

        A surrogate: a step's term of the bound and this have the same minimiser, the exact
        posterior, but the bound's rare large terms make its gradient far noisier (10 qubits,
        10,000 shots: KL .021-.023 after training on this, .025-.027 on the bound). Each row is
        corrupted at one random level, the levels spread evenly over the batch. `surprise` is the
        bound.
        """
        steps = self._random_steps(1, len(clean), generator)[0]
        _, levels = self._levels(clean, steps)
        rates = self.rates_on(clean)
        states = corrupt(clean, correlations(levels, rates), generator)
        logits = posterior_logits(network, states, levels, rates)
        return softplus(-clean * logits).sum(1).mean()

    @torch.no_grad()
    def surprise(self, network: LevelNetwork, clean: Tensor, generator: torch.Generator) -> Tensor:
        """Each row's bound, estimated without bias from at most 16 of the steps."""
        samples = min(self.schedule.steps, _SCORED_STEPS)
        parts = torch.split(clean, max(1, _CHUNK_ROWS // samples))
        return torch.cat([self._surprise(network, part, samples, generator) for part in parts])

    def step_bound(
        self, network: LevelNetwork, clean: Tensor, steps: Tensor, generator: torch.Generator
    ) -> Tensor:
        """One corrupted string's estimate of each row's term of the bound, ``(rows,) float64``.

        The term of step ``k``, from level ``k`` to ``k - 1``, is ``E_z KL(q(z_(k-1) | z_k, x) ||
        p(z_(k-1) | z_k))`` in nats, which for ``k = 1`` is ``-E_z log p(x | z_1)``; the terms add
        up to a bound on ``-log q(x)``, since level ``K`` says nothing of ``x``. `steps` holds
        ``k`` for each row, from 1 to ``K``.
        """
        earlier, later = self._levels(clean, steps)
        rates = self.rates_on(clean)
        states = corrupt(clean, correlations(later, rates), generator)
        agreement = states * posterior_logits(network, states, later, rates)
        step = ReverseStep.between(earlier, later, rates)
        return step.divergence(states == clean, agreement).sum(1)

    def reverse_step(
        self, network: LevelNetwork, states: Tensor, step: int
    ) -> tuple[ReverseStep, Tensor]:
        """One step back for all rows ``(rows, n)`` at level `step`: its kernel and predictions.

        These are the log-odds that each clean bit agrees with `states`, as `ReverseStep` takes
        them.
        """
        earlier, later = self._levels(states, torch.tensor([step]))
        rates = self.rates_on(states)
        logits = posterior_logits(network, states, later, rates)
        return ReverseStep.between(earlier, later, rates), states * logits

    def correlations_at(self, step: int, states: Tensor) -> Tensor:
        """The correlation of every bit at level `step`, ``(n,) float64``."""
        return self._levels(states, torch.tensor([step]))[1] ** self.rates_on(states)

    def rates_on(self, states: Tensor) -> Tensor:
        """The rates of all bits, ``(n,) float64``. Raises `InputError` for another ``n``."""
        num_bits = states.shape[1]
        rates = self.rates or (1.0,) * num_bits
        if len(rates) != num_bits:
            raise InputError(f"{len(rates)} rates do not fit {num_bits} bits")
        return states.new_tensor(rates, dtype=torch.float64)

    def _levels(self, states: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
        """The levels that each of some steps leads to and from."""
        levels = states.new_tensor(self.schedule.correlations, dtype=torch.float64)
        return levels[steps - 1], levels[steps]

    def _surprise(
        self, network: LevelNetwork, clean: Tensor, samples: int, generator: torch.Generator
    ) -> Tensor:
        many = clean.repeat_interleave(samples, dim=0)
        steps = self._random_steps(len(clean), samples, generator).flatten()
        each = self.step_bound(network, many, steps, generator).reshape(len(clean), samples)
        return self.schedule.steps * each.mean(1)

    def _random_steps(self, rows: int, samples: int, generator: torch.Generator) -> Tensor:
        """Steps 1 to ``K``, each entry uniform, every row of ``(rows, samples)`` spread evenly."""
        device, steps = generator.device, self.schedule.steps
        shift = torch.rand(rows, 1, dtype=torch.float64, generator=generator, device=device)
        even = torch.arange(samples, dtype=torch.float64, device=device) / samples
        return (((shift + even) % 1) * steps).long().clamp(max=steps - 1) + 1


_CHUNK_ROWS = 1 << 14
"""Network rows at a time where a whole data set is scored."""

_SCORED_STEPS = 16


def posterior_logits(
    network: LevelNetwork, states: Tensor, levels: Tensor, rates: Tensor
) -> Tensor:
    """``logit P(x_i = 1 | z)``, the leave-one-out logit and the bit's own, ``(rows, n) float64``.

    `states` are corrupted spins ``(rows, n)``, `levels` ``(rows,)`` or ``(1,)`` below 1,
    `rates` ``(n,)``.
    """
    alone: Tensor = network(states, levels).double()
    return alone + states * evidence(levels, rates)
