"""What a picture is made of, before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qdiff.data.bits import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def printable(text: str) -> str:
    """A name from outside without what a picture, which is XML too, cannot hold.

    >>> printable("two" + chr(10) + "lines")
    'two�lines'
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


@dataclass(frozen=True, eq=False, kw_only=True)
class Panel:
    """One set of axes: what it shows in words, its size in inches, and what draws it.

    A page shows each panel as an image of its own, so that a phone can stack them; a file shows
    the panels of a picture side by side.
    """

    alt: str
    plot: Callable[[Axes], None]
    size: tuple[float, float] = (5.2, 3.7)


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The numbers behind a picture, as text: the heads of the columns, and the rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, first: str, names: Sequence[str], rows: Sequence[str], columns: Floats) -> Numbers:
        """`names` are of the columns, ``(columns, rows)``; `first` says what `rows` are."""
        values = zip(rows, np.transpose(columns), strict=True)
        return cls(
            head=(first, *names),
            rows=tuple((row, *(f"{value:.4g}" for value in each)) for row, each in values),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Picture:
    """A short name for files and ids, a title, how to read it, its panels and its numbers."""

    name: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    numbers: Numbers | None = None
