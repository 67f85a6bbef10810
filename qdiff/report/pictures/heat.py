"""Heat maps whose cells are see-through, so that one image serves a light and a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from qdiff.data.bits import Floats
from qdiff.plotting.palette import LESS, MORE
from qdiff.report.pictures.picture import Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import ListedColormap
    from matplotlib.image import AxesImage

_SHADES = 129
_MOST_TICKS = 10
_CHARACTERS_AN_INCH = 9
_LONGEST_NAME = 18
"""Characters beside a row."""


def heat_panel(
    values: Floats,
    *,
    alt: str,
    title: str,
    scale: str,
    limit: float,
    size: tuple[float, float],
    rows: Sequence[str] = (),
) -> Panel:
    """``(rows, bits)`` of `values` from ``-limit`` to ``limit``, clear at 0, with a scale.

    Blue is less, orange more; cells that are NaN stay empty. Without the names of its `rows` they
    are bits too.
    """

    def plot(axes: Axes) -> None:
        image = axes.imshow(
            np.ma.masked_invalid(values),
            cmap=_shades(),
            vmin=-limit,
            vmax=limit,
            interpolation="none",
            aspect="auto",
        )
        for side in axes.spines.values():
            side.set_visible(True)
        _plot_scale(axes, image, scale)
        axes.tick_params(length=0)
        axes.set_title(fill(title, int(_CHARACTERS_AN_INCH * size[0])))
        axes.set_xticks(ticks(values.shape[1]))
        axes.set_xlabel("bit")
        if rows:
            axes.set_yticks(range(len(rows)), [_shortened(name) for name in rows])
        else:
            axes.set_yticks(ticks(len(values)))
            axes.set_ylabel("bit")

    return Panel(alt=alt, plot=plot, size=size)


def ticks(count: int) -> list[int]:
    """At most some ten evenly spaced numbers from 0 on, below `count`.

    >>> ticks(4), ticks(127)
    ([0, 1, 2, 3], [0, 20, 40, 60, 80, 100, 120])
    """
    for step in (1, 2, 5, 10, 20, 50):
        if count <= step * _MOST_TICKS:
            return [*range(0, count, step)]
    return [*range(0, count, -(-count // _MOST_TICKS))]


def largest(values: Floats, *, at_least: float) -> float:
    """The largest of the finite `values` in size, for the ends of a scale."""
    finite = np.abs(values[np.isfinite(values)])
    return max(float(finite.max(initial=0.0)), at_least)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _shades() -> ListedColormap:
    from matplotlib.colors import ListedColormap, to_rgb

    strength = np.linspace(-1, 1, _SHADES)
    shades = np.where(strength[:, None] < 0, to_rgb(LESS), to_rgb(MORE))
    return ListedColormap(np.column_stack([shades, np.abs(strength)]).tolist())


def _plot_scale(axes: Axes, image: AxesImage, name: str) -> None:
    """The colour scale beside a map."""
    from matplotlib.ticker import MaxNLocator

    figure: Any = axes.get_figure()
    bar = figure.colorbar(image, ax=axes, label=name, pad=0.02, fraction=0.06)
    bar.solids.set_rasterized(True)  # one small image rather than a shape a shade
    bar.outline.set_linewidth(0.5)
    bar.locator = MaxNLocator(nbins=3, symmetric=True)
    bar.update_ticks()
