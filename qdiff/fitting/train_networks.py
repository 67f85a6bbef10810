"""Training several networks, one after another, and keeping the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.fitting.checkpoint import Checkpoint
from qdiff.fitting.config import Candidate
from qdiff.fitting.heldout import thinned
from qdiff.memory import is_out_of_memory
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.trainer import Data, Diverged, Progress, Trainer

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

    All candidates are scored on the same strings, corrupted alike. With a `checkpoint`, each goes
    on from where it stood there; `first` is the number of the first of them in it.

    One that runs out of memory or is never finite is passed over, and the record says why. Raises
    `InputError` when that leaves none.
    """
    drawn, corrupted, *seeds = seed.spawn(2 + len(candidates))
    checks = thinned(heldout, _SCORED_STRINGS, drawn)
    sets = Data.of(train, device), Data.of(checks, device)
    finished: list[tuple[Trainer, Candidate]] = []
    record = []
    for index, (candidate, child) in enumerate(zip(candidates, seeds, strict=True), start=first):
        entry: dict[str, Any] = {"network": candidate.network.to_dict()}
        try:
            trainer = _trainer(process, candidate, sets, child, _whole(corrupted), device)
            _run(trainer, index, watch, checkpoint)
        except (RuntimeError, MemoryError, Diverged) as error:
            entry["failed"] = _why(error, candidate, device)
        else:
            finished.append((trainer, candidate))
            entry["heldout_nats"] = trainer.score_of_best
            entry["step_loss_heldout"] = trainer.history
        record.append(entry)
    if not finished:
        raise InputError("; ".join(dict.fromkeys(entry["failed"] for entry in record)))
    trainer, best = min(finished, key=lambda pair: pair[0].score_of_best)
    network = trainer.network.eval().requires_grad_(False)
    return Trained(network=network, candidate=best, record=record)


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
    score_seed: int,
    device: torch.device,
) -> Trainer:
    start, run = (_whole(child) for child in seed.spawn(2))
    num_bits = sets[0].spins.shape[1]
    network = candidate.network.build(num_bits, generator=torch.Generator().manual_seed(start))
    generator = torch.Generator(device=device).manual_seed(run)
    return Trainer(
        network.to(device), process, *sets, candidate.training, generator, score_seed=score_seed
    )


def _why(error: Exception, candidate: Candidate, device: torch.device) -> str:
    """What to tell the user of a failed training; what is neither of the two known is a bug."""
    if isinstance(error, Diverged):
        return str(error)
    if not is_out_of_memory(error):
        raise error
    if device.type == "cuda":
        torch.cuda.empty_cache()  # or the next one would find what this one left
    return (
        f"{device} is out of memory with batches of {candidate.training.batch} strings; use a "
        "smaller batch, a smaller network or another device (a checkpoint keeps what was done)"
    )


def _whole(seed: np.random.SeedSequence) -> int:
    """A seed for torch, which takes whole numbers below 2^63."""
    return int(seed.generate_state(1, np.uint64)[0] >> np.uint64(1))
