"""The loss curve: what each network's training and held-out loss did, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qdiff.plotting.axes import finish
from qdiff.plotting.palette import light
from qdiff.report.pictures.picture import Panel, Picture, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = ("candidate", "raw", "reference", "ink")


def training_picture(record: Sequence[Mapping[str, Any]]) -> Picture | None:
    """From the ``training`` of a model card; None where no training got to its first score."""
    curves = [entry for entry in record if _is_drawable(entry)]
    if not curves:
        return None
    names = [*dict.fromkeys(network_name(entry["network"]) for entry in curves)]

    def plot(axes: Axes) -> None:
        seen: set[str] = set()
        for entry in curves:
            name = network_name(entry["network"])
            color = light(_COLORS[names.index(name) % len(_COLORS)])
            steps, losses, scores = zip(*entry["step_loss_heldout"], strict=True)
            axes.plot(steps, losses, color=color, linewidth=0.8, linestyle=":")
            label = None if name in seen else f"{name}, held out"
            axes.plot(
                steps, scores, color=color, marker="o", markersize=3, linewidth=1.5, label=label
            )
            seen.add(name)
        axes.plot([], [], color=light("quiet"), linewidth=1, linestyle=":", label="training batch")
        finish(axes, "training step", "loss, nats a string")

    alt = f"Curves: held-out and training loss by training step; {', '.join(names)}."
    return Picture(
        name="training",
        title="Training",
        caption="Held-out loss (lines with dots) of each network that was tried, and the loss of "
        "single training batches (dotted), which scatters by their size. Training stops when the "
        "held-out loss no longer falls, and the weights of its lowest point are kept.",
        panels=(Panel(alt=alt, plot=plot),),
    )


def _is_drawable(entry: Mapping[str, Any]) -> bool:
    """Whether a training got to its first score, and its record is what `fit` writes."""
    points = entry.get("step_loss_heldout")
    return (
        isinstance(entry.get("network"), Mapping)
        and isinstance(points, Sequence)
        and len(points) > 0
        and all(isinstance(point, Sequence) and _are_numbers(point) for point in points)
    )


def _are_numbers(point: Sequence[object]) -> bool:
    return len(point) == 3 and all(isinstance(value, int | float) for value in point)


def network_name(network: Mapping[str, Any]) -> str:
    """A network's kind and sizes.

    >>> network_name({"kind": "mlp", "width": 64, "depth": 2})
    'mlp, width 64, depth 2'
    """
    sizes = [f"{key} {value}" for key, value in network.items() if type(value) is int]
    return printable(", ".join([str(network.get("kind", "network")), *sizes]))
