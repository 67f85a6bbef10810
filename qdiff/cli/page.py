"""The page that ``compare --report`` writes, refused before any work where it is in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qdiff.errors import InputError


def check(report: Path | None, pictures: str | None, *, force: bool) -> None:
    """What can be refused before anything is compared."""
    from qdiff.data import storage
    from qdiff.report.files import check_pictures

    if report is None:
        if pictures is not None:
            raise InputError("--pictures go beside a page: name one with --report page.html")
        return
    if pictures is not None:
        check_pictures(report, pictures, force=force)
    storage.refuse_existing(report, force=force)
    if report.is_dir():
        raise InputError(f"{report} is a folder; name a file such as {report / 'page.html'}")


def write(report: Path, pictures: str | None, *, force: bool, **comparison: Any) -> None:
    """Write the page of `comparison_page.comparison_page`, and its pictures if asked for."""
    from qdiff.report.comparison_page import comparison_page
    from qdiff.report.files import save_pictures, write_report

    page = comparison_page(**comparison)
    write_report(report, page, force=force)
    if pictures is not None:
        save_pictures(page, report, pictures, force=force)
