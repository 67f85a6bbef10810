"""The Hamming-weight spectrum: how likely a string has how many ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.report.pictures.canvas import legend, mark
from qdiff.report.pictures.drawing import Drawing, Numbers, Panel
from qdiff.report.pictures.palette import light
from qdiff.report.pictures.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKERS = "osD^"
_MOST_MARKED = 40
"""Of more bits, markers would hide one another."""


def spectrum_drawing(views: Sequence[View]) -> Drawing:
    """The law of the number of ones by each of `views`."""
    columns = [view.weights() for view in views]
    number = views[0].num_bits

    def plot(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        for place, (view, column) in enumerate(zip(views, columns, strict=True)):
            at = np.arange(number + 1) + (place - (len(views) - 1) / 2) * 0.06
            color = light(view.role)
            marker = _MARKERS[place % len(_MARKERS)] if number <= _MOST_MARKED else None
            (line,) = axes.plot(
                at, column, color=color, marker=marker, markersize=4, linewidth=1, label=view.label
            )
            mark(line, view.role)
            error = view.error(column)
            if error is not None:
                _, _, lines = axes.errorbar(
                    at, column, yerr=error, fmt="none", ecolor=color, elinewidth=1
                )
                mark(lines[0], view.role)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("ones in a string")
        axes.set_ylabel("probability")
        legend(axes, [view.role for view in views])

    names = ", ".join(view.label for view in views)
    alt = f"Curves: the probability of each number of ones, 0 to {number}; {names}."
    return Drawing(
        name="spectrum",
        title="Hamming-weight spectrum",
        caption="How likely a string has so many ones; lines on shots are one standard error. "
        "Noise moves it towards the middle, relaxation towards fewer ones; a model that has "
        "learned single bits but not how they hang together gets its width wrong.",
        panels=(Panel(alt=alt, plot=plot),),
        numbers=Numbers(
            head=("ones", *(view.label for view in views)),
            rows=tuple(
                (str(row), *(f"{column[row]:.4g}" for column in columns))
                for row in range(number + 1)
            ),
        ),
    )
