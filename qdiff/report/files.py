"""A page as text, as a file, and its pictures as files."""

from __future__ import annotations

from pathlib import Path
from string import Template

from qdiff.data import storage
from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.report import figures, sections
from qdiff.report.html import escape, resource
from qdiff.report.page import CircuitSection, Page
from qdiff.report.pictures.canvas import SUFFIXES, save_picture
from qdiff.report.pictures.draw import NAMES
from qdiff.report.pictures.palette import style_sheet


def render(page: Page) -> str:
    """The page as text."""
    general = (*page.compared, *filter(None, [page.loss]))
    shown = "".join(figures.figure(drawing) for drawing in general)
    body = (
        sections.headline(page.comparisons),
        sections.facts(page.facts),
        f'<div class="cards">{shown}</div>' if shown else "",
        "" if page.circuit is None else _circuit(page.circuit),
        sections.numbers(page.comparisons, page.further),
    )
    return Template(resource("report.html")).substitute(
        title=escape(page.title),
        style=style_sheet() + resource("report.css") + figures.hiding_rules(),
        switches=figures.switches(page.views),
        body="\n".join(filter(None, body)),
        version=escape(__version__),
    )


def write_report(path: str | Path, page: Page, *, force: bool = False) -> None:
    """Write the page of `render`, whole or not at all. An existing `path` needs `force`."""
    storage.write_text(path, render(page), force=force)


def check_pictures(path: str | Path, kind: str, *, force: bool = False) -> None:
    """Refuse what `save_pictures` would refuse, before a page at `path` is made.

    Raises `InputError` for a kind other than ``png`` and ``svg``, and for pictures that exist
    unless `force`.
    """
    if f".{kind}" not in SUFFIXES:
        known = " or ".join(suffix[1:] for suffix in SUFFIXES)
        raise InputError(f"pictures are {known}, got {kind!r}")
    for name in NAMES:
        storage.refuse_existing(_picture_path(path, name, kind), force=force)


def save_pictures(page: Page, path: str | Path, kind: str, *, force: bool = False) -> list[Path]:
    """Save each picture of a page beside it: ``report_strings.png`` beside ``report.html``.

    Raises `InputError` as `check_pictures` does, before any is written.
    """
    check_pictures(path, kind, force=force)
    written = []
    for drawing in page.drawings:
        written.append(_picture_path(path, drawing.name, kind))
        save_picture(written[-1], [drawing], force=force)
    return written


def _picture_path(path: str | Path, name: str, kind: str) -> Path:
    path = Path(path)
    return path.with_name(f"{path.stem}_{name}.{kind}")


def _circuit(section: CircuitSection) -> str:
    picture = "" if section.drawing is None else figures.figure(section.drawing, level=3)
    text = sections.circuit(section.record)
    return f"<section><h2>What the circuit brought</h2>{text}{picture}</section>"
