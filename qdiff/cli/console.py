"""What the command line prints: results to standard output, everything else to standard error.

Whatever it prints for people goes through `plain`, since names and messages may come from files of
strangers; JSON escapes by itself.
"""

from __future__ import annotations

import json
import shlex
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from qdiff import progress
from qdiff.cli import interrupts
from qdiff.environment import __version__

if TYPE_CHECKING:
    from qdiff.comparison.scorecard import Comparison
    from qdiff.fitting.train_networks import Watch


WIDTH, HEIGHT = 80, 24
"""Columns and lines of a terminal that nobody has made larger."""

_LONGEST_MESSAGE = 4 * WIDTH
_WIDTH_OF_FILES = 132


def plain(text: str) -> str:
    """Text on one line without what a terminal would obey: control characters are written out.

    >>> plain("red" + chr(27) + "[31m")
    'red\\\\x1b[31m'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def show(line: str, *, err: bool = False) -> None:
    """A line of a result, broken where it is wider than a screen."""
    typer.echo(_broken(line), err=err)


def say(message: str) -> None:
    """A remark, on standard error; where that is full nobody can be told."""
    with suppress(OSError):
        show(message, err=True)


def _broken(line: str) -> str:
    broken = textwrap.wrap(
        plain(line),
        WIDTH,
        subsequent_indent="  ",
        break_long_words=False,  # paths are copied
        break_on_hyphens=False,
    )
    return "\n".join(broken)


def fail(message: str, code: int) -> NoReturn:
    """One line on standard error, of which a terminal makes a few at most, and the end.

    Of a longer one the middle is left out: what is wrong is said first, and how to mend it last.
    """
    line = plain(f"qdiff: {' '.join(message.split())}")
    if len(line) > _LONGEST_MESSAGE:
        line = f"{line[: _LONGEST_MESSAGE // 2]} ... {line[5 - _LONGEST_MESSAGE // 2 :]}"
    with suppress(OSError):
        typer.echo(line, err=True)
    sys.exit(code)


def print_version(asked: bool) -> None:
    """What ``--version`` does."""
    if asked:
        typer.echo(f"qdiff {__version__}")
        raise typer.Exit


def show_warning(message: Warning | str, *_: object) -> None:
    """A warning as people read it, without the line of code that gave it."""
    say(f"qdiff: {message}")


def command() -> str:
    """What to type to repeat this."""
    return shlex.join(["qdiff", *sys.argv[1:]])


def interactive(json: bool) -> bool:
    """Whether someone looks on, so that progress may be shown."""
    return not json and sys.stderr.isatty()


def print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2, allow_nan=False))


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        show(line)


def print_screen(lines: Iterable[str]) -> None:
    """At most a screen of lines, each cut where it is wider, and what shows the rest."""
    found = [plain(line) for line in lines]
    most = HEIGHT - 2  # below them the prompt
    for line in found[:most]:
        typer.echo(line if len(line) <= WIDTH else line[: WIDTH - 1] + "…")
    more = f"and {len(found) - most} lines more: " if len(found) > most else "all of it: "
    typer.echo(f"{more}--full, --json")


def print_table(comparison: Comparison, title: str) -> None:
    """Every metric, as wide as the terminal is, or as a file may be."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH_OF_FILES
    Console(width=width).print(comparison.table(plain(title)))


@contextmanager
def training_bar(*, shown: bool) -> Iterator[Watch]:
    """The progress bar of a training, which also heeds Ctrl-C at every step."""
    with progress.training_bar(shown=shown) as show:

        def watch(step: Any) -> None:
            interrupts.heed()
            if show is not None:
                show(step)

        yield watch
