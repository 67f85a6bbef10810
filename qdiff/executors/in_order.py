"""`in_order`: what workers find, in the order of the tasks and not in that of their ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from qdiff.executors.completed import completed
from qdiff.executors.engine import Engine

Given = TypeVar("Given")
Found = TypeVar("Found")


def in_order(
    engine: Engine, work: Callable[[Given], Found], tasks: Iterable[Given]
) -> Iterator[Found]:
    """What `work` makes of each task, in their order: sums are rounded alike, whoever works.

    What comes too early is kept meanwhile. Raises as `completed` does.

    >>> from qdiff.executors.this_process import ThisProcess
    >>> list(in_order(ThisProcess(), abs, [-1, 2]))
    [1, 2]
    """
    early: dict[int, Found] = {}
    following = 0
    with closing(completed(engine, _Numbered(work), enumerate(tasks))) as done:
        for (number, _), found in done:
            early[number] = found
            while following in early:
                yield early.pop(following)
                following += 1


@dataclass(frozen=True)
class _Numbered(Generic[Given, Found]):
    work: Callable[[Given], Found]

    def __call__(self, task: tuple[int, Given]) -> Found:
        return self.work(task[1])
