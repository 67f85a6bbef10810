"""The likeliest strings: one bar a law, the shots' standard error on theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.data import count_keys
from qdiff.plotting.axes import finish
from qdiff.plotting.strings import TOP_STRINGS, WIDEST_LABEL, list_strings, plot_bars
from qdiff.report.pictures.picture import Numbers, Panel, Picture
from qdiff.report.pictures.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NEVER_TWICE = (
    " Here no string was seen twice: which of them come first is chance, and this picture says "
    "nothing; single bits, pairs and weights do."
)


def strings_picture(views: Sequence[View]) -> Picture:
    """The strings that are likeliest by the first of `views`, each view's probability of them."""
    words = views[0].likeliest(TOP_STRINGS)
    keys = count_keys.format_keys(words, views[0].registers)
    columns = [view.probabilities(words) for view in views]
    names = ", ".join(view.label for view in views)

    def plot(axes: Axes) -> None:
        for place, (view, column) in enumerate(zip(views, columns, strict=True)):
            error = view.error(column)
            plot_bars(axes, column, error, view.role, view.label, place=place, of=len(views))
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
