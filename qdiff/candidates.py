"""Training several networks, one after another, and keeping the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qdiff.checkpoint import Checkpoint
from qdiff.diffusion.denoiser import spins
from qdiff.diffusion.process import Process
from qdiff.diffusion.training import Data, Progress, Trainer
from qdiff.errors import InputError
from qdiff.fit_config import Candidate
from qdiff.shots import Shots

Watch = Callable[[Progress], None]
"""Called after every training step; whatever it raises ends the fit."""

_SCORED_STRINGS = 4096
"""More held-out strings than this would cost more than they tell."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Trained:
    """The network of best held-out score, its candidate, and a record of all trainings."""

    network: Any
    candidate: Candidate
    record: list[dict[str, Any]]


def train_best(
    process: Process[Any],
    candidates: Sequence[Candidate],
    train: Shots,
    heldout: Shots,
    *,
    seed: np.random.SeedSequence,
    device: torch.device,
    watch: Watch | None = None,
    checkpoint: Checkpoint | None = None,
    first: int = 0,
) -> Trained:
    """Train every candidate and return the one whose held-out strings surprise it least.

    All candidates are scored on the same strings. With a `checkpoint`, each goes on from where it
    stood there; `first` is the number of the first of them in it.

    Raises `InputError` when the device is out of memory, and when a training is never finite.
    """
    score_seed, *seeds = seed.spawn(1 + len(candidates))
    sets = _data(train, device), _data(_scored(heldout, score_seed), device)
    networks, scores, record = [], [], []
    for index, (candidate, child) in enumerate(zip(candidates, seeds, strict=True), start=first):
        trainer = _trainer(process, candidate, sets, child, device)
        try:
            _run(trainer, index, watch, checkpoint)
        except torch.OutOfMemoryError:
            raise InputError(_out_of_memory(device, candidate)) from None
        networks.append(trainer.network.eval().requires_grad_(False))
        scores.append(trainer.score_of_best)
        record.append(_record(candidate, trainer))
    best = int(np.argmin(scores))
    return Trained(network=networks[best], candidate=candidates[best], record=record)


def _run(trainer: Trainer, index: int, watch: Watch | None, checkpoint: Checkpoint | None) -> None:
    """One training, resumed and kept where there is a checkpoint."""
    earlier = None if checkpoint is None else checkpoint.state(index)
    if earlier is not None:
        trainer.restore(*earlier)
    for progress in trainer.run():
        if checkpoint is not None and progress.heldout is not None:
            checkpoint.keep(index, trainer.state())
        if watch is not None:
            watch(progress)
    if checkpoint is not None:
        checkpoint.keep(index, trainer.state(), finished=True)


def _trainer(
    process: Process[Any],
    candidate: Candidate,
    sets: tuple[Data, Data],
    seed: np.random.SeedSequence,
    device: torch.device,
) -> Trainer:
    start, run = (int(state) for state in seed.generate_state(2, np.uint64) >> np.uint64(1))
    num_bits = sets[0].spins.shape[1]
    network = candidate.network.build(num_bits, generator=torch.Generator().manual_seed(start))
    generator = torch.Generator(device=device).manual_seed(run)
    return Trainer(network.to(device), process, *sets, candidate.training, generator)


def _record(candidate: Candidate, trainer: Trainer) -> dict[str, Any]:
    return {
        "network": candidate.network.to_dict(),
        "heldout_nats": trainer.score_of_best,
        "step_loss_heldout": trainer.history,
    }


def _scored(heldout: Shots, seed: np.random.SeedSequence) -> Shots:
    """The held-out strings that trainings are scored on: all, or a fair sample of many."""
    if len(heldout.counts) <= _SCORED_STRINGS:
        return heldout
    generator = np.random.default_rng(seed)
    chances = heldout.counts / heldout.num_shots
    counts = generator.multinomial(_SCORED_STRINGS, chances)
    return Shots.from_words(heldout.words, counts, registers=heldout.registers)


def _data(shots: Shots, device: torch.device) -> Data:
    bits = torch.from_numpy(shots.bits).to(device)
    weights = torch.from_numpy(shots.counts / shots.num_shots).to(device)
    return Data(spins=spins(bits), weights=weights)


def _out_of_memory(device: torch.device, candidate: Candidate) -> str:
    return (
        f"{device} is out of memory with batches of {candidate.training.batch} strings; use a "
        "smaller batch, a smaller network or device='cpu' (a checkpoint keeps what was done)"
    )
