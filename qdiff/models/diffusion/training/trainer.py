"""The training loop: one step at a time, so that progress bars and records live elsewhere.

It serves every process and every network, and can be stopped and resumed at any step.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from qdiff.errors import InputError
from qdiff.memory import is_out_of_memory
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training import distributed
from qdiff.models.diffusion.training.acceleration import compiled, mixed_precision
from qdiff.models.diffusion.training.examples import Examples
from qdiff.models.diffusion.training.orthogonal_momentum import OrthogonalMomentum


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a network is trained. The defaults need no tuning for 4 to 20 bits.

    Attributes
    ----------
    steps
        Optimiser steps at most; the learning rate follows a cosine over all of them.
    batch
        Strings a step, each corrupted once.
    learning_rate, warmup, weight_decay
        AdamW (arXiv:1711.05101) with a linear warm-up of `warmup` steps.
    orthogonal
        The length of the steps of matrices between units, which are orthogonal then
        (`OrthogonalMomentum`); 0 for AdamW's, which networks of several folds at once always take.
    clip
        Largest norm of the gradient.
    averaging
        Decay of the exponential average of the weights, which is the network that is kept.
    evaluate_every, patience
        Held-out shots are scored every so many steps; training ends after `patience` scores
        without a new best.
    compile
        Whether the network is compiled, where it is trained on CUDA: worth the first minute only
        in long trainings.
    """

    steps: int = 1500
    batch: int = 1024
    learning_rate: float = 3e-3
    warmup: int = 50
    weight_decay: float = 0.3
    orthogonal: float = 0.0
    clip: float = 1.0
    averaging: float = 0.995
    evaluate_every: int = 100
    patience: int = 5
    compile: bool = False

    def __post_init__(self) -> None:
        whole = (self.steps, self.batch, self.evaluate_every, self.patience)
        if min(whole) < 1 or self.warmup < 0:
            raise InputError(f"steps, batch, evaluate_every and patience must be positive: {self}")
        positive = min(self.learning_rate, self.clip) > 0 and self.orthogonal >= 0
        if not (positive and 0 <= self.averaging < 1):
            raise InputError(
                f"learning_rate, orthogonal, clip or averaging is out of range: {self}"
            )

    def rate(self, step: int) -> float:
        """The learning rate of `step`, counted from 0."""
        warm = min(1.0, (step + 1) / (self.warmup + 1))
        return self.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * step / self.steps))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where training stands: the last step's loss, and the held-out score when it was taken.

    Both are nats a string.
    """

    step: int
    steps: int
    loss: float
    heldout: float | None
    best: float


class Diverged(InputError):
    """A training that was never finite, so that no network of it is worth keeping."""


class Trainer:
    """Trains `network` on `train`; iterate `run`, then `network` holds the best averaged weights.

    The held-out score is the process's own. Trainers of one `score_seed` corrupt the held-out
    strings alike, at every step, so that their scores differ by the networks alone. A `network`
    that is `trained` already is scored before the first step, and may stay as it is. The best so
    far is `score_of_best`, in nats a string; infinite before the first. `state` and
    `restore` make a run resumable: a run that was stopped and resumed gives the same network, bit
    for bit, as one that was not.
    """

    def __init__(
        self,
        network: nn.Module,
        process: Process[Any],
        train: Examples,
        heldout: Examples,
        config: TrainingConfig,
        generator: torch.Generator,
        *,
        score_seed: int = 0,
        trained: bool = False,
    ) -> None:
        self.network = network
        self.config = config
        self.history: list[list[float]] = []
        self._process = process
        self._ranks = distributed.current()
        self._train, self._heldout = train, heldout
        self._generator = self._ranks.own_generator(generator)
        self._score_seed, self._trained = score_seed, trained
        self._optimizer = OrthogonalMomentum(
            network,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            step=config.orthogonal,
        )
        self._device = train.weights.device
        self._fast = compiled(network, self._device) if config.compile else network
        self._averaged = copy.deepcopy(network).eval().requires_grad_(False)
        self._best, self.score_of_best = _weights(network), math.inf
        self._step_number = self._stale = 0
        self._loss = math.nan
        self._diverged = False

    def run(self) -> Iterator[Progress]:
        """Train, yielding after every step; a loss or score that is not finite ends it with the
        best so far.

        Raises `Diverged` if that happens before the first score. What goes wrong for other reasons,
        as when memory runs out, reaches the caller as it is, and `state` still has the best
        weights.
        """
        self._ranks.check_same(self._step_number, self._device)
        if self._trained and self._step_number == 0:
            self.score_of_best = self._ranks.agreed(self.score(), self._device)
        while not self._finished():
            with self._ranks.failing_together():
                self._loss = self._step()
            score = self._score_if_due() if math.isfinite(self._loss) else None
            if not math.isfinite(self._loss) or (score is not None and not math.isfinite(score)):
                self._diverged = True
                break
            if score is not None:
                self._keep_if_best(score)
            yield self._progress(score)
        if not math.isfinite(self.score_of_best):
            raise Diverged("training diverged before its first evaluation; lower the learning rate")
        self.network.load_state_dict(self._best)

    def state(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Everything that decides what happens next, as arrays and JSON."""
        arrays = {"generator": self._ranks.gathered(self._generator.get_state().numpy())}
        groups = {
            "network": _weights(self.network),
            "averaged": _weights(self._averaged),
            "best": self._best,
        }
        for name, parameter in self.network.named_parameters():
            for key, value in self._optimizer.state[parameter].items():
                groups.setdefault(f"optimizer.{key}", {})[name] = value
        for group, tensors in groups.items():
            arrays |= {f"{group}/{name}": value.cpu().numpy() for name, value in tensors.items()}
        numbers = {
            "step": self._step_number,
            "stale": self._stale,
            "best_score": self.score_of_best if math.isfinite(self.score_of_best) else None,
            "diverged": self._diverged,
            "history": self.history,
        }
        return arrays, numbers

    def restore(self, arrays: Mapping[str, NDArray[Any]], numbers: Mapping[str, Any]) -> None:
        """Go on from a `state`. Raises `InputError` where it does not fit this trainer."""
        try:
            self._restore(arrays, numbers)
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            if is_out_of_memory(error) or isinstance(error, InputError):
                raise  # nothing is wrong with the checkpoint
            raise InputError(f"the checkpoint does not fit: {type(error).__name__}") from None

    def _restore(self, arrays: Mapping[str, NDArray[Any]], numbers: Mapping[str, Any]) -> None:
        def group(name: str) -> dict[str, Tensor]:
            prefix = f"{name}/"
            return {
                key.removeprefix(prefix): torch.from_numpy(np.array(value)).to(self._device)
                for key, value in arrays.items()
                if key.startswith(prefix)
            }

        self.network.load_state_dict(group("network"))
        self._averaged.load_state_dict(group("averaged"))
        best = group("best")
        copy.deepcopy(self._averaged).load_state_dict(best)  # checks names and shapes
        keys = sorted({key.split("/")[0] for key in arrays if key.startswith("optimizer.")})
        kept = {key: group(key) for key in keys}
        for name, parameter in self.network.named_parameters() if kept else ():
            own = {key for key, values in kept.items() if name in values}
            if own != {f"optimizer.{key}" for key in self._optimizer.keeps(parameter)}:
                raise KeyError(name)
            for key in own:
                value = kept[key][name]
                # AdamW keeps its step count on the CPU
                self._optimizer.state[parameter][key.removeprefix("optimizer.")] = (
                    value.cpu() if value.ndim == 0 else value.reshape(parameter.shape)
                )
        self._generator.set_state(torch.from_numpy(self._ranks.own(np.array(arrays["generator"]))))
        self._best = best
        best_score = numbers["best_score"]
        self.score_of_best = math.inf if best_score is None else float(best_score)
        self._step_number, self._stale = int(numbers["step"]), int(numbers["stale"])
        self._diverged = bool(numbers["diverged"])
        self.history = [[int(a), float(b), float(c)] for a, b, c in numbers["history"]]

    @torch.no_grad()
    def score(self) -> float:
        """Mean surprise of the held-out strings under the averaged weights, in nats."""
        generator = torch.Generator(device=self._generator.device).manual_seed(self._score_seed)
        surprise = self._process.surprise(self._averaged, self._heldout.all(), generator)
        return float((surprise * self._heldout.weights).sum() / self._heldout.weights.sum())

    def _finished(self) -> bool:
        done = self._step_number >= self.config.steps or self._stale >= self.config.patience
        return done or self._diverged

    def _step(self) -> float:
        self._optimizer.set_rate(self.config.rate(self._step_number))
        clean = self._train.batch(self._ranks.share(self.config.batch), self._generator)
        with mixed_precision(self._device):
            loss = self._process.loss(self._fast, clean, self._generator)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        mean = self._ranks.averaged(loss, self.network, self.config.batch)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip)
        self._optimizer.step()
        self._follow()
        self._step_number += 1
        return mean

    def _score_if_due(self) -> float | None:
        done = self._step_number
        due = done % self.config.evaluate_every == 0 or done == self.config.steps
        return self._ranks.agreed(self.score(), self._device) if due else None

    def _progress(self, score: float | None) -> Progress:
        return Progress(
            step=self._step_number - 1,
            steps=self.config.steps,
            loss=self._loss,
            heldout=score,
            best=self.score_of_best,
        )

    @torch.no_grad()
    def _follow(self) -> None:
        # a short memory at first, or the average would remember the untrained network
        done = self._step_number + 1
        decay = min(self.config.averaging, done / (done + 9))
        pairs = zip(self._averaged.parameters(), self.network.parameters(), strict=True)
        for average, parameter in pairs:
            average.lerp_(parameter, 1 - decay)

    def _keep_if_best(self, score: float) -> None:
        self.history.append([self._step_number, self._loss, score])
        if score < self.score_of_best:
            self.score_of_best, self._stale = score, 0
            self._best = _weights(self._averaged)
        else:
            self._stale += 1


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
