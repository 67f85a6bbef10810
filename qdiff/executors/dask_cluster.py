"""Dask: a cluster whose address the environment names, or one of this machine."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field

from qdiff.environment import needed
from qdiff.executors.engine import Engine, check_workers, cores, reached

_ADDRESS = "DASK_SCHEDULER_ADDRESS"
_PATIENCE = "20s"


@dataclass(frozen=True, kw_only=True)
class DaskCluster(Engine):
    """Workers of Dask. Needs the extra ``dask``.

    The scheduler is that of the environment variable ``DASK_SCHEDULER_ADDRESS``, whose machines
    need qdiff too; else processes of this machine, one thread each. Dask itself gives work of a
    lost worker to another, as often as its setting ``distributed.scheduler.allowed-failures``
    says.

    Attributes
    ----------
    workers
        How many tasks are expected to run at a time; of a cluster of this machine, its processes.
    """

    workers: int = field(default_factory=cores)

    def __post_init__(self) -> None:
        check_workers(self.workers)

    @contextmanager
    def open(self) -> Iterator[Executor]:
        distributed = needed("distributed")
        address = os.environ.get(_ADDRESS)
        local = {
            "n_workers": self.workers,
            "threads_per_worker": 1,
            "dashboard_address": None,
            "silence_logs": logging.CRITICAL,
        }
        with reached(f"the Dask scheduler {address or 'of this machine'}"):
            client = distributed.Client(
                address, set_as_default=False, timeout=_PATIENCE, **({} if address else local)
            )
        with client:
            executor = client.get_executor(pure=False)
            try:
                yield executor
            except BaseException:
                executor.shutdown(wait=False)  # gives up what is not done
                raise
            executor.shutdown()

    def is_loss(self, error: BaseException) -> bool:
        return isinstance(error, needed("distributed").scheduler.KilledWorker)
