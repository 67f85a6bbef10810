"""What pictures share once they are plotted: whose a mark is, the legend, logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10
from textwrap import fill
from typing import TYPE_CHECKING, Any

from qdiff.plotting.palette import Role

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

MARK = "role"
"""What the ids of marked artists begin with."""

_WIDEST_ENTRY = 44
"""Characters of a legend's entry in one line."""

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def mark(artist: Artist, role: Role, number: int = 0) -> None:
    """Say whom an artist belongs to: on a page it then has the role's name as its class."""
    artist.set_gid(f"{MARK}.{role}.{number}")


def finish(axes: Axes, x: str, y: str, roles: Sequence[Role] = ()) -> None:
    """Name both axes, and put a legend above them, where it hides nothing and is not cut off.

    Its entries belong to `roles`, if there are any, in the order they were drawn.
    """
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    figure: Any = axes.get_figure()
    handles, names = axes.get_legend_handles_labels()
    for columns in (3, 2, 1):
        legend = figure.legend(
            handles,
            [fill(name, _WIDEST_ENTRY) for name in names],
            loc="outside upper left",
            columnspacing=1.2,
            frameon=False,
            handlelength=1.4,
            ncols=columns,
        )
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            break
        legend.remove()
    for role, handle, text in zip(roles, legend.legend_handles, legend.get_texts(), strict=False):
        mark(handle, role)
        mark(text, role)


def number_logarithmic(axis: Axis) -> None:
    """Number an axis, plotted on a logarithmic scale, by powers of ten or closer where it is short.

    Also where it holds no power of ten there are numbers on it.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    short = high < 100 * low
    plain = short and low >= 1e-3 and high <= 1e4
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if short else (1,)))
    axis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:g}" if plain else power_of_ten(value))
    )
    axis.set_minor_formatter(NullFormatter())


def power_of_ten(value: float) -> str:
    """A positive number as a power of ten.

    >>> power_of_ten(0.01), power_of_ten(2e-5)
    ('10⁻²', '2×10⁻⁵')
    """
    exponent = floor(log10(value) + 1e-9)
    digits = f"{value / 10.0**exponent:.3g}"
    power = "10" + str(exponent).translate(_SUPERSCRIPTS)
    return power if digits == "1" else f"{digits}×{power}"
