"""Errors on a device's map: qubits by their readout, coupled pairs by their gates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from qdiff.plotting.axes import number_logarithmic
from qdiff.plotting.style import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Place = tuple[float, float]


def plot_coupling_map(
    ax: Axes | None,
    places: Mapping[int, Place],
    readout: Mapping[int, float],
    pairs: Mapping[tuple[int, int], float],
) -> Axes:
    """Qubits as discs at `places`, coloured by `readout`, joined where `pairs` have a rate."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LogNorm

    axes = axes_for(ax, height=4.4)
    where = np.array([places[qubit] for qubit in readout])
    discs = axes.scatter(
        where[:, 0], where[:, 1], s=230, zorder=2, c=list(readout.values()), cmap="Blues",
        edgecolors="grey", norm=LogNorm(*_range(readout.values())),
    )  # fmt: skip
    for qubit, place in places.items():
        axes.annotate(
            str(qubit), place, ha="center", va="center", fontsize="small", zorder=3, color="black",
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "alpha": 0.7, "linewidth": 0},
        )  # fmt: skip
    if pairs:
        lines = LineCollection(
            [(places[a], places[b]) for a, b in pairs], array=list(pairs.values()), cmap="Oranges",
            linewidths=5, zorder=1, norm=LogNorm(*_range(pairs.values())),
        )  # fmt: skip
        axes.add_collection(lines)
        _key(axes, lines, "errors a gate on two qubits")
    _key(axes, discs, "readout error")
    axes.set_axis_off()
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.15)
    return axes


def _range(values: object) -> tuple[float, float]:
    """Where the colours of `values` begin and end: also alike ones have some room."""
    array = np.array(list(values))  # type: ignore[call-overload]
    return float(array.min()) / 1.5, float(array.max()) * 1.2


def _key(axes: Axes, drawn: object, title: str) -> None:
    figure = axes.get_figure()
    bar = figure.colorbar(drawn, ax=axes, label=title, shrink=0.8)  # type: ignore[union-attr, arg-type]
    number_logarithmic(bar.ax.yaxis)
