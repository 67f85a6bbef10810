"""Training several networks, one after another, and keeping the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from qdiff.errors import InputError
from qdiff.fitting.checkpoint import Checkpoint
from qdiff.fitting.config import Candidate
from qdiff.fitting.heldout import Division, thinned
from qdiff.memory import is_out_of_memory
from qdiff.models.diffusion.denoisers.config import NetworkConfig
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.examples import Data
from qdiff.models.diffusion.training.trainer import Diverged, Progress, Trainer

Watch = Callable[[Progress], None]
"""Called after every training step; whatever it raises ends the fit."""

_SCORED_STRINGS = 4096
"""More held-out strings than this would cost more than they tell."""


class NetworkTraining:
    """Trains the networks of a fit, one after another, and remembers them for the card.

    With a `checkpoint`, each goes on from where it stood there, under its number in the fit. `kept`
    holds the best candidate of each call of `best`, and `record` what every training came to.
    """

    def __init__(
        self, *, device: torch.device, watch: Watch | None, checkpoint: Checkpoint | None
    ) -> None:
        self.kept: list[Candidate] = []
        self.record: list[dict[str, Any]] = []
        self._device, self._watch, self._checkpoint = device, watch, checkpoint

    def best(
        self,
        process: Process[Any],
        candidates: Sequence[Candidate],
        division: Division,
        seed: np.random.SeedSequence,
    ) -> tuple[Any, NetworkConfig]:
        """Train every candidate; the network that held-out strings surprise least, and its kind.

        All candidates are scored on the same strings, corrupted alike. One that runs out of memory
        or is never finite is passed over, and the record says why. Raises `InputError` when that
        leaves none.
        """
        drawn, corrupted, *seeds = seed.spawn(2 + len(candidates))
        checks = thinned(division.heldout, _SCORED_STRINGS, drawn)
        sets = Data.of(division.train, self._device), Data.of(checks, self._device)
        finished: list[tuple[Trainer, Candidate]] = []
        for candidate, child in zip(candidates, seeds, strict=True):
            entry: dict[str, Any] = {"network": candidate.network.to_dict()}
            try:
                trainer = _trainer(process, candidate, sets, child, _whole(corrupted), self._device)
                self._run(trainer, len(self.record))
            except (RuntimeError, MemoryError, Diverged) as error:
                entry["failed"] = _why(error, candidate, self._device)
            else:
                finished.append((trainer, candidate))
                entry["heldout_nats"] = trainer.score_of_best
                entry["step_loss_heldout"] = trainer.history
            self.record.append(entry)
        if not finished:
            failures = [entry["failed"] for entry in self.record[-len(candidates) :]]
            raise InputError("; ".join(dict.fromkeys(failures)))
        trainer, best = min(finished, key=lambda pair: pair[0].score_of_best)
        self.kept.append(best)
        return trainer.network.eval().requires_grad_(False), best.network

    def _run(self, trainer: Trainer, number: int) -> None:
        """One training, resumed and kept where there is a checkpoint."""
        checkpoint = self._checkpoint
        earlier = None if checkpoint is None else checkpoint.state(number)
        if earlier is not None:
            trainer.restore(*earlier)
        for progress in trainer.run():
            if checkpoint is not None and progress.heldout is not None:
                checkpoint.keep(number, trainer.state())
            if self._watch is not None:
                self._watch(progress)
        if checkpoint is not None:
            checkpoint.keep(number, trainer.state(), finished=True)


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
