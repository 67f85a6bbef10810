"""Heat maps whose cells are see-through, so that one image serves a light and a dark page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from qdiff.report.pictures.drawing import Floats
from qdiff.report.pictures.palette import LESS, MORE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import ListedColormap
    from matplotlib.image import AxesImage

_SHADES = 129
_MOST_TICKS = 10


def plot_heat(axes: Axes, values: Floats, *, limit: float, name: str) -> None:
    """Draw ``(rows, columns)`` of `values` from ``-limit`` to ``limit``, clear at 0, with a scale.

    Blue is less, orange more. Cells that are NaN stay empty.
    """
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
    _scale(axes, image, name)
    axes.tick_params(length=0)


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


def _shades() -> ListedColormap:
    from matplotlib.colors import ListedColormap, to_rgb

    strength = np.linspace(-1, 1, _SHADES)
    shades = np.where(strength[:, None] < 0, to_rgb(LESS), to_rgb(MORE))
    return ListedColormap(np.column_stack([shades, np.abs(strength)]).tolist())


def _scale(axes: Axes, image: AxesImage, name: str) -> None:
    """The colour scale beside a map."""
    from matplotlib.ticker import MaxNLocator

    figure: Any = axes.get_figure()
    bar = figure.colorbar(image, ax=axes, label=name, pad=0.02, fraction=0.06)
    bar.solids.set_rasterized(True)  # one small image rather than a shape a shade
    bar.outline.set_linewidth(0.5)
    bar.locator = MaxNLocator(nbins=3, symmetric=True)
    bar.update_ticks()
