"""The likeliest strings: one bar a law, the shots' standard error on theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.report.pictures.canvas import legend, mark
from qdiff.report.pictures.drawing import Drawing, Floats, Numbers, Panel
from qdiff.report.pictures.palette import light
from qdiff.report.pictures.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TOP_STRINGS = 16
_NEVER_TWICE = (
    " Here no string was seen twice: which of them come first is chance, and this picture says "
    "nothing; single bits, pairs and weights do."
)

WIDEST_LABEL = 24
"""Longer strings are numbered beside their bars and written out among the numbers."""


def strings_drawing(views: Sequence[View]) -> Drawing:
    """The strings that are likeliest by the first of `views`, each view's probability of them."""
    words = views[0].likeliest(TOP_STRINGS)
    keys = bitorder.format_keys(words, views[0].registers)
    columns = [view.probabilities(words) for view in views]
    names = ", ".join(view.label for view in views)

    def plot(axes: Axes) -> None:
        for place, (view, column) in enumerate(zip(views, columns, strict=True)):
            _bars(axes, view, column, place, len(views))
        axes.set_yticks(np.arange(len(keys)), labels(keys), family="monospace", size=10)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(keys) - 0.4, -0.6)
        axes.set_xlabel("probability")
        axes.locator_params(axis="x", nbins=5)
        axes.ticklabel_format(axis="x", scilimits=(-3, 3))
        legend(axes, [view.role for view in views])

    return Drawing(
        name="strings",
        title="The likeliest strings",
        caption=f"The {len(keys)} strings that are likeliest by the first in the legend; bit 0 is "
        "the rightmost. Thin lines are one standard error of shots. A good surrogate lies closer "
        "to the reference than raw shots, which scatter by their standard error."
        + ("" if len(keys[0]) <= WIDEST_LABEL else " The numbers below have the strings.")
        + ("" if views[0].repeats() else _NEVER_TWICE),
        panels=(
            Panel(
                alt=f"Bars: the {len(keys)} likeliest strings and their probabilities; {names}.",
                plot=plot,
                size=(5.2, 1.1 + 0.43 * len(keys)),
            ),
        ),
        numbers=Numbers(
            head=("string", *(view.label for view in views)),
            rows=tuple(
                (key, *(f"{column[row]:.4g}" for column in columns)) for row, key in enumerate(keys)
            ),
        ),
    )


def labels(keys: Sequence[str]) -> list[str]:
    """The strings themselves, or their numbers where they are too long for an axis."""
    if max(map(len, keys)) <= WIDEST_LABEL:
        return list(keys)
    return [f"#{number}" for number in range(1, len(keys) + 1)]


def _bars(axes: Axes, view: View, column: Floats, place: int, count: int) -> None:
    height = 0.8 / count
    at = np.arange(len(column)) + (place - (count - 1) / 2) * height
    bars = axes.barh(at, column, height * 0.9, color=light(view.role), label=view.label)
    for number, bar in enumerate(bars):
        mark(bar, view.role, number)
    error = view.error(column)
    if error is not None:
        _, _, lines = axes.errorbar(
            column, at, xerr=error, fmt="none", ecolor=light("ink"), elinewidth=0.8
        )
        for line in lines:
            mark(line, view.role)
