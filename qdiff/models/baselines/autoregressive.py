"""What baselines share whose network predicts each bit from those before it."""

from __future__ import annotations

from abc import abstractmethod

import torch

from qdiff.data.shots import Shots
from qdiff.models.baselines.base import Baseline, FittedBaseline
from qdiff.models.baselines.search import Search
from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.diffusion.denoisers.autoregressive import Autoregressive
from qdiff.models.diffusion.processes.fixed_order import FixedOrder
from qdiff.models.diffusion.training.trainer import TrainingConfig


class AutoregressiveBaseline(Baseline):
    """A network in the bits' order, searched for among sizes and weight decays.

    Attributes
    ----------
    hidden
        Numbers of units to try.
    weight_decay
        Weight decays to try: the first with every size, the others with the best size.
    training
        How each is trained, its own weight decay aside; `default_training` when not given.
    device
        Where.
    """

    hidden: tuple[int, ...]
    weight_decay: tuple[float, ...]
    training: TrainingConfig | None
    device: str

    @abstractmethod
    def network(self, num_bits: int, hidden: int, generator: torch.Generator) -> Autoregressive:
        """A fresh network on the CPU, drawn from `generator` alone."""

    @abstractmethod
    def default_training(self, shots: int) -> TrainingConfig:
        """How it is trained on so many shots unless the user says."""

    def __post_init__(self) -> None:
        self._search(self.default_training(0))

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        training = self.training or self.default_training(shots.num_shots)
        return self._search(training).fit(shots, heldout, seed)

    def _search(self, training: TrainingConfig) -> Search[Autoregressive]:
        """Raises `InputError` for sizes and decays out of range."""
        return Search(
            build=self.network,
            process=FixedOrder(),
            law=lambda network: OrderedDecoder(network, range(network.num_bits)),
            sizes=self.hidden,
            decays=self.weight_decay,
            training=training,
            device=self.device,
        )
