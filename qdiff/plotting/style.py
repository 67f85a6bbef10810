"""How all pictures look, and the axes that one is drawn on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from qdiff.errors import InputError
from qdiff.plotting.palette import light

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def style() -> AbstractContextManager[None]:
    """How all pictures look. Names come from outside, so that no text is read as a formula."""
    import matplotlib

    ink, quiet, rule = light("ink"), light("quiet"), light("rule")
    settings: dict[str, Any] = {
        "axes.edgecolor": rule,
        "axes.labelcolor": quiet,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "font.size": 11,
        "svg.fonttype": "none",
        "svg.hashsalt": "qdiff",
        "text.color": ink,
        "text.parse_math": False,
        "xtick.color": quiet,
        "ytick.color": quiet,
        "xtick.minor.visible": False,
        "ytick.minor.visible": False,
    }
    return matplotlib.rc_context(settings)  # type: ignore[arg-type]


def axes_for(ax: Axes | None, *, height: float) -> Axes:
    """The caller's axes, or those of a new figure of 6.4 by `height` inches, as pyplot makes it.

    A new figure looks as the caller's matplotlib is set up to look, light or dark. Raises
    `InputError` for anything but axes.
    """
    from matplotlib import pyplot
    from matplotlib.axes import Axes

    if isinstance(ax, Axes):
        return ax
    if ax is not None:
        raise InputError(f"ax must be matplotlib axes, got a {type(ax).__name__}")

    return pyplot.subplots(figsize=(6.4, height), layout="constrained")[1]
