"""The training loop: one step at a time, so that progress bars and records live elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from qdiff.diffusion import masking
from qdiff.errors import InputError


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a network is trained. The defaults need no tuning for 4 to 20 bits.

    Attributes
    ----------
    steps
        Optimiser steps at most; the learning rate follows a cosine over all of them.
    batch
        Strings a step, each with one random set of hidden bits.
    learning_rate, warmup, weight_decay
        AdamW (arXiv:1711.05101) with a linear warm-up of `warmup` steps.
    clip
        Largest norm of the gradient.
    averaging
        Decay of the exponential average of the weights, which is the network that is kept.
    evaluate_every, patience
        Held-out shots are scored every so many steps; training ends after `patience` scores
        without a new best.
    """

    steps: int = 1500
    batch: int = 1024
    learning_rate: float = 3e-3
    warmup: int = 50
    weight_decay: float = 0.3
    clip: float = 1.0
    averaging: float = 0.995
    evaluate_every: int = 100
    patience: int = 5

    def __post_init__(self) -> None:
        whole = (self.steps, self.batch, self.evaluate_every, self.patience)
        if min(whole) < 1 or self.warmup < 0:
            raise InputError(f"steps, batch, evaluate_every and patience must be positive: {self}")
        if not (self.learning_rate > 0 and self.clip > 0 and 0 <= self.averaging < 1):
            raise InputError(f"learning_rate, clip or averaging is out of range: {self}")

    def rate(self, step: int) -> float:
        """The learning rate of `step`, counted from 0."""
        warm = min(1.0, (step + 1) / (self.warmup + 1))
        return self.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / self.steps))


@dataclass(frozen=True, kw_only=True)
class Data:
    """Distinct strings as spins ``(m, n)`` and how often each occurs ``(m,)``, on one device."""

    spins: Tensor
    weights: Tensor

    def batch(self, size: int, generator: torch.Generator) -> Tensor:
        rows = torch.multinomial(self.weights, size, replacement=True, generator=generator)
        return self.spins[rows]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where training stands: the last step's loss, and the held-out score when it was taken.

    Both are nats a string, averaged over orders.
    """

    step: int
    steps: int
    loss: float
    heldout: float | None
    best: float


class Trainer:
    """Trains `network` on `train`; iterate `run`, then `network` holds the best averaged weights.

    The held-out score is the exact ``-log q`` of each string along one fixed random order, so that
    scores of different steps differ by the network alone.
    """

    def __init__(
        self,
        network: nn.Module,
        train: Data,
        heldout: Data,
        config: TrainingConfig,
        generator: torch.Generator,
    ) -> None:
        self.network = network
        self.config = config
        self._train, self._heldout, self._generator = train, heldout, generator
        self._optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._average = _copy(network)
        self._best, self._best_score = _copy(network), math.inf
        rows, num_bits = heldout.spins.shape
        noise = torch.rand(rows, num_bits, generator=generator, device=generator.device)
        self._ranks = noise.argsort(1).argsort(1)

    def run(self) -> Iterator[Progress]:
        """Train, yielding after every step. Raises `InputError` if the loss is never finite."""
        config, stale = self.config, 0
        for step in range(config.steps):
            loss = self._step(step)
            if not math.isfinite(loss):
                break
            score = None
            if (step + 1) % config.evaluate_every == 0 or step + 1 == config.steps:
                score = self.score()
                stale = 0 if self._keep_if_best(score) else stale + 1
            yield Progress(
                step=step, steps=config.steps, loss=loss, heldout=score, best=self._best_score
            )
            if stale >= config.patience:
                break
        if not math.isfinite(self._best_score):
            raise InputError("training diverged before its first evaluation; lower the rate")
        self.network.load_state_dict(self._best)

    @torch.no_grad()
    def score(self) -> float:
        """Mean ``-log q`` of the held-out strings under the averaged weights, in nats."""
        clean, weights = self._heldout.spins, self._heldout.weights
        total = torch.zeros((), dtype=torch.float64, device=clean.device)
        for position in range(clean.shape[1]):
            visible = (self._ranks < position).to(clean.dtype)
            logits = functional_call(self.network, self._average, (clean * visible,))
            surprise = nn.functional.softplus(-clean * logits) * (self._ranks == position)
            total += (surprise.sum(1).double() * weights).sum()
        return float(total / weights.sum())

    def _step(self, step: int) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = self.config.rate(step)
        clean = self._train.batch(self.config.batch, self._generator)
        visible = masking.random_visibility(len(clean), clean.shape[1], self._generator)
        loss = masking.any_order_loss(self.network, clean, visible)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        self._optimizer.step()
        self._follow(step)
        return float(loss.detach())

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        # a short memory at first, or the average would remember the untrained network
        decay = min(self.config.averaging, (step + 1) / (step + 10))
        for name, parameter in self.network.named_parameters():
            self._average[name].lerp_(parameter, 1 - decay)

    def _keep_if_best(self, score: float) -> bool:
        if not score < self._best_score:
            return False
        self._best_score = score
        self._best = {name: tensor.clone() for name, tensor in self._average.items()}
        return True


def _copy(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.named_parameters()}
