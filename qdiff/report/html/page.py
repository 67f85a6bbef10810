"""A page as HTML: the template filled with its sections, figures and style."""

from __future__ import annotations

from string import Template

from qdiff.environment import __version__
from qdiff.plotting.palette import style_sheet
from qdiff.report.html import figures, sections
from qdiff.report.html.markup import resource
from qdiff.report.page import CircuitSection, Page
from qdiff.tables import escape


def render(page: Page) -> str:
    """The page as text."""
    general = (*page.compared, *filter(None, [page.loss]))
    shown = "".join(figures.figure(picture) for picture in general)
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


def _circuit(section: CircuitSection) -> str:
    picture = "" if section.picture is None else figures.figure(section.picture, level=3)
    text = sections.circuit(section.record)
    return f"<section><h2>What the circuit brought</h2>{text}{picture}</section>"
