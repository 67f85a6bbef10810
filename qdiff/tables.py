"""Tables for people: data frames, and small HTML for notebooks. Records in, tables out."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape as escape_html
from typing import Any

from qdiff.environment import needed

Cell = str | tuple[str, str]
"""Text, or a number and its range."""

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Tabular(ABC):
    """What can be had as records, and so as a data frame."""

    @abstractmethod
    def to_records(self) -> list[dict[str, Any]]:
        """A record a row, with plain Python values."""

    def to_pandas(self) -> Any:
        """The records of `to_records` as a `pandas.DataFrame`.

        Raises `InputError` that names the extra where pandas is missing.
        """
        return needed("pandas").DataFrame.from_records(self.to_records())


def flat(nested: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The entries of a nested object by their names with dots between.

    >>> dict(flat({"heldout": {"shots": 100}, "seed": 1}))
    {'heldout.shots': 100, 'seed': 1}
    """
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def escape(value: object) -> str:
    """Text for HTML, without the control characters that XML forbids.

    >>> escape("a < b\\x00")
    'a &lt; b\N{REPLACEMENT CHARACTER}'
    """
    return escape_html(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value)))


def html_table(
    rows: Iterable[Sequence[Cell]], *, head: Sequence[str] = (), caption: str = ""
) -> str:
    """A table whose first column heads its rows. Without colours: it looks as what is around it."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{_cell(first)}</th>'
        + "".join(f"<td>{_cell(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    top = f"<thead><tr>{top}</tr></thead>" if top else ""
    return f"<table>{title}{top}<tbody>{body}</tbody></table>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape(cell)
    number, spread = cell
    return f"{escape(number)} <small>{escape(spread)}</small>" if spread else escape(number)
