"""Marginals: how likely each bit is 1, and where laws differ in that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.report.pictures.drawing import Drawing, Floats, Numbers, Panel
from qdiff.report.pictures.heat import largest, plot_heat, ticks
from qdiff.report.pictures.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def marginals_drawing(views: Sequence[View], pairs: Sequence[Floats]) -> Drawing:
    """``P(bit = 1)``, a row a view, and the differences from the first of `views`.

    `pairs` are what the views' `View.pairs` gave.
    """
    ones = np.array([np.diagonal(both) for both in pairs])
    names = [view.label for view in views]
    first = names[0]
    panels = [
        Panel(
            alt=f"Heat map: the probability that each bit is 1; {', '.join(names)}.",
            plot=_rows(ones - 0.5, names, 0.5, "P(1) − ½", "How likely each bit is 1"),
            size=(5.2, 1.3 + 0.28 * len(names)),
        )
    ]
    if len(views) > 1:
        off = ones[1:] - ones[0]
        panels.append(
            Panel(
                alt=f"Heat map: by how much the bits' probabilities differ from those of {first}; "
                f"{', '.join(names[1:])}.",
                plot=_rows(
                    off,
                    names[1:],
                    largest(off, at_least=1e-6),
                    "difference",
                    f"Difference from {first}",
                ),
                size=(5.2, 1.3 + 0.28 * (len(names) - 1)),
            )
        )
    return Drawing(
        name="marginals",
        title="Single bits",
        caption="Orange: the bit is 1 more often than 0, or more often than by "
        f"{first}; blue: less often. The second map has a scale of its own, since differences "
        "are small; what shots show there by chance has the size of their standard error, "
        "and a model should show no more.",
        panels=tuple(panels),
        numbers=Numbers(
            head=("bit", *names),
            rows=tuple(
                (str(bit), *(f"{value:.4g}" for value in ones[:, bit]))
                for bit in range(views[0].num_bits)
            ),
        ),
    )


def _rows(
    values: Floats, names: Sequence[str], limit: float, scale: str, title: str
) -> Callable[[Axes], None]:
    def plot(axes: Axes) -> None:
        plot_heat(axes, values, limit=limit, name=scale)
        axes.set_title(title)
        axes.set_yticks(range(len(names)), names)
        axes.set_xticks(ticks(values.shape[1]))
        axes.set_xlabel("bit")

    return plot
