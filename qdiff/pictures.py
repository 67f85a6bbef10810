"""The pictures of a report: drawn once, shown in light and dark, saved as PNG or SVG.

Everything is drawn in the light palette. Inline, its colours become the page's CSS variables of
the same names, so that a drawing follows the reader's setting without being drawn twice.
"""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qdiff import bits as bitorder
from qdiff import storage
from qdiff.distribution import MAX_TABLE_BITS, Distribution
from qdiff.errors import InputError
from qdiff.shots import Shots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = {
    "ink": "#1b1f24",
    "quiet": "#57606a",
    "rule": "#d0d7de",
    "exact": "#6e7781",
    "surrogate": "#0969da",
    "raw": "#c2570c",
}
TOP_STRINGS = 16
_CURVE_POINTS = 400


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A drawing for the page: inline SVG, its accessible name, and how to read it."""

    name: str
    title: str
    alt: str
    caption: str
    svg: str


@dataclass(frozen=True, eq=False, kw_only=True)
class _Series:
    label: str
    color: str
    table: NDArray[np.float64]


def draw(
    truth: Distribution | None, surrogate: Distribution | None, shots: Shots
) -> tuple[Picture, ...]:
    """The page's pictures: the likeliest strings, and the rank-probability curve.

    Without a `truth`, strings are ordered by the surrogate, without both by the shots. Beyond 28
    bits there is no table to draw, and no picture.
    """
    if shots.num_bits > MAX_TABLE_BITS:
        return ()
    series = _series(truth, surrogate, shots)
    return _strings_picture(series, shots), _ranks_picture(series)


def save_picture(
    path: str | Path,
    truth: Distribution | None,
    surrogate: Distribution | None,
    shots: Shots,
    *,
    force: bool = False,
) -> None:
    """Save the pictures of `draw` side by side, as PNG or SVG by the suffix of `path`.

    Raises `InputError` for another suffix, for more than 28 bits, or when `path` exists.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".png", ".svg"):
        raise InputError(f"a picture's name must end in .png or .svg, got {str(path)!r}")
    if shots.num_bits > MAX_TABLE_BITS:
        raise InputError(
            f"{shots.num_bits} bits have no table to draw; the limit is {MAX_TABLE_BITS}"
        )
    storage.refuse_existing(path, force=force)
    series = _series(truth, surrogate, shots)
    with _style():
        figure = _figure(11, 4)
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        _plot_strings(left, series, shots)
        _plot_ranks(right, series)
        payload = _encode(figure, suffix[1:], facecolor="white")
    storage.write_bytes(path, payload, force=force)


def _series(
    truth: Distribution | None, surrogate: Distribution | None, shots: Shots
) -> list[_Series]:
    """The tables to draw, the most trusted first."""
    for name, law in (("reference", truth), ("surrogate", surrogate)):
        if law is not None and law.num_bits != shots.num_bits:
            raise InputError(f"the {name} has {law.num_bits} bits, the shots {shots.num_bits}")
    found = []
    if truth is not None:
        label = "exact" if truth.standard_error is None else "trajectories"
        found.append(_Series(label=label, color=PALETTE["exact"], table=truth.probabilities))
    if surrogate is not None:
        table = surrogate.probabilities
        found.append(_Series(label="surrogate", color=PALETTE["surrogate"], table=table))
    raw = Distribution.from_shots(shots).probabilities
    found.append(_Series(label="raw shots", color=PALETTE["raw"], table=raw))
    return found


def _strings_picture(series: list[_Series], shots: Shots) -> Picture:
    count = min(TOP_STRINGS, len(series[0].table))
    with _style():
        figure = _figure(9, 4)
        _plot_strings(figure.subplots(), series, shots)
        alt = f"Bars: the {count} likeliest strings and their probabilities; {_labels(series)}."
        return Picture(
            name="strings",
            title="The likeliest strings",
            alt=alt,
            caption=f"The {count} strings that are likeliest by the first of: {_labels(series)}. "
            "Bit 0 is the rightmost. The thin lines are one standard error of the raw shots.",
            svg=_inline(figure, "strings", alt),
        )


def _ranks_picture(series: list[_Series]) -> Picture:
    with _style():
        figure = _figure(9, 4)
        _plot_ranks(figure.subplots(), series)
        alt = f"Curves: probabilities from large to small on logarithmic axes; {_labels(series)}."
        return Picture(
            name="ranks",
            title="Rank and probability",
            alt=alt,
            caption="Each law's own probabilities from the largest to the smallest. The raw "
            "histogram goes down in steps and ends at one shot; a good surrogate follows the "
            "reference into the tail.",
            svg=_inline(figure, "ranks", alt),
        )


def _labels(series: list[_Series]) -> str:
    return ", ".join(one.label for one in series)


def _plot_strings(axes: Axes, series: list[_Series], shots: Shots) -> None:
    top = _likeliest(series[0].table)
    width = 0.8 / len(series)
    for place, one in enumerate(series):
        at = np.arange(len(top)) + (place - (len(series) - 1) / 2) * width
        axes.bar(at, one.table[top], width * 0.9, color=one.color, label=one.label)
    raw = series[-1].table[top]  # the last bars drawn
    axes.errorbar(
        at, raw, np.sqrt(raw / shots.num_shots), fmt="none", ecolor=PALETTE["ink"], elinewidth=0.8
    )
    keys = bitorder.format_keys(bitorder.from_indices(top), shots.registers)
    axes.set_xticks(np.arange(len(top)), keys, rotation=60, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", length=0)
    axes.set_xlim(-0.6, len(top) - 0.4)
    axes.set_ylabel("probability")
    axes.legend(frameon=False)


def _plot_ranks(axes: Axes, series: list[_Series]) -> None:
    for place, one in enumerate(series):
        ranked = np.sort(one.table)[::-1]
        rank = np.unique(np.geomspace(1, len(ranked), _CURVE_POINTS).astype(np.int64))
        curve = np.where(ranked[rank - 1] > 0, ranked[rank - 1], np.nan)
        axes.plot(rank, curve, color=one.color, linewidth=4.5 - 1.5 * place)  # none hides another
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("rank")
    axes.set_ylabel("probability")
    axes.legend([one.label for one in series], frameon=False)


def _likeliest(table: NDArray[np.float64]) -> NDArray[np.int64]:
    count = min(TOP_STRINGS, len(table))
    top = np.argpartition(table, -count)[-count:]
    return np.asarray(top[np.argsort(table[top])[::-1]])


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _style() -> AbstractContextManager[None]:
    import matplotlib

    ink, quiet, rule = PALETTE["ink"], PALETTE["quiet"], PALETTE["rule"]
    settings: dict[str, Any] = {
        "axes.edgecolor": rule,
        "axes.labelcolor": quiet,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "font.size": 11,
        "svg.fonttype": "none",
        "svg.hashsalt": "qdiff",
        "text.color": ink,
        "xtick.color": quiet,
        "ytick.color": quiet,
        "xtick.minor.visible": False,
        "ytick.minor.visible": False,
    }
    return matplotlib.rc_context(settings)  # type: ignore[arg-type]


def _encode(figure: Figure, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else None
    figure.savefig(buffer, format=kind, dpi=160, metadata=metadata, **options)
    return buffer.getvalue()


def _inline(figure: Figure, name: str, alt: str) -> str:
    """The figure as an ``<svg>`` element whose ids are unique on a page and colours variables."""
    svg = _encode(figure, "svg", transparent=True).decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for variable, color in PALETTE.items():
        svg = svg.replace(color, f"var(--{variable})")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)
