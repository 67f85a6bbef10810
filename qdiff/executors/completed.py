"""`completed`: many tasks, a bounded number at a time, by workers of which some may be lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from qdiff.errors import InputError
from qdiff.executors.engine import Engine

RETRIES = 3
"""How often a task is begun again whose worker was lost."""

Given = TypeVar("Given")
Found = TypeVar("Found")


def completed(
    engine: Engine,
    work: Callable[[Given], Found],
    tasks: Iterable[Given],
    *,
    in_flight: int | None = None,
    retries: int = RETRIES,
) -> Generator[tuple[Given, Found]]:
    """Each task with what `work` made of it, as they end.

    Tasks are taken from the iterable when there is room for them: at most `in_flight` (the
    engine's if None) are with the workers or done and not yet taken. A task whose worker was lost
    is done again by another, at most `retries` times. Where one fails no other is begun, those
    that run are finished and yielded, and then its exception is raised. Where the caller ends the
    iteration, what runs is given up.

    Raises `InputError` when a task loses its workers more often than that.

    >>> from qdiff.executors.this_process import ThisProcess
    >>> dict(completed(ThisProcess(), abs, [-1, 2]))
    {-1: 1, 2: 2}
    """
    with engine.open() as pool:
        run = _Run(engine, pool, work, iter(tasks), retries)
        while run.fill(engine.in_flight if in_flight is None else in_flight):
            for future in wait(run.running, return_when=FIRST_COMPLETED).done:
                task = run.running.pop(future)
                if run.succeeded(task, future.exception()):
                    yield task.given, future.result()
    if run.failure is not None:
        raise run.failure


@dataclass(frozen=True)
class _Task(Generic[Given]):
    given: Given
    losses: int = 0


class _Run(Generic[Given, Found]):
    """The tasks that are waiting and running, and the executor that they are given to."""

    def __init__(
        self,
        engine: Engine,
        pool: Executor,
        work: Callable[[Given], Found],
        tasks: Iterator[Given],
        retries: int,
    ) -> None:
        self.engine, self.pool, self.work = engine, pool, work
        self.tasks, self.retries = tasks, retries
        self.running: dict[Future[Found], _Task[Given]] = {}
        self.again: deque[_Task[Given]] = deque()
        self.failure: BaseException | None = None

    def fill(self, most: int) -> bool:
        """Hand over tasks as long as there is room. Whether any is running then."""
        while len(self.running) < most and (task := self._next()) is not None:
            self.running[self.pool.submit(self.work, task.given)] = task
        return bool(self.running)

    def succeeded(self, task: _Task[Given], error: BaseException | None) -> bool:
        """Whether it did; otherwise it is tried again, or the run's failure."""
        if error is None:
            return True
        if not self.engine.is_loss(error):
            self.failure = self.failure or error
        elif task.losses < self.retries:
            self.again.append(_Task(task.given, task.losses + 1))
        else:
            self.failure = self.failure or _lost(task.losses + 1, error)
        return False

    def _next(self) -> _Task[Given] | None:
        if self.failure is not None:
            return None
        if self.again:
            return self.again.popleft()
        return next((_Task(given) for given in self.tasks), None)


def _lost(times: int, error: BaseException) -> InputError:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return InputError(
        f"a worker was lost {times} times at the same work: use fewer --workers or a smaller "
        "--batch where memory is short, and keep what a script does under "
        f"if __name__ == '__main__' ({why})"
    )
