"""The figures of a page, and the switches at its top: the theme, and which views are shown."""

from __future__ import annotations

from collections.abc import Sequence

from qdiff.plotting.palette import Role
from qdiff.report.html.markup import scrolling
from qdiff.report.pictures.picture import Picture
from qdiff.report.pictures.rendering import inline
from qdiff.report.pictures.views import View
from qdiff.tables import escape, html_table

_THEMES = (
    ("auto", "as your system", ' checked=""'),
    ("light", "light", ""),
    ("dark", "dark", ""),
)


def figure(picture: Picture, *, level: int = 2) -> str:
    """A picture with its title, how to read it, and the numbers behind it folded away."""
    panels = "".join(f'<div class="panel">{svg}</div>' for svg in inline(picture))
    many = " many" if len(picture.panels) > 2 else ""
    behind = ""
    if picture.numbers is not None:
        rows = html_table(picture.numbers.rows, head=picture.numbers.head)
        behind = (
            f"<details><summary>The numbers</summary>"
            f"{scrolling(f'Numbers: {picture.title}', rows)}</details>"
        )
    return (
        f'<figure class="card{many}" id="{picture.name}">'
        f"<h{level}>{escape(picture.title)}</h{level}>"
        f'<div class="panels">{panels}</div>'
        f"<figcaption>{escape(picture.caption)}</figcaption>{behind}</figure>"
    )


def switches(views: Sequence[View]) -> str:
    """Radio buttons of the theme and a box a view. The style sheet does the rest, no script."""
    themes = "".join(
        f'<label><input type="radio" name="theme" id="theme-{name}"{checked}/> {text}</label>'
        for name, text, checked in _THEMES
    )
    shown = "".join(
        f'<label class="swatch {view.role}"><input type="checkbox" id="show-{view.role}" '
        f'checked=""/> {escape(view.label)}</label>'
        for view in views
    )
    boxes = f"<fieldset><legend>Show</legend>{shown}</fieldset>" if len(views) > 1 else ""
    colours = f"<fieldset><legend>Colours</legend>{themes}</fieldset>"
    return f'<form class="switches">{colours}{boxes}</form>'


def hiding_rules() -> str:
    """CSS that hides a view in all pictures when its box is not ticked."""
    return "".join(
        f":root:has(#show-{role}:not(:checked)) svg .{role} {{ display: none; }}\n" for role in Role
    )
