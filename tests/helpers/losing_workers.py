"""Workers of which one is killed at its task."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qdiff import LocalProcesses
from qdiff.executors.engine import Engine


@dataclass(frozen=True, kw_only=True)
class LosingOne(Engine):
    """Two processes; the worker that is given the task of that number is killed at it, once."""

    note: Path
    number: int = 3
    workers: int = 2

    @contextmanager
    def open(self) -> Iterator[Executor]:
        with LocalProcesses(workers=self.workers).open() as pool:
            yield _Losing(pool, self)


class _Losing(Executor):
    def __init__(self, pool: Executor, engine: LosingOne) -> None:
        self._pool, self._engine, self._given = pool, engine, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._given += 1
        if self._given == self._engine.number:
            return self._pool.submit(killed_once, self._engine.note, fn, *args, **kwargs)
        return self._pool.submit(fn, *args, **kwargs)


def killed_once(note: Path, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    note.touch()
    os.kill(os.getpid(), signal.SIGKILL)
