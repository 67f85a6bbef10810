"""Strings down the side, and what each is worth as a bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qdiff.errors import InputError
from qdiff.plotting.axes import mark
from qdiff.plotting.palette import Role, light
from qdiff.plotting.style import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

TOP_STRINGS = 16

WIDEST_LABEL = 24
"""Longer strings are numbered beside their bars."""


def plot_strings(
    ax: Axes | None,
    keys: Sequence[str],
    values: Values,
    errors: Values | None,
    *,
    role: Role,
    quantity: str,
    label: str | None,
) -> Axes:
    """Bars of one law or set of shots, on axes of their own or of the caller's.

    `errors` are standard errors; with a `label` there is a legend.
    """
    if label is not None and not isinstance(label, str):
        raise InputError(f"label must be text, got a {type(label).__name__}")
    axes = axes_for(ax, height=1.1 + 0.25 * max(len(keys), 6))
    # a thin line in the colour of the caller's text is seen on light and dark ground
    plot_bars(axes, values, errors, role, label, ink=axes.xaxis.label.get_color())
    list_strings(axes, keys)
    axes.set_xlabel(quantity)
    wide = max(map(len, keys)) > WIDEST_LABEL
    axes.set_ylabel("strings, the likeliest first" if wide else "string, bit 0 on the right")
    if label is not None:
        axes.legend(loc="lower right", frameon=False)
    return axes


def plot_bars(
    axes: Axes,
    values: Values,
    errors: Values | None,
    role: Role,
    label: str | None,
    *,
    place: int = 0,
    of: int = 1,
    ink: Any = None,
) -> None:
    """Bars of one role, at their `place` among the bars `of` as many roles."""
    height = 0.8 / of
    at = np.arange(len(values)) + (place - (of - 1) / 2) * height
    bars = axes.barh(at, values, height * 0.9, color=light(role), label=label)
    for number, bar in enumerate(bars):
        mark(bar, role, number)
    if errors is not None:
        color = ink or light("ink")
        _, _, lines = axes.errorbar(
            values, at, xerr=errors, fmt="none", ecolor=color, elinewidth=0.8
        )
        for line in lines:
            mark(line, role)


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
