"""A page as a file, and its pictures as files beside it."""

from __future__ import annotations

from pathlib import Path

from qdiff.data import output
from qdiff.errors import InputError
from qdiff.report.html.page import render
from qdiff.report.page import Page
from qdiff.report.pictures.comparison_pictures import NAMES
from qdiff.report.pictures.rendering import SUFFIXES, save_picture


def write_report(path: str | Path, page: Page, *, force: bool = False) -> None:
    """Write the page of `render`, whole or not at all. An existing `path` needs `force`."""
    output.write_text(path, render(page), force=force)


def check_pictures(path: str | Path, kind: str, *, force: bool = False) -> None:
    """Refuse what `save_pictures` would refuse, before a page at `path` is made.

    Raises `InputError` for a kind other than ``png`` and ``svg``, and for pictures that exist
    unless `force`.
    """
    if f".{kind}" not in SUFFIXES:
        known = " or ".join(suffix[1:] for suffix in SUFFIXES)
        raise InputError(f"pictures are {known}, got {kind!r}")
    for name in NAMES:
        output.check_output(_picture_path(path, name, kind), force=force)


def save_pictures(page: Page, path: str | Path, kind: str, *, force: bool = False) -> list[Path]:
    """Save each picture of a page beside it: ``report_strings.png`` beside ``report.html``.

    Raises `InputError` as `check_pictures` does, before any is written.
    """
    check_pictures(path, kind, force=force)
    written = []
    for picture in page.pictures:
        written.append(_picture_path(path, picture.name, kind))
        save_picture(written[-1], [picture], force=force)
    return written


def _picture_path(path: str | Path, name: str, kind: str) -> Path:
    path = Path(path)
    return path.with_name(f"{path.stem}_{name}.{kind}")
