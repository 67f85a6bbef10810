"""The parts of a surrogate, each fitted to the same shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from qdiff.data.shots import Shots
from qdiff.fitting.checkpoint import Checkpoint
from qdiff.fitting.config import Candidate, FitConfig
from qdiff.fitting.train_networks import Trained, Watch, train_best
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import MAX_BITS as MAX_BITFLIP_BITS
from qdiff.models.diffusion.decoding.order_ensemble import OrderEnsemble, random_orders
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.fixed_order import FixedOrder
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.interactions.fit import MAX_BITS as MAX_INTERACTION_BITS
from qdiff.models.interactions.fit import fit_interactions
from qdiff.models.laws.law import AnyOrderLaw, HistogramLaw
from qdiff.models.matrix_product.fit import fit_matrix_product
from qdiff.models.surrogate.parts import Part


class Trainings:
    """The trainings of a fit: what they share, and what they leave for the card."""

    def __init__(
        self, *, device: torch.device, watch: Watch | None, checkpoint: Checkpoint | None
    ) -> None:
        self.kept: list[Candidate] = []
        self.record: list[dict[str, Any]] = []
        self._device, self._watch, self._checkpoint = device, watch, checkpoint

    def best(
        self,
        process: Process[Any],
        candidates: tuple[Candidate, ...],
        heldout: Shots,
        train: Shots,
        seed: np.random.SeedSequence,
    ) -> Trained:
        """Train `candidates` after those that were trained before."""
        trained = train_best(
            process,
            candidates,
            train,
            heldout,
            seed=seed,
            device=self._device,
            watch=self._watch,
            checkpoint=self._checkpoint,
            first=len(self.record),
        )
        self.kept.append(trained.candidate)
        self.record += trained.record
        return trained


def fit_parts(
    heldout: Shots,
    train: Shots,
    trainings: Trainings,
    config: FitConfig,
    seeds: Sequence[np.random.SeedSequence],
    *,
    exact: bool,
) -> dict[Part, AnyOrderLaw]:
    """Fit each part that `config` asks for to `train`; `heldout` ends trainings and chooses sizes.

    Where the shots are an `exact` table, parts whose point is to make up for few shots are left
    out. The four `seeds` are those of the diffusion networks, their orders, the matrix-product law
    and the recurrent networks.
    """
    trained = trainings.best(config.process, config.candidates, heldout, train, seeds[0])
    parts: dict[Part, AnyOrderLaw] = {}
    if isinstance(config.process, BitFlip):
        parts[Part.DIFFUSION] = BitFlipLaw(trained.network, config.process)
        if train.num_bits > MAX_BITFLIP_BITS:
            return parts  # it has no probabilities to weigh it by
    else:
        orders = random_orders(config.orders, train.num_bits, np.random.default_rng(seeds[1]))
        parts[Part.DIFFUSION] = _ensemble(trained, orders)
    if config.interactions and train.num_bits <= MAX_INTERACTION_BITS and not exact:
        parts[Part.INTERACTIONS] = fit_interactions(train)
    if config.matrix_product:
        parts[Part.MATRIX_PRODUCT] = fit_matrix_product(train, heldout, seed=seeds[2])
    if config.recurrent:
        trained = trainings.best(FixedOrder(), config.recurrent, heldout, train, seeds[3])
        parts[Part.RECURRENT] = _ensemble(trained, np.arange(train.num_bits)[None])
    if config.posterior and not exact:
        parts[Part.SHOTS] = HistogramLaw(train)
    return parts


def refitted(parts: Mapping[Part, AnyOrderLaw], shots: Shots) -> dict[Part, AnyOrderLaw]:
    """With the held-out shots given to the parts that have nothing to be stopped early."""
    again: dict[Part, AnyOrderLaw] = {}
    if Part.INTERACTIONS in parts:
        again[Part.INTERACTIONS] = fit_interactions(shots)
    if Part.SHOTS in parts:
        again[Part.SHOTS] = HistogramLaw(shots)
    return {**parts, **again}


def _ensemble(trained: Trained, orders: np.ndarray[Any, np.dtype[np.int64]]) -> OrderEnsemble:
    return OrderEnsemble(trained.network, trained.candidate.network, orders)
