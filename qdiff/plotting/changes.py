"""By how much each bit changed, in standard deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qdiff.plotting.palette import Role, light
from qdiff.plotting.style import axes_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


def plot_changes(
    ax: Axes | None, z: NDArray[np.float64], p_values: NDArray[np.float64], *, level: float
) -> Axes:
    """A bar a bit; those whose corrected p-value lies below `level` stand out."""
    from matplotlib.ticker import MaxNLocator

    axes = axes_for(ax, height=3.4)
    places, changed = np.arange(len(z)), p_values < level
    for chosen, role, label in (
        (~changed, Role.REFERENCE, "not told from chance"),
        (changed, Role.RAW, f"changed (p < {level:g}, corrected for all bits)"),
    ):
        if chosen.any():
            axes.bar(places[chosen], z[chosen], 0.8, color=light(role), label=label)
    axes.axhline(0, color=light("quiet"), linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(-0.6, len(z) - 0.4)
    axes.margins(y=0.25)  # room for the legend
    axes.set_xlabel("bit")
    axes.set_ylabel("change of the share of ones\n(standard deviations)")
    axes.legend(loc="best", fontsize="small")
    return axes
