"""One self-contained HTML page about a run.

The page is well-formed XML, needs no network, follows the reader's light or dark setting, and
escapes everything that came from outside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

import qdiff
from qdiff import storage
from qdiff.pictures import Picture
from qdiff.pictures import draw as draw
from qdiff.pictures import save_picture as save_picture
from qdiff.scorecard import Comparison

READING_HELP = (
    "Read each value against its floor: what a perfect sampler of the reference scores, by the "
    "same estimator, at that number of shots. Shots that score their floor cannot be told from "
    "the reference by that metric; a law, whose score is exact, can lie beyond the floor of the "
    "shots it was trained on. Uniform and independent bits show what is scored by knowing next "
    "to nothing. The shot multiplier is the number of raw shots whose histogram is as close to "
    "the reference, divided by the shots trained on."
)

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(
    *,
    title: str,
    facts: Mapping[str, object],
    comparisons: Mapping[str, Comparison],
    pictures: Sequence[Picture] = (),
) -> str:
    """The page as text.

    `facts` says what was run and how to repeat it, one line an entry (``"command"`` and others
    are free); `comparisons` are headed by their names; `pictures` come from `draw`.
    """
    sections = [_facts(facts)]
    if comparisons:
        tables = "".join(_comparison(name, found) for name, found in comparisons.items())
        sections.append(f"<h2>How close it is</h2><p>{escape(READING_HELP)}</p>{tables}")
    sections += [_figure(picture) for picture in pictures]
    return Template(_resource("report.html")).substitute(
        title=_escape(title),
        style=_resource("report.css"),
        body="\n".join(sections),
        version=_escape(qdiff.__version__),
    )


def write_report(
    path: str | Path,
    *,
    title: str,
    facts: Mapping[str, object],
    comparisons: Mapping[str, Comparison],
    pictures: Sequence[Picture] = (),
    force: bool = False,
) -> None:
    """Write the page of `render`, whole or not at all. An existing `path` needs `force`."""
    page = render(title=title, facts=facts, comparisons=comparisons, pictures=pictures)
    storage.write_text(path, page, force=force)


def _facts(facts: Mapping[str, object]) -> str:
    rows = "".join(
        f"<dt>{_escape(name)}</dt><dd>{_code(value) if name == 'command' else _escape(value)}</dd>"
        for name, value in facts.items()
    )
    return f"<h2>What was run</h2><dl>{rows}</dl>" if rows else ""


def _code(value: object) -> str:
    return f"<code>{_escape(value)}</code>"


def _comparison(name: str, comparison: Comparison) -> str:
    table = comparison._repr_html_()
    return (
        f'<h3>{_escape(name)}</h3><div class="scroll" role="region" tabindex="0" '
        f'aria-label="{_escape(name)}">{table}</div>'
    )


def _figure(picture: Picture) -> str:
    return (
        f'<h2>{_escape(picture.title)}</h2><figure><div class="scroll" role="region" '
        f'tabindex="0" aria-label="{_escape(picture.title)}">{picture.svg}</div>'
        f"<figcaption>{_escape(picture.caption)}</figcaption></figure>"
    )


def _escape(value: object) -> str:
    """Text for HTML, without the control characters that XML forbids."""
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value)))


def _resource(name: str) -> str:
    return resources.files("qdiff").joinpath("templates", name).read_text(encoding="utf-8")
