"""Lines, tables and numbers of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

Row = dict[str, Any]
Section = Callable[[Row], list[str]]
"""The lines of a section from the content of a file of results."""


def head(texts: Sequence[str], numbers: Sequence[str]) -> list[str]:
    return [line([*texts, *numbers]), "|" + "---|" * len(texts) + "--:|" * len(numbers)]


def line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def interval(entry: Row) -> str:
    low, high = entry["interval"]
    if len(entry["values"]) == 1:  # one seed has no interval
        return f"{entry['mean']:.3g}"
    return f"{entry['mean']:.3g} [{low:.3g}, {high:.3g}]"


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def grouped_by(rows: Sequence[Row], key: str, other: str) -> dict[tuple[Any, Any], list[Row]]:
    """Rows of all seeds by their values under two keys, in the order of first appearance."""
    found: dict[tuple[Any, Any], list[Row]] = {}
    for row in rows:
        found.setdefault((row[key], row[other]), []).append(row)
    return found


def measured_at(rows: Sequence[Row]) -> str:
    """Which revisions measured how many rows."""
    counts = Counter(row["revision"] for row in rows)
    told = ", ".join(
        f"{revision} ({number} row{'s' if number > 1 else ''})"
        for revision, number in sorted(counts.items())
    )
    return f"Measured at {told}."
