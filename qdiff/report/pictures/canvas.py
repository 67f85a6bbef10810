"""From drawings to SVG on a page, and to PNG and SVG files."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qdiff.data import storage
from qdiff.errors import InputError
from qdiff.report.pictures.drawing import Drawing, Panel
from qdiff.report.pictures.palette import PALETTE, Role, light

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")

_MARK = "role"


def mark(artist: Artist, role: Role, number: int = 0) -> None:
    """Say whom an artist belongs to: on a page it then has the role's name as its class."""
    artist.set_gid(f"{_MARK}.{role}.{number}")


def legend(axes: Axes, roles: Sequence[Role] = (), *, columns: int = 3) -> None:
    """A legend above the axes, where it hides nothing.

    Its entries belong to `roles`, if there are any, in the order they were drawn.
    """
    found = axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0.2,
        columnspacing=1.2,
        frameon=False,
        handlelength=1.4,
        ncols=columns,
    )
    for role, handle, text in zip(roles, found.legend_handles, found.get_texts(), strict=False):
        if handle is not None:
            mark(handle, role)
        mark(text, role)


def inline(drawing: Drawing) -> tuple[str, ...]:
    """Each panel as an ``<svg>`` with an accessible name, ids of its own and variables as colours.

    Needs no file and no network; what is marked with a role has the role as its class.
    """
    return tuple(
        _inline(panel, f"{drawing.name}-{place}") for place, panel in enumerate(drawing.panels)
    )


def save_picture(path: str | Path, drawings: Sequence[Drawing], *, force: bool = False) -> None:
    """Save drawings side by side in one picture, PNG or SVG by the suffix of `path`.

    Raises `InputError` for another suffix, for nothing to draw, and when `path` exists unless
    `force`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(f"a picture's name must end in .png or .svg, got {str(path)!r}")
    panels = [panel for drawing in drawings for panel in drawing.panels]
    if not panels:
        raise InputError("there is nothing to draw")
    storage.refuse_existing(path, force=force)
    widths, heights = zip(*(panel.size for panel in panels), strict=True)
    with _style():
        figure = _figure(sum(widths), max(heights))
        grid = figure.subplots(1, len(panels), width_ratios=widths, squeeze=False)
        for axes, panel in zip(grid[0], panels, strict=True):
            panel.plot(axes)
        _as_written(figure)
        payload = _encode(figure, suffix[1:], facecolor="white")
    storage.write_bytes(path, payload, force=force)


def _inline(panel: Panel, prefix: str) -> str:
    with _style():
        figure = _figure(*panel.size)
        panel.plot(figure.subplots())
        _as_written(figure)
        svg = _encode(figure, "svg", transparent=True).decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(rf'<g id="{_MARK}\.(\w+)\.\d+"', r'<g class="\1"', svg)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    for name, color in PALETTE.items():
        svg = svg.replace(color.light, f"var(--{name})")
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(panel.alt)}"', 1)


def _as_written(figure: Figure) -> None:
    """Names that came from outside are no formulas; those of axes' own numbers are left alone."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if isinstance(text, Text) and "\\mathdefault" not in text.get_text():
            text.set_parse_math(False)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _style() -> AbstractContextManager[None]:
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
