"""Comparisons as a table that fits a screen: the dozen numbers that matter, beside their floors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING

from qdiff.cli.console import WIDTH

if TYPE_CHECKING:
    from qdiff.comparison.intervals.central import Interval
    from qdiff.comparison.scorecard import Comparison

_SHORTER = {
    r"KL\(reference ‖ candidate\)": "KL divergence",
    r"Jensen-Shannon divergence": "Jensen-Shannon",
    r"Heavy-output probability": "Heavy outputs",
    r"Z strings of weight (\d)": r"Z, weight \1",
    r"Marginals of order (\d), mean TV": r"\1-bit marginals, TV",
    r"Marginals of order (\d)": r"\1-bit marginals",
}
"""What the titles of metrics are called where a column must be narrow."""

_GAP = 2


def comparison_lines(found: Comparison) -> Iterator[str]:
    """One candidate: its values, with their intervals where there is room."""
    heads, columns = [("", "value")], [_values(found)]
    if found.num_shots is not None and found.training_shots is None:
        heads.append(("95 %", "interval"))
        columns.append({key: _range(metric.interval) for key, metric in found.main.items()})
    yield from _table(found, heads, columns)
    yield found.caption()


def side_by_side(found: Mapping[str, Comparison]) -> Iterator[str]:
    """Laws by their names against one reference; the last word of a name is below the others."""
    heads = [(first, last) for first, _, last in (name.rpartition(" ") for name in found)]
    first = next(iter(found.values()))
    yield from _table(first, heads, [_values(each) for each in found.values()])


def _table(
    found: Comparison, heads: Sequence[tuple[str, str]], columns: Sequence[Mapping[str, str]]
) -> Iterator[str]:
    """The main metrics of `found`: names, `columns`, and what they are to be read against."""
    main = found.main
    beside = {
        ("a perfect", "sampler"): {key: _range(each.floor_interval) for key, each in main.items()},
        ("raw", "histogram"): {key: _number(each.training) for key, each in main.items()},
    }
    known = {head: column for head, column in beside.items() if any(column.values())}
    heads, columns = [*heads, *known], [*columns, *known.values()]
    cells = [[column[key] for column in columns] for key in main]
    widths = [max(map(len, column)) for column in zip(*heads_as_rows(heads), *cells, strict=True)]
    room = WIDTH - sum(_GAP + width for width in widths)
    names = [_shortened(metric.title, room) for metric in main.values()]
    first = max(map(len, names))
    for name, row in zip(["", "metric", *names], [*heads_as_rows(heads), *cells], strict=True):
        numbers = (f"{cell:>{_GAP + width}}" for cell, width in zip(row, widths, strict=True))
        if line := f"{name:<{first}}{''.join(numbers)}".rstrip():
            yield line


def heads_as_rows(heads: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Heads of two lines each, line by line.

    >>> heads_as_rows([("from", "shots"), ("", "told")])
    [['from', ''], ['shots', 'told']]
    """
    return [list(line) for line in zip(*heads, strict=True)]


def _values(found: Comparison) -> dict[str, str]:
    return {key: _number(metric.value) for key, metric in found.metrics.items()}


def _shortened(title: str, room: int) -> str:
    for long, short in _SHORTER.items():
        title = re.sub(long, short, title)
    return title if len(title) <= room else title[: room - 1] + "…"


def _number(value: float | None) -> str:
    return "" if value is None else "–" if isnan(value) else f"{value:.4g}"


def _range(interval: Interval | None) -> str:
    return "" if interval is None else "{:.3g} to {:.3g}".format(*interval)
