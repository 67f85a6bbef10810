"""Draw the figures of docs/benchmarks.md from the committed JSON, or check that they match.

A figure carries a fingerprint of the rows that it was drawn from, and that is what is checked: how
a curve is written down in SVG may differ from one machine to the next.

    python benchmarks/figures.py [--check]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from record import read
from sections.markdown import Row
from sections.quality import BASELINES, grouped

FOLDER = Path(__file__).parent.parent / "docs" / "figures"

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "qdiff",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
}
CURVES: dict[str, dict[str, Any]] = {
    "histogram + 1/2": {"color": "#6e7781", "marker": "s", "linestyle": ":"},
    "best baseline": {"color": "#c2570c", "marker": "^", "linestyle": "--"},
    "surrogate": {"color": "#0969da", "marker": "o", "linestyle": "-"},
}


def quality(content: Row) -> Figure:
    """KL against shots, a panel for each circuit; each seed a mark, a line through their means."""
    groups = grouped(content["rows"])
    circuits = list(dict.fromkeys(circuit for circuit, _ in groups))
    columns = min(len(circuits), 5)
    rows = -(-len(circuits) // columns)
    figure = Figure(figsize=(2.2 * columns, 2.1 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels: list[Axes] = list(axes.flat)
    for panel, circuit in zip(panels, circuits, strict=False):
        shots = [own for name, own in groups if name == circuit]
        _curves(panel, shots, [groups[circuit, own] for own in shots])
        panel.set_title(circuit.removesuffix(",seed=1"))
    for panel in panels[len(circuits) :]:
        panel.set_axis_off()
    figure.supxlabel("training shots")
    figure.supylabel("exact KL to the noisy law, nats")
    handles = [curve for curve in panels[0].lines if curve.get_label() in CURVES]
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
    return figure


def _curves(panel: Axes, shots: Sequence[int], cells: Sequence[Sequence[Row]]) -> None:
    for name, style in CURVES.items():
        values = [[_value(row, name) for row in rows] for rows in cells]
        panel.plot(shots, [fmean(each) for each in values], label=name, **style)
        for own, each in zip(shots, values, strict=True):
            panel.plot([own] * len(each), each, ".", color=style["color"], markersize=3)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.minorticks_off()


def _value(row: Row, name: str) -> float:
    kl = row["kl"]
    if name == "best baseline":
        return float(min(kl[baseline] for baseline in BASELINES))
    return float(kl["surrogate" if name == "surrogate" else "histogram"])


FIGURES: dict[str, Callable[[Row], Figure]] = {
    "quality_q12": quality,
    "quality_q16": quality,
    "quality_q20": quality,
}


def fingerprint(content: Row) -> str:
    """Of the rows, whatever their order."""
    rows = sorted(json.dumps(row, sort_keys=True) for row in content["rows"])
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def draw(name: str, content: Row) -> None:
    FOLDER.mkdir(exist_ok=True)
    metadata = {"Date": None, "Description": fingerprint(content)}
    with mpl.rc_context(STYLE):
        FIGURES[name](content).savefig(FOLDER / f"{name}.svg", metadata=metadata)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    for name in FIGURES:
        content, path = read(name), FOLDER / f"{name}.svg"
        if not check:
            draw(name, content)
        elif not path.exists() or fingerprint(content) not in path.read_text():
            sys.exit(f"{path.name} does not match the JSON; run python benchmarks/figures.py")


if __name__ == "__main__":
    main()
