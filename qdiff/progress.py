"""A progress bar on standard error, or none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_PATIENCE = 2.0
"""Seconds after which someone who waits wants to know how long."""


@contextmanager
def progress_bar(description: str, total: int, *, shown: bool) -> Iterator[Callable[[], None]]:
    """Yield a function to call after each of `total` parts of the work."""
    if not shown or total < 2:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda: bar.advance(task)


@contextmanager
def training_bar(
    description: str = "train", *, shown: bool
) -> Iterator[Callable[[Any], None] | None]:
    """A bar with loss, held-out score and time left; yields what `qdiff.fit` takes as `watch`."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[score]}"))
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(description, total=None, score="")

        def watch(progress: Any) -> None:
            if progress.step == 0:  # several networks are trained, one after another
                bar.reset(task)
            score = f"loss {progress.loss:.4f}, held-out best {progress.best:.4f}"
            bar.update(task, completed=progress.step + 1, total=progress.steps, score=score)

        yield watch


@contextmanager
def slow_training_bar(
    description: str, watch: Callable[[Any], None] | None
) -> Iterator[Callable[[Any], None] | None]:
    """`watch`, or where there is none a bar for whoever has waited at a terminal for a while."""
    if watch is not None or not sys.stderr.isatty():
        yield watch
        return
    begun, bar = time.monotonic(), None
    with ExitStack() as stack:

        def follow(progress: Any) -> None:
            nonlocal bar
            if bar is None and time.monotonic() - begun > _PATIENCE:
                bar = stack.enter_context(training_bar(description, shown=True))
            if bar is not None:
                bar(progress)

        yield follow
