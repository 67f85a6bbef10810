"""`Engine`: where work is done, and how one knows there that a worker was lost."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager

from qdiff.data.argument_checks import check_whole
from qdiff.errors import InputError

MOST_WORKERS = 100_000


class WorkerLostError(Exception):
    """Work ended with its worker, so that another may do it."""


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
        return isinstance(error, WorkerLostError)

    @property
    def in_flight(self) -> int:
        """How much is handed over at a time: enough that no worker waits, and no more."""
        return 2 * self.workers


@contextmanager
def given_up_on_error(executor: Executor) -> Iterator[Executor]:
    """The executor; where its context ends by an exception, what waits and runs is cancelled."""
    try:
        yield executor
    except BaseException:
        executor.shutdown(cancel_futures=True)
        raise


@contextmanager
def reached(cluster: str) -> Iterator[None]:
    """Say in one line that a cluster cannot be reached."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{cluster} cannot be reached: {why}") from None


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # a system without affinities
        return os.cpu_count() or 1


def check_workers(workers: object) -> int:
    """A number of workers that some cluster may have."""
    return check_whole(workers, "workers", most=MOST_WORKERS)
