"""Scores against what a perfect sampler would have scored, a row a metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from qdiff.plotting.axes import number_logarithmic
from qdiff.plotting.palette import Role, light
from qdiff.plotting.style import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST = 1e-3
"""Of a value: an interval that reaches zero is drawn so far down on a logarithmic axis."""

_BAND = 9
"""Points."""

_LEGEND_ROWS = 1.6
"""Above the first row, so that the legend hides nothing."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A metric that is 0 for a perfect law: its name, scores and ranges, in one unit."""

    name: str
    value: float
    interval: tuple[float, float] | None
    floor: tuple[float, float] | None
    training: float | None


def plot_floors(ax: Axes | None, rows: Sequence[Row], quantity: str) -> Axes:
    """Each row's value and training score as marks, its floor as a band, on a logarithmic axis.

    Zeros and infinities have no place there and are left out.
    """
    axes = axes_for(ax, height=1.9 + 0.32 * len(rows))
    axes.set_xscale("log")
    _plot_bands(axes, rows)
    _plot_marks(axes, [row.training for row in rows], "D", Role.RAW, "training histogram")
    _plot_marks(axes, [row.value for row in rows], "o", Role.CANDIDATE, "candidate")
    for at, row in enumerate(rows):
        if row.interval is not None and row.value > 0:
            low, high = max(row.interval[0], _LEAST * row.value), row.interval[1]
            axes.plot([low, high], [at, at], color=light(Role.CANDIDATE), linewidth=1)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6 - _LEGEND_ROWS)
    number_logarithmic(axes.xaxis)
    axes.set_xlabel(quantity)
    axes.set_ylabel("metric")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", fontsize="small", ncols=2, frameon=False)
    return axes


def _plot_bands(axes: Axes, rows: Sequence[Row]) -> None:
    label: str | None = "a perfect sampler, 95 %"
    for at, row in enumerate(rows):
        if row.floor is not None and row.floor[1] > 0:
            low = max(row.floor[0], _LEAST * row.floor[1])
            axes.plot(
                [low, row.floor[1]],
                [at, at],
                color=light(Role.REFERENCE),
                alpha=0.45,
                linewidth=_BAND,
                solid_capstyle="butt",
                label=label,
            )
            label = None


def _plot_marks(
    axes: Axes, values: Sequence[float | None], marker: str, role: Role, label: str
) -> None:
    shown = [
        (value, at)
        for at, value in enumerate(values)
        if value is not None and isfinite(value) and value > 0
    ]
    if shown:
        x, y = zip(*shown, strict=True)
        axes.plot(x, y, marker, color=light(role), markersize=6, label=label)
