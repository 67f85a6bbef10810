"""Training baselines' networks of several sizes and weight decays; held-out shots choose.

They are trained as the diffusion model is, by the same loop.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import nn

from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.baselines.base import FittedBaseline, parted
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.examples import Data
from qdiff.models.diffusion.training.trainer import Trainer, TrainingConfig
from qdiff.models.laws.law import Law

Network = TypeVar("Network", bound=nn.Module)

MANY_SHOTS = 50_000
"""From here on shots carry more detail than short trainings can learn."""


@dataclass(frozen=True, kw_only=True)
class Search(Generic[Network]):
    """Sizes of a network and weight decays to try, and how each is trained.

    All sizes are trained with the first decay, then the best of them with the other decays.

    Attributes
    ----------
    build
        A fresh network for a number of bits and of units, drawn from a generator.
    process, law
        What training lowers, and the law of a trained network.

    Raises `InputError` unless there are positive sizes, and decays that are not negative.
    """

    build: Callable[[int, int, torch.Generator], Network]
    process: Process[Network]
    law: Callable[[Network], Law]
    sizes: tuple[int, ...]
    decays: tuple[float, ...]
    training: TrainingConfig
    device: str

    def __post_init__(self) -> None:
        if not self.sizes or min(self.sizes) < 1:
            raise InputError(f"hidden must be positive whole numbers, got {self.sizes}")
        if not self.decays or not all(0 <= decay < math.inf for decay in self.decays):
            raise InputError(f"weight_decay must not be negative, got {self.decays}")

    def fit(self, shots: Shots, heldout: Shots | None, seed: int) -> FittedBaseline:
        """Train on the same shots each time; keep what held-out shots like best."""
        parts = [Data.of(part, self.device) for part in parted(shots, heldout, seed)]
        seeds = iter(np.random.SeedSequence(seed).spawn(len(self.sizes) + len(self.decays) - 1))
        first, *rest = self.decays
        tried = [(size, *self._train(size, first, parts, next(seeds))) for size in self.sizes]
        best, *_ = min(tried, key=lambda trained: trained[1])
        tried += [(best, *self._train(best, decay, parts, next(seeds))) for decay in rest]
        law = self.law(min(tried, key=lambda trained: trained[1])[2])
        return FittedBaseline(law=law, registers=shots.registers)

    def _train(
        self, size: int, decay: float, parts: list[Data], seed: np.random.SeedSequence
    ) -> tuple[float, Network]:
        """The held-out score in nats a shot, lower being better, and the network."""
        data, checks = parts
        start, run = (int(state >> np.uint64(1)) for state in seed.generate_state(2, np.uint64))
        network = self.build(data.spins.shape[1], size, torch.Generator().manual_seed(start))
        trainer = Trainer(
            network.to(self.device),
            self.process,
            data,
            checks,
            replace(self.training, weight_decay=decay),
            torch.Generator(device=self.device).manual_seed(run),
        )
        for _ in trainer.run():
            pass  # progress is the caller's affair elsewhere; here nobody watches
        network.eval().requires_grad_(False)
        return trainer.score_of_best, network
