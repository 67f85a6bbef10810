"""What a known circuit brought to a fit: its law as the prior, the residual, the posterior."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.data import count_keys
from qdiff.data.bits import Floats
from qdiff.plotting.axes import finish
from qdiff.plotting.palette import light
from qdiff.plotting.strings import TOP_STRINGS, list_strings
from qdiff.report.pictures.picture import Panel, Picture
from qdiff.report.pictures.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def circuit_picture(*, before_readout: View, prior: View, posterior: View, raw: View) -> Picture:
    """The likeliest strings by the fitted circuit alone, what is left, and the whole surrogate.

    The residual is what the shots, and what the surrogate, add to the circuit's fitted law.
    """
    words = posterior.likeliest(TOP_STRINGS)
    names = count_keys.format_keys(words, posterior.registers)
    start, clean = prior.probabilities(words), before_readout.probabilities(words)
    end, seen = posterior.probabilities(words), raw.probabilities(words)
    error = raw.error(seen)
    size = (4.2, 1.4 + 0.28 * len(names))

    def plot_prior(axes: Axes) -> None:
        at = np.arange(len(names))
        axes.barh(at + 0.2, start, 0.36, color=light("reference"), label="as read")
        axes.barh(at - 0.2, clean, 0.36, color=light("quiet"), alpha=0.45, label="before readout")
        _finish(axes, names, "Prior: the circuit's law", "probability")

    def plot_residual(axes: Axes) -> None:
        at = np.arange(len(names))
        axes.barh(at, end - start, 0.6, color=light("candidate"), label="surrogate − prior")
        _dots(axes, seen - start, error, "shots − prior")
        axes.axvline(0, color=light("quiet"), linewidth=0.8)
        _finish(axes, names, "Residual: what is left", "difference")

    def plot_posterior(axes: Axes) -> None:
        axes.barh(np.arange(len(names)), end, 0.6, color=light("candidate"), label="surrogate")
        _dots(axes, seen, error, "shots")
        _finish(axes, names, "Posterior: the surrogate", "probability")

    plots: tuple[tuple[str, Callable[[Axes], None]], ...] = (
        ("the circuit's fitted law, before readout and as read", plot_prior),
        ("shots and surrogate less the circuit's law", plot_residual),
        ("the surrogate and the shots", plot_posterior),
    )
    return Picture(
        name="circuit",
        title="Prior, residual, posterior",
        caption="The prior is the circuit's law under the noise that was fitted to it. Dots are "
        "the shots with one standard error: where those of the residual lie about 0, the circuit "
        "explains the shots, and bars that follow them are what the other parts learned "
        "beyond it. Without bars the circuit's law is all that the surrogate needs.",
        panels=tuple(
            Panel(alt=f"Bars: {len(names)} strings; {what}.", plot=plot, size=size)
            for what, plot in plots
        ),
    )


def _dots(axes: Axes, values: Floats, error: Floats | None, label: str) -> None:
    axes.errorbar(
        values,
        np.arange(len(values)),
        xerr=error,
        fmt="o",
        markersize=5,
        color=light("raw"),
        ecolor=light("ink"),
        markeredgecolor=light("ink"),
        markeredgewidth=0.8,
        elinewidth=1,
        label=label,
    )


def _finish(axes: Axes, names: Sequence[str], title: str, quantity: str) -> None:
    axes.set_title(title)
    list_strings(axes, names)
    finish(axes, quantity, "string")
