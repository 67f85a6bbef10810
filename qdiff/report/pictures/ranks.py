"""Rank and probability: how a law's probabilities fall from the largest to the smallest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.report.pictures.canvas import legend, mark
from qdiff.report.pictures.drawing import Drawing, Panel
from qdiff.report.pictures.palette import light
from qdiff.report.pictures.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CURVE_POINTS = 400


def ranks_drawing(views: Sequence[View]) -> Drawing:
    """Each view's own probabilities in falling order, on logarithmic axes."""

    def plot(axes: Axes) -> None:
        for place, view in enumerate(views):
            ranked = view.ranked()
            rank = np.unique(np.geomspace(1, len(ranked), _CURVE_POINTS).astype(np.int64))
            curve = np.where(ranked[rank - 1] > 0, ranked[rank - 1], np.nan)
            (line,) = axes.plot(
                rank,
                curve,
                color=light(view.role),
                linewidth=max(4.5 - 1.5 * place, 1),  # none hides another
                label=view.label,
            )
            mark(line, view.role)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("rank")
        axes.set_ylabel("probability")
        legend(axes, [view.role for view in views])

    names = ", ".join(view.label for view in views)
    alt = f"Curves: probabilities from large to small on logarithmic axes; {names}."
    return Drawing(
        name="ranks",
        title="Rank and probability",
        caption="Each one's own probabilities from the largest to the smallest. Shots go down in "
        "steps and end at one shot; a good surrogate follows the reference into the tail. Equal "
        "curves do not mean equal laws: which string has which rank is not shown.",
        panels=(Panel(alt=alt, plot=plot),),
    )
