"""Rates with their intervals, a mark a qubit or pair, beside what a calibration has stated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.plotting.axes import number_logarithmic
from qdiff.plotting.palette import Role, light
from qdiff.plotting.style import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_MOST_NAMES = 24
"""Names that are read side by side."""


def plot_rates(
    ax: Axes | None,
    names: Sequence[str],
    values: NDArray[np.float64],
    intervals: NDArray[np.float64],
    stated: NDArray[np.float64],
    *,
    shared: float | None,
    titles: tuple[str, str],
) -> Axes:
    """`values` with `intervals` ``(2, k)``; `stated` ones are NaN where nothing was stated.

    A line for what all share, if that is one number. `titles` are those of the two axes.
    """
    axes = axes_for(ax, height=3.4)
    places = np.arange(len(names))
    away = np.abs(intervals - values)
    colour = light(Role.CANDIDATE)
    axes.errorbar(places, values, away, fmt="o", color=colour, label="learned, 95 %", markersize=5)
    if shared is not None:
        axes.axhline(shared, color=colour, linewidth=0.8, linestyle=":", label="shared by all")
    if np.isfinite(stated).any():
        axes.plot(places, stated, "D", color=light(Role.RAW), mfc="none", label="stated before")
    axes.set_yscale("log")
    number_logarithmic(axes.yaxis)
    shown = places[:: -(-len(names) // _MOST_NAMES)]
    axes.set_xticks(shown, [names[place] for place in shown], rotation=90, fontsize="small")
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xlabel(titles[0])
    axes.set_ylabel(titles[1])
    axes.margins(y=0.25)  # room for the legend
    axes.legend(loc="best", fontsize="small")
    return axes
