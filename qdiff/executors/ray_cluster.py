"""Ray: a cluster whose address the environment names, or one of this machine for the occasion."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from qdiff.environment import needed
from qdiff.executors.engine import Engine, check_workers, cores, given_up_on_error, reached
from qdiff.executors.transfer import transfer

_ADDRESS = "RAY_ADDRESS"


@dataclass(frozen=True, kw_only=True)
class RayCluster(Engine):
    """Tasks of Ray, one core each. Needs the extra ``ray``.

    The cluster is the one that this process is connected to already; else that of the environment
    variable ``RAY_ADDRESS``, whose machines need qdiff too; else one of this machine, which ends
    with the work.

    Attributes
    ----------
    workers
        How many tasks are expected to run at a time; what decides it is the cluster.
    """

    workers: int = field(default_factory=cores)

    def __post_init__(self) -> None:
        check_workers(self.workers)

    @contextmanager
    def open(self) -> Iterator[Executor]:
        ray = needed("ray")
        with (
            _connected(ray, self.workers),
            _Tasks(ray) as executor,
            given_up_on_error(executor),
        ):
            yield executor

    def is_loss(self, error: BaseException) -> bool:
        ray = needed("ray.exceptions")
        machines = ray.NodeDiedError, ray.LocalRayletDiedError, ray.ObjectLostError
        return isinstance(error, (ray.WorkerCrashedError, ray.OutOfMemoryError, *machines))


@contextmanager
def _connected(ray: Any, workers: int) -> Iterator[None]:
    if ray.is_initialized():
        yield
        return
    address = os.environ.get(_ADDRESS)
    local = {"num_cpus": workers, "include_dashboard": False}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anyone
    with reached(f"the Ray cluster {address or 'of this machine'}"):
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **({} if address else local),
        )
    try:
        yield
    finally:
        ray.shutdown()


class _Tasks(Executor):
    """Ray's tasks as futures of `concurrent.futures`."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._call = ray.remote(num_cpus=1, max_retries=0)(_call)  # `completed` counts losses
        self._running: dict[Future[Any], Any] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        reference = self._call.remote(fn, *args, **kwargs)
        self._running[future] = reference
        future.add_done_callback(lambda _: self._running.pop(future, None))
        reference.future().add_done_callback(partial(transfer, to=future, unwrapped=_cause))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            for reference in list(self._running.values()):
                self._ray.cancel(reference, force=True)


def _call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _cause(error: BaseException) -> BaseException:
    """The error of the work itself, without what Ray wraps around it."""
    if isinstance(error, needed("ray.exceptions").RayTaskError):
        cause = error.cause
        return cause if isinstance(cause, BaseException) else error
    return error
