"""Text for HTML that is also well-formed XML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape as escape_html
from importlib import resources

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape(value: object) -> str:
    """Text for HTML, without the control characters that XML forbids.

    >>> escape("a < b\\x00")
    'a &lt; b\N{REPLACEMENT CHARACTER}'
    """
    return escape_html(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value)))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column heads its rows."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def scrolling(name: str, content: str) -> str:
    """`content` in a region of its own that scrolls sideways where a screen is narrow."""
    label = escape(name)
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">{content}</div>'


def resource(name: str) -> str:
    """A file of ``qdiff/report/html/templates``."""
    return (
        resources.files("qdiff.report.html").joinpath("templates", name).read_text(encoding="utf-8")
    )
