"""The likeliest strings: one bar a law, the shots' standard error on theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.data import count_keys
from qdiff.data.bits import Floats
from qdiff.report.pictures.axes import finish, mark
from qdiff.report.pictures.palette import light
from qdiff.report.pictures.picture import Numbers, Panel, Picture
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


def strings_picture(views: Sequence[View]) -> Picture:
    """The strings that are likeliest by the first of `views`, each view's probability of them."""
    words = views[0].likeliest(TOP_STRINGS)
    keys = count_keys.format_keys(words, views[0].registers)
    columns = [view.probabilities(words) for view in views]
    names = ", ".join(view.label for view in views)

    def plot(axes: Axes) -> None:
        for place, (view, column) in enumerate(zip(views, columns, strict=True)):
            _bars(axes, view, column, place, len(views))
        list_strings(axes, keys)
        finish(axes, "probability", "string", [view.role for view in views])

    return Picture(
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
        numbers=Numbers.of("string", [view.label for view in views], keys, np.array(columns)),
    )


def list_strings(axes: Axes, keys: Sequence[str]) -> None:
    """Strings down the side, numbered where they are too long, and a few short numbers below."""
    names = list(keys)
    if max(map(len, keys)) > WIDEST_LABEL:
        names = [f"#{number}" for number in range(1, len(keys) + 1)]
    axes.set_yticks(np.arange(len(names)), names, family="monospace", size=10)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.locator_params(axis="x", nbins=4)
    axes.ticklabel_format(axis="x", scilimits=(-3, 3))


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
