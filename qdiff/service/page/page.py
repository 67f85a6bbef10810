"""The page of each model: rendered once, before the first request."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from hashlib import sha256
from importlib import resources
from string import Template

from starlette.responses import Response

from qdiff.data.registers import registers_to_json
from qdiff.environment import __version__
from qdiff.models.surrogate.card_entries import card_entries
from qdiff.plotting.palette import Role, style_sheet
from qdiff.report.html import figures
from qdiff.report.html.markup import resource
from qdiff.report.page_parts import trainings, views_of
from qdiff.report.pictures.comparison_pictures import comparison_pictures
from qdiff.report.pictures.training import training_picture
from qdiff.service import problems
from qdiff.service.page.captions import captioned
from qdiff.service.served import Served
from qdiff.tables import escape

_DRAWN = 10_000
"""Shots that the pictures of a model without a table are drawn from."""


class Pages:
    """The pages, by the names of their models."""

    def __init__(self, models: Sequence[Served]) -> None:
        script = _template("page.js")
        self._first = models[0].name
        self._pages = {each.name: _render(each, models, script).encode() for each in models}
        digest = base64.b64encode(sha256(script.encode()).digest()).decode()
        self._policy = (
            f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
            "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )

    def answer(self, name: str | None) -> Response:
        """The page of a model, or of the first."""
        page = self._pages.get(self._first if name is None else name)
        if page is None:
            return problems.problem(404, "there is no such model; /models names them")
        return Response(
            page, headers={"Content-Security-Policy": self._policy}, media_type="text/html"
        )


def _render(served: Served, models: Sequence[Served], script: str) -> str:
    surrogate = served.surrogate
    about = {
        "name": served.name,
        "registers": registers_to_json(surrogate.registers),
        "exact": served.has_table,
    }
    return Template(_template("page.html")).substitute(
        title=escape(served.name),
        style=style_sheet() + resource("report.css") + _template("page.css"),
        script=script,
        about=escape(json.dumps(about)),
        switches=figures.switches(()),
        models=_links(served, models),
        facts=_facts(served),
        pictures=_pictures(served),
        version=escape(__version__),
    )


def _links(served: Served, models: Sequence[Served]) -> str:
    """Links to the other models, where there are any."""
    if len(models) == 1:
        return ""
    links = (
        f'<a href="?model={each.name}"{_CURRENT if each is served else ""}>{each.name}</a>'
        for each in models
    )
    return f'<nav aria-label="Models">{"".join(links)}</nav>'


_CURRENT = ' aria-current="page"'


def _facts(served: Served) -> str:
    entries = [
        ("bits", str(served.surrogate.num_bits)),
        ("answers", "exact" if served.has_table else "estimated from shots, strings apart"),
        *card_entries(served.surrogate.card),
    ]
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in entries)
    return f"<dl>{''.join(rows)}</dl>"


def _pictures(served: Served) -> str:
    """The report's pictures of this one law, with captions that compare it with nothing."""
    surrogate = served.surrogate
    drawn = None if served.has_table else _DRAWN
    samples = None if drawn is None else surrogate.sample(drawn, seed=0)
    views = views_of(candidate=surrogate, samples=samples, labels={Role.CANDIDATE: "surrogate"})
    loss = training_picture(trainings(surrogate.card))
    found = [captioned(each, views[0], shots=drawn) for each in comparison_pictures(views)]
    return "".join(figures.figure(picture) for picture in [*found, *([loss] if loss else [])])


def _template(name: str) -> str:
    return resources.files("qdiff.service.page").joinpath(name).read_text(encoding="utf-8")
