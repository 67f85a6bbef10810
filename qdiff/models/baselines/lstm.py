"""A long short-term memory over the bits (Hochreiter and Schmidhuber, Neural Comput. 9, 1997).

Niu et al., arXiv:2010.11983, train such networks, of up to 256 units, on the outcomes of random
circuits: bit ``j`` is read off the state of a recurrent network that has seen the bits before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from qdiff.data.shots import Shots
from qdiff.models.baselines.base import Baseline, FittedBaseline
from qdiff.models.baselines.search import MANY_SHOTS, Search, autoregressive
from qdiff.models.diffusion.denoisers.autoregressive import Autoregressive
from qdiff.models.diffusion.denoisers.recurrent import RecurrentNetwork
from qdiff.models.diffusion.training.trainer import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class LSTM(Baseline):
    """A recurrent network over the bits in order, one logit a bit.

    Attributes
    ----------
    hidden
        Numbers of units to try; 256 in arXiv:2010.11983.
    weight_decay
        Weight decays to try: the first with every size, the others with the best size.
    training
        How each is trained, its own weight decay aside. When not given, 1,000 steps, and twice as
        many from 50,000 shots on.
    device
        Where.

    >>> quick = TrainingConfig(steps=20, evaluate_every=20)
    >>> LSTM(hidden=(4,), training=quick).fit(Shots.from_counts({"00": 60, "11": 40})).num_bits
    2
    """

    hidden: tuple[int, ...] = (32, 64, 128)
    weight_decay: tuple[float, ...] = (0.3, 0.03)
    training: TrainingConfig | None = None
    device: str = "cpu"

    def __post_init__(self) -> None:
        self._search(_training(0))

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        training = self.training or _training(shots.num_shots)
        return self._search(training).fit(shots, heldout, seed)

    def _search(self, training: TrainingConfig) -> Search[Autoregressive]:
        return autoregressive(
            _fresh,
            sizes=self.hidden,
            decays=self.weight_decay,
            training=training,
            device=self.device,
        )


def _fresh(num_bits: int, hidden: int, generator: torch.Generator) -> RecurrentNetwork:
    return RecurrentNetwork.initialised(num_bits, hidden=hidden, generator=generator)


def _training(shots: int) -> TrainingConfig:
    steps = 1000 if shots < MANY_SHOTS else 2000
    return TrainingConfig(steps=steps, batch=256, learning_rate=1e-2)
