"""From pictures to SVG on a page, and to PNG and SVG files."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdiff.data import output
from qdiff.errors import InputError
from qdiff.plotting.axes import MARK
from qdiff.plotting.palette import PALETTE
from qdiff.plotting.style import style
from qdiff.report.pictures.picture import Panel, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")


def inline(picture: Picture) -> tuple[str, ...]:
    """Each panel as an ``<svg>`` with an accessible name, ids of its own and variables as colours.

    Needs no file and no network; what is marked with a role has the role as its class.
    """
    return tuple(
        _inline(panel, f"{picture.name}-{place}") for place, panel in enumerate(picture.panels)
    )


def save_picture(path: str | Path, pictures: Sequence[Picture], *, force: bool = False) -> None:
    """Save pictures side by side in one file, PNG or SVG by the suffix of `path`.

    Raises `InputError` for another suffix, for nothing to draw, and when `path` exists unless
    `force`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"a picture's name must end in .png or .svg, got {str(path)!r}")
    panels = [panel for picture in pictures for panel in picture.panels]
    if not panels:
        raise InputError("there is nothing to draw")
    output.check_output(path, force=force)
    with style():
        payload = _encode(plotted(panels), suffix[1:], facecolor="white")
    output.write_bytes(path, payload, force=force)


def plotted(panels: Sequence[Panel]) -> Figure:
    """Panels side by side, each a figure of its own in one; within `style`."""
    from matplotlib.figure import Figure

    widths, heights = zip(*(panel.size for panel in panels), strict=True)
    figure = Figure(figsize=(sum(widths), max(heights)), layout="constrained")
    places = figure.subfigures(1, len(panels), width_ratios=widths, squeeze=False)[0]
    for place, panel in zip(places, panels, strict=True):
        panel.plot(place.subplots())
    return figure


def _inline(panel: Panel, prefix: str) -> str:
    with style():
        svg = _encode(plotted([panel]), "svg", transparent=True).decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(rf'<g id="{MARK}\.(\w+)\.\d+"', r'<g class="\1"', svg)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    for name, color in PALETTE.items():
        svg = svg.replace(color.light, f"var(--{name})")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(panel.alt)}"', 1)


def _encode(figure: Figure, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else None
    figure.savefig(buffer, format=kind, dpi=160, metadata=metadata, **options)
    return buffer.getvalue()
