"""Processes on this machine: started afresh, one thread each, and never left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from threading import Thread
from typing import Any

from qdiff.data.argument_checks import check_whole
from qdiff.executors.engine import Engine, check_workers, cores
from qdiff.executors.one_task_each import OneTaskEach

_THREADS = "OMP_NUM_THREADS"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, kw_only=True)
class LocalProcesses(Engine):
    """Processes of this machine.

    As everywhere where Python starts processes afresh, a script that uses them keeps what it does
    under ``if __name__ == "__main__":``.

    Attributes
    ----------
    workers
        How many; as many as there are cores if not said.
    threads
        That numerical libraries may use in each; None leaves it to them. So many processes of as
        many threads as there are cores would stand in each other's way.
    tasks_each
        A process ends after so many tasks and another takes its place; None: never.
    """

    workers: int = field(default_factory=cores)
    threads: int | None = 1
    tasks_each: int | None = None

    def __post_init__(self) -> None:
        check_workers(self.workers)
        if self.threads is not None:
            check_whole(self.threads, "threads")
        if self.tasks_each is not None:
            check_whole(self.tasks_each, "tasks_each")

    @contextmanager
    def open(self) -> Iterator[Executor]:
        context = _Spawned()
        with _threads(self.threads):
            pool = OneTaskEach(
                self.workers,
                lambda: ProcessPoolExecutor(
                    1, context, _begin, max_tasks_per_child=self.tasks_each
                ),
            )
            try:
                yield pool
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                context.kill()
                pool.shutdown(cancel_futures=True)
                raise
            pool.shutdown()


class _Spawned(SpawnContext):
    """Starts processes afresh, and can end those that it started.

    At once: libraries such as Aer hear of nothing while they compute.
    """

    def __init__(self) -> None:
        super().__init__()
        self._started: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]
        process = SpawnProcess(*args, **kwargs)
        self._started.append(process)
        return process

    def kill(self) -> None:
        for process in self._started:
            if process.pid is not None:
                process.kill()


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """Processes that are started meanwhile have so many threads, whatever they load first."""
    earlier = os.environ.get(_THREADS)
    if number is not None:
        os.environ[_THREADS] = str(number)
    try:
        yield
    finally:
        if earlier is not None:
            os.environ[_THREADS] = earlier
        elif number is not None:
            del os.environ[_THREADS]


def _begin() -> None:
    """What a worker does first: Ctrl-C is its parent's, and it lives no longer than that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Where no signal comes, or the parent had ended before one was asked for."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
