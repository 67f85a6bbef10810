"""What work costs: seconds and memory."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """By the clock, and of the processor, which other work on the machine does not lengthen."""

    wall: float
    cpu: float


def timed(
    work: Callable[Given, Found], *args: Given.args, **kwargs: Given.kwargs
) -> tuple[Found, Seconds]:
    """What the work returns, and the seconds that it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work(*args, **kwargs)
    return found, Seconds(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


def timed_cell(task: tuple[Any, Callable[[Any], Any], Any]) -> tuple[Any, Seconds]:
    """What a cell's process does: here, since a process begins sooner without torch."""
    _, work, given = task
    return timed(work, given)


def least(work: Callable[[], Any], repeats: int = 3) -> Seconds:
    """The least wall-clock and processor seconds of some repeats."""
    spent = [timed(work)[1] for _ in range(repeats)]
    return Seconds(wall=min(each.wall for each in spent), cpu=min(each.cpu for each in spent))


def peak_gibibytes() -> float:
    """The most memory that this process has had, Python and the libraries included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
