"""Processes that have one task at a time, so that it is known what a lost one was at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from functools import partial
from threading import RLock
from typing import Any

from qdiff.executors.engine import WorkerLostError

Call = Callable[[], Any]


class OneTaskEach(Executor):
    """Executors of one process each, made by `make` as they are needed; what waits, waits here.

    Where a process is lost its task ends with `WorkerLostError`, another takes its place, and
    those beside it go on.
    """

    def __init__(self, workers: int, make: Callable[[], Executor]) -> None:
        self._make = make
        self._free: list[Executor | None] = [None] * workers
        self._used: set[Executor] = set()
        self._waiting: deque[tuple[Future[Any], Call]] = deque()
        self._ended = False
        self._lock = RLock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            self._waiting.append((future, partial(fn, *args, **kwargs)))
            self._hand_over()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        with self._lock:
            self._ended = cancel_futures
        for each in list(self._used):
            each.shutdown(wait, cancel_futures=cancel_futures)

    def _hand_over(self) -> None:
        while self._waiting and self._free and not self._ended:
            process = self._free.pop() or self._make()
            self._used.add(process)
            future, call = self._waiting[0]
            try:
                inner = process.submit(call)
            except BrokenExecutor:  # lost while it had nothing to do: no task is lost with it
                self._used.discard(process)
                self._free.append(None)
                continue
            self._waiting.popleft()
            inner.add_done_callback(partial(self._done, process, future))

    def _done(self, process: Executor, future: Future[Any], inner: Future[Any]) -> None:
        error = None if inner.cancelled() else inner.exception()
        lost = isinstance(error, BrokenExecutor)
        with self._lock:
            if lost:
                self._used.discard(process)
            self._free.append(None if lost else process)
            self._hand_over()
        if inner.cancelled():
            future.cancel()
        elif error is None:
            future.set_result(inner.result())
        else:
            future.set_exception(WorkerLostError(str(error)) if lost else error)
