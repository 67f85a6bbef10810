"""A recurrent network of one order as a baseline.

Niu et al., arXiv:2010.11983, train such networks, of up to 256 units, on the outcomes of random
circuits: bit ``j`` is read off the state of a recurrent network that has seen the bits before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from qdiff.models.baselines.autoregressive import AutoregressiveBaseline
from qdiff.models.baselines.search import MANY_SHOTS
from qdiff.models.diffusion.denoisers.recurrent import RecurrentNetwork
from qdiff.models.diffusion.training.trainer import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class LSTM(AutoregressiveBaseline):
    """A recurrent network over the bits in order, one logit a bit; see `AutoregressiveBaseline`.

    `hidden` is 256 in arXiv:2010.11983. Unless `training` is given it takes 1,000 steps, and twice
    as many from 50,000 shots on.

    >>> from qdiff.data.shots import Shots
    >>> quick = TrainingConfig(steps=20, evaluate_every=20)
    >>> LSTM(hidden=(4,), training=quick).fit(Shots.from_counts({"00": 60, "11": 40})).num_bits
    2
    """

    hidden: tuple[int, ...] = (32, 64, 128)
    weight_decay: tuple[float, ...] = (0.3, 0.03)
    training: TrainingConfig | None = None
    device: str = "cpu"

    def network(self, num_bits: int, hidden: int, generator: torch.Generator) -> RecurrentNetwork:
        return RecurrentNetwork.initialised(num_bits, hidden=hidden, generator=generator)

    def default_training(self, shots: int) -> TrainingConfig:
        steps = 1000 if shots < MANY_SHOTS else 2000
        return TrainingConfig(steps=steps, batch=256, learning_rate=1e-2)
