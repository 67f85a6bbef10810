"""Training the networks of a fit, and keeping the best kind for all folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from qdiff.errors import InputError
from qdiff.fitting.checkpoint import Checkpoint
from qdiff.fitting.config import Candidate
from qdiff.fitting.fold_examples import FoldExamples
from qdiff.fitting.heldout import Division, thinned
from qdiff.memory import is_out_of_memory
from qdiff.models.diffusion.decoding.ordered import Orders
from qdiff.models.diffusion.denoisers.any_order_recurrent import AnyOrderRecurrentNetwork
from qdiff.models.diffusion.denoisers.config import AnyOrderRecurrent, NetworkConfig
from qdiff.models.diffusion.denoisers.recurrent_members import RecurrentMembers
from qdiff.models.diffusion.processes.member_prefixes import MemberPrefixes
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.examples import Data, Examples
from qdiff.models.diffusion.training.torch_seed import torch_seed
from qdiff.models.diffusion.training.trainer import Diverged, Progress, Trainer

Watch = Callable[[Progress], None]
"""Called after every training step; whatever it raises ends the fit."""

_SCORED_STRINGS = 4096
"""More held-out strings than this, of all folds together, would cost more than they tell."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Task:
    """What networks are trained for.

    Attributes
    ----------
    process
        For networks of a fold each.
    divisions
        The folds.
    orders, any_order
        For recurrent networks, which train on all folds at once: along which orders, and whether
        along random ones too.
    """

    process: Process[Any]
    divisions: Sequence[Division]
    orders: Orders
    any_order: bool


class NetworkTraining:
    """Trains the networks of a fit, one after another, and remembers them for the card.

    With a `checkpoint`, each goes on from where it stood there, under its number in the fit.
    `kept` is the kind of network that the last call of `best` chose, and `record` what every
    training came to.
    """

    kept: NetworkConfig

    def __init__(
        self, *, device: torch.device, watch: Watch | None, checkpoint: Checkpoint | None
    ) -> None:
        self.record: list[dict[str, Any]] = []
        self._device, self._watch, self._checkpoint = device, watch, checkpoint

    def best(
        self, task: Task, candidates: Sequence[Candidate], seed: np.random.SeedSequence
    ) -> list[Any]:
        """The network of each fold, of the kind that held-out strings surprise least.

        Recurrent networks of all folds train at once; of others the first fold decides which the
        later ones train. Raises `InputError` when no training comes to an end.
        """
        first, *later = seed.spawn(len(task.divisions))
        trainer, kept = self._best(task, candidates, first)
        networks: list[Any]
        if isinstance(trainer.network, RecurrentMembers):
            networks = trainer.network.networks()
        else:
            networks = [trainer.network]
            for division, child in zip(task.divisions[1:], later, strict=True):
                one = replace(task, divisions=[division])
                networks.append(self._best(one, (kept,), child)[0].network)
        self.kept = kept.network
        return _finished(networks)

    def onwards(
        self,
        task: Task,
        networks: Sequence[AnyOrderRecurrentNetwork],
        candidate: Candidate,
        seed: np.random.SeedSequence,
    ) -> list[AnyOrderRecurrentNetwork]:
        """Trained recurrent networks, one a fold, trained on until held-out shots stop gaining."""
        drawn, run = seed.spawn(2)
        task = _scored_on_few(task, drawn)
        generator = torch.Generator(device=self._device).manual_seed(torch_seed(run))
        members = RecurrentMembers(networks).to(self._device)
        trainer = Trainer(
            members,
            MemberPrefixes(),
            *_fold_examples(task, self._device),
            candidate.training,
            generator,
            trained=True,
        )
        entry = {"network": candidate.network.to_dict(), "start": True}
        self._run(trainer, len(self.record))
        self.record.append(entry | _outcome(trainer))
        return _finished(members.networks())

    def _best(
        self, task: Task, candidates: Sequence[Candidate], seed: np.random.SeedSequence
    ) -> tuple[Trainer, Candidate]:
        """Train every candidate, and keep the trainer of the best.

        All are scored on the same strings, corrupted alike. One that runs out of memory or is never
        finite is passed over, and the record says why.
        """
        drawn, corrupted, *seeds = seed.spawn(2 + len(candidates))
        task = _scored_on_few(task, drawn)
        finished: list[tuple[Trainer, Candidate]] = []
        for candidate, child in zip(candidates, seeds, strict=True):
            entry: dict[str, Any] = {"network": candidate.network.to_dict()}
            try:
                trainer = _trainer(task, candidate, child, torch_seed(corrupted), self._device)
                self._run(trainer, len(self.record))
            except (RuntimeError, MemoryError, Diverged) as error:
                entry["failed"] = _why(error, candidate, self._device)
            else:
                finished.append((trainer, candidate))
                entry |= _outcome(trainer)
            self.record.append(entry)
        if not finished:
            failures = [entry["failed"] for entry in self.record[-len(candidates) :]]
            raise InputError("; ".join(dict.fromkeys(failures)))
        return min(finished, key=lambda pair: pair[0].score_of_best)

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
    task: Task,
    candidate: Candidate,
    seed: np.random.SeedSequence,
    score_seed: int,
    device: torch.device,
) -> Trainer:
    start, run = map(torch_seed, seed.spawn(2))
    source = torch.Generator().manual_seed(start)
    num_bits = task.divisions[0].train.num_bits
    config = candidate.network
    if isinstance(config, AnyOrderRecurrent):
        network: Any = config.build_members(num_bits, len(task.divisions), generator=source)
        process: Process[Any] = MemberPrefixes()
        train, heldout = _fold_examples(task, device)
    else:
        network, process = config.build(num_bits, generator=source), task.process
        train, heldout = (Data.of(task.divisions[0][place], device) for place in (1, 0))
    generator = torch.Generator(device=device).manual_seed(run)
    return Trainer(
        network.to(device),
        process,
        train,
        heldout,
        candidate.training,
        generator,
        score_seed=score_seed,
    )


def _fold_examples(task: Task, device: torch.device) -> tuple[Examples, Examples]:
    """The training and the held-out shots of all folds."""
    train = FoldExamples(
        [division.train for division in task.divisions],
        task.orders,
        any_order=task.any_order,
        device=device,
    )
    heldout = [division.heldout for division in task.divisions]
    return train, FoldExamples(heldout, task.orders, device=device)


def _scored_on_few(task: Task, seed: np.random.SeedSequence) -> Task:
    """With a fair sample of the held-out shots, where they are many."""
    most = max(1, _SCORED_STRINGS // len(task.divisions))
    divisions = [
        Division(thinned(heldout, most, child), train)
        for (heldout, train), child in zip(
            task.divisions, seed.spawn(len(task.divisions)), strict=True
        )
    ]
    return replace(task, divisions=divisions)


def _outcome(trainer: Trainer) -> dict[str, Any]:
    return {"heldout_nats": trainer.score_of_best, "step_loss_heldout": trainer.history}


def _finished(networks: Sequence[Any]) -> list[Any]:
    return [network.eval().requires_grad_(False) for network in networks]


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
