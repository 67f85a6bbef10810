"""Lines of a Markdown table, and numbers as the page writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


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
