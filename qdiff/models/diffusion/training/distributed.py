"""Training by several processes, as ``torchrun`` starts them: each draws its part of every batch.

Gradients are averaged over all parts before each step, so that every process takes the same steps,
and the trained network has the law of one that a single process trains, with other random numbers.
This is what torch's DistributedDataParallel does. It is not used itself: it averages what goes
through a module's ``forward``, and the losses here ask networks by other methods too (`along`,
steps of recurrent ones). These networks are small, so that one flat sum a step costs little.

Source: Li et al., PyTorch Distributed, arXiv:2006.15704.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch import distributed as collective

from qdiff.errors import InputError
from qdiff.memory import is_out_of_memory
from qdiff.models.diffusion.training.torch_seed import torch_seed

_PATIENCE = timedelta(minutes=30)
"""How long a process waits for the others, whose tables and other parts may take longer."""


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Which of how many processes this is. One alone changes nothing, to the bit.

    >>> Ranks().share(64), Ranks(rank=1, world=3).share(64)
    (64, 21)
    """

    rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and prints."""
        return self.rank == 0

    def share(self, batch: int) -> int:
        """How many of a batch this process draws. Raises `InputError` for fewer than processes."""
        if batch < self.world:
            raise InputError(f"{self.world} processes cannot share batches of {batch} strings")
        return batch // self.world + (self.rank < batch % self.world)

    def own_generator(self, generator: torch.Generator) -> torch.Generator:
        """A generator of this process alone, spawned from what that one was seeded with."""
        if self.world == 1:
            return generator
        child = np.random.SeedSequence(generator.initial_seed()).spawn(self.world)[self.rank]
        return torch.Generator(device=generator.device).manual_seed(torch_seed(child))

    @torch.no_grad()
    def averaged(self, loss: Tensor, network: nn.Module, batch: int) -> float:
        """The loss of the whole batch; the network's gradients become those of that loss.

        Where it is not finite for one process it is not for any, so that all end alike.
        """
        if self.world == 1:
            return float(loss.detach())
        found = [each.grad for each in network.parameters() if each.grad is not None]
        flat = torch.cat([loss.detach().reshape(1).float(), *(each.reshape(-1) for each in found)])
        flat *= self.share(batch) / batch
        collective.all_reduce(flat)
        parts = torch.split(flat[1:], [each.numel() for each in found])
        for gradient, part in zip(found, parts, strict=True):
            gradient.copy_(part.view_as(gradient))
        return float(flat[0])

    def agreed(self, value: float, device: torch.device) -> float:
        """The first process's value for all, since what follows from it must be the same."""
        if self.world == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64, device=device)
        collective.broadcast(shared, src=0)
        return float(shared)

    def check_same(self, step: int, device: torch.device) -> None:
        """Raise `InputError` where this process would go on from another step than the first."""
        if self.agreed(step, device) != step:
            raise InputError(
                f"process {self.rank} of {self.world} has another checkpoint than the first; keep "
                "it where all can read it"
            )

    def gathered(self, state: NDArray[Any]) -> NDArray[Any]:
        """One row of each process; of one alone, what it has."""
        if self.world == 1:
            return state
        rows: list[Any] = [None] * self.world
        collective.all_gather_object(rows, state)
        return np.stack(rows)

    def own(self, states: NDArray[Any]) -> NDArray[Any]:
        """This process's row of what `gathered` made. Raises `InputError` for another number."""
        found = 1 if states.ndim == 1 else len(states)
        if found != self.world:
            raise InputError(
                f"the checkpoint is one of {found} processes; go on with as many, not {self.world}"
            )
        return states if self.world == 1 else np.array(states[self.rank])

    @contextmanager
    def failing_together(self) -> Iterator[None]:
        """Let memory that runs out in one process end all: the others wait for it for ever."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if self.world == 1 or not is_out_of_memory(error):
                raise
            raise InputError(
                f"process {self.rank} of {self.world} is out of memory; use smaller batches"
            ) from None


_ranks: ContextVar[Ranks] = ContextVar("ranks")


def current() -> Ranks:
    """The processes that train together here: one alone, outside of `joined`."""
    return _ranks.get(Ranks())


@contextmanager
def joined() -> Iterator[Ranks]:
    """Train with the other processes that ``torchrun`` has started; alone where there are none.

    Each process must do the same in here, with the same data and seeds. With CUDA each takes the
    device of its local rank, and NCCL passes gradients on; else gloo does.
    """
    if not collective.is_torchelastic_launched() or os.environ.get("WORLD_SIZE") == "1":
        yield Ranks()
        return
    on_cuda = torch.cuda.is_available()
    if on_cuda:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    collective.init_process_group("nccl" if on_cuda else "gloo", timeout=_PATIENCE)
    ranks = Ranks(rank=collective.get_rank(), world=collective.get_world_size())
    token = _ranks.set(ranks)
    try:
        yield ranks
        collective.barrier()  # gloo's threads are in use until the last has what it waits for
    finally:
        _ranks.reset(token)
        collective.destroy_process_group()
        gc.collect()  # what still holds the group would end the process by SIGABRT at its exit
