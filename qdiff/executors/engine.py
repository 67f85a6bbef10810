"""`Engine`: where work is done, and how one knows there that a worker was lost."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from concurrent.futures import BrokenExecutor, Executor
from contextlib import AbstractContextManager

from qdiff.data.argument_checks import check_whole

MOST_WORKERS = 100_000


class Engine(ABC):
    """Opens an executor of `concurrent.futures`, which ends with the context that it is for.

    Where the context ends by an exception, Ctrl-C among them, what still runs is given up.
    """

    workers: int

    @abstractmethod
    def open(self) -> AbstractContextManager[Executor]:
        """An executor with its workers."""

    def is_loss(self, error: BaseException) -> bool:
        """Whether work failed since its worker was lost, so that another may do it."""
        return isinstance(error, BrokenExecutor)

    @property
    def in_flight(self) -> int:
        """How much is handed over at a time: enough that no worker waits, and no more."""
        return 2 * self.workers


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # a system without affinities
        return os.cpu_count() or 1


def check_workers(workers: object) -> int:
    """A number of workers that some cluster may have."""
    return check_whole(workers, "workers", most=MOST_WORKERS)
