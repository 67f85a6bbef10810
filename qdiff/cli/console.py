"""What the command line prints: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from qdiff import progress
from qdiff.cli import interrupts

if TYPE_CHECKING:
    from qdiff.comparison.scorecard import Comparison
    from qdiff.fitting.train_networks import Watch


def say(message: str) -> None:
    """A remark, on standard error."""
    typer.echo(message, err=True)


def fail(message: str, code: int) -> NoReturn:
    """One line on standard error, and the end."""
    say(f"qdiff: {' '.join(message.split())}")
    sys.exit(code)


def command() -> str:
    """What to type to repeat this."""
    return shlex.join(["qdiff", *sys.argv[1:]])


def interactive(json: bool) -> bool:
    """Whether someone looks on, so that progress may be shown."""
    return not json and sys.stderr.isatty()


def print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def print_entries(value: Mapping[str, Any]) -> None:
    """A line an entry."""
    for key, entry in value.items():
        typer.echo(f"{key}: {entry if isinstance(entry, str) else json.dumps(entry)}")


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def print_table(comparison: Comparison, title: str) -> None:
    from rich.console import Console

    Console().print(comparison.table(title))


@contextmanager
def training_bar(*, shown: bool) -> Iterator[Watch]:
    """The progress bar of a training, which also heeds Ctrl-C at every step."""
    with progress.training_bar(shown=shown) as show:

        def watch(step: Any) -> None:
            interrupts.heed()
            if show is not None:
                show(step)

        yield watch
