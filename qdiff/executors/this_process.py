"""Work done at once, in this process: nothing is started, and libraries use all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from qdiff.executors.engine import Engine


@dataclass(frozen=True, kw_only=True)
class ThisProcess(Engine):
    """One task after another, here. For work that is too little to start processes for."""

    workers: int = 1

    @contextmanager
    def open(self) -> Iterator[Executor]:
        yield _AtOnce()

    @property
    def in_flight(self) -> int:
        """What is handed over is done before that returns: no more than one result waits."""
        return 1


class _AtOnce(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # Ctrl-C is the caller's, at once
            future.set_exception(error)
        return future
