"""Curves: how probabilities fall from rank to rank, and how likely each number of ones is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qdiff.data.bits import Floats
from qdiff.plotting.axes import finish, mark, number_logarithmic
from qdiff.plotting.palette import light
from qdiff.report.pictures.picture import Numbers, Panel, Picture
from qdiff.report.pictures.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

_CURVE_POINTS = 400
_MARKERS = "osD^"
_MOST_MARKED = 40
"""Of more bits, markers would hide one another."""


def ranks_picture(views: Sequence[View]) -> Picture:
    """Each view's own probabilities in falling order, on logarithmic axes."""

    def plot(axes: Axes) -> None:
        axes.set_xscale("log")
        axes.set_yscale("log")
        for place, view in enumerate(views):
            ranked = view.ranked()
            rank = np.unique(np.geomspace(1, len(ranked), _CURVE_POINTS).astype(np.int64))
            curve = np.where(ranked[rank - 1] > 0, ranked[rank - 1], np.nan)
            width = max(4.5 - 1.5 * place, 1)  # none hides another
            marker = "o" if len(rank) == 1 else None
            _plot_curve(axes, view, rank, curve, linewidth=width, marker=marker)
        axes.set_xlim(0.9, 1.1 * max(2, axes.dataLim.x1))
        axes.set_ylim(top=min(axes.get_ylim()[1], 1.3))
        number_logarithmic(axes.xaxis)
        number_logarithmic(axes.yaxis)
        finish(axes, "rank", "probability", [view.role for view in views])

    names = ", ".join(view.label for view in views)
    alt = f"Curves: probabilities from large to small on logarithmic axes; {names}."
    return Picture(
        name="ranks",
        title="Rank and probability",
        caption="Each one's own probabilities from the largest to the smallest. Shots go down in "
        "steps and end at one shot; a good surrogate follows the reference into the tail. Equal "
        "curves do not mean equal laws: which string has which rank is not shown.",
        panels=(Panel(alt=alt, plot=plot),),
    )


def spectrum_picture(views: Sequence[View]) -> Picture:
    """The Hamming-weight spectrum: the law of the number of ones by each of `views`."""
    columns = [view.weights() for view in views]
    number = views[0].num_bits

    def plot(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        for place, (view, column) in enumerate(zip(views, columns, strict=True)):
            at = np.arange(number + 1) + (place - (len(views) - 1) / 2) * 0.06
            marker = _MARKERS[place % len(_MARKERS)] if number <= _MOST_MARKED else None
            _plot_curve(axes, view, at, column, marker=marker, markersize=4, linewidth=1)
            _plot_errors(axes, view, at, column)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        finish(axes, "ones in a string", "probability", [view.role for view in views])

    names = [view.label for view in views]
    alt = f"Curves: the probability of each number of ones, 0 to {number}; {', '.join(names)}."
    return Picture(
        name="spectrum",
        title="Hamming-weight spectrum",
        caption="How likely a string has so many ones; lines on shots are one standard error. "
        "Noise moves it towards the middle, relaxation towards fewer ones; a model that has "
        "learned single bits but not how they hang together gets its width wrong.",
        panels=(Panel(alt=alt, plot=plot),),
        numbers=Numbers.of("ones", names, [*map(str, range(number + 1))], np.array(columns)),
    )


def _plot_curve(axes: Axes, view: View, x: ArrayLike, y: Floats, **style: Any) -> None:
    (line,) = axes.plot(x, y, color=light(view.role), label=view.label, **style)
    mark(line, view.role)


def _plot_errors(axes: Axes, view: View, x: ArrayLike, y: Floats) -> None:
    """Standard errors, if the view has some."""
    error = view.error(y)
    if error is not None:
        color = light(view.role)
        _, _, (lines,) = axes.errorbar(x, y, yerr=error, fmt="none", ecolor=color, elinewidth=1)
        mark(lines, view.role)
