"""What pages are made of besides tables."""

from __future__ import annotations

from importlib import resources

from qdiff.tables import escape


def scrolling(name: str, content: str) -> str:
    """`content` in a region of its own that scrolls sideways where a screen is narrow."""
    label = escape(name)
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">{content}</div>'


def resource(name: str) -> str:
    """A file of ``qdiff/report/html/templates``."""
    return (
        resources.files("qdiff.report.html").joinpath("templates", name).read_text(encoding="utf-8")
    )
