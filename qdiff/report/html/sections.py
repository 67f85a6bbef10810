"""The sections of a page that are text and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qdiff.comparison.scorecard import COLUMNS, Comparison
from qdiff.report.html.markup import scrolling
from qdiff.tables import escape, html_table

READING_HELP = (
    "Read each value against its floor: what a perfect sampler of the reference scores, by the "
    "same estimator, at that number of shots. Shots that score their floor cannot be told from "
    "the reference by that metric; a law, whose score is exact, can lie beyond the floor of the "
    "shots it was trained on. Uniform and independent bits show what is scored by knowing next "
    "to nothing. The shot multiplier is the number of raw shots whose histogram is as close to "
    "the reference, divided by the shots trained on."
)

FLOOR_HELP = (
    "Perfect sampler: what as many shots of the reference's own law would score, which is chance."
)

HEADLINE = ("kl", "total_variation", "hellinger_fidelity", "shot_multiplier")


def facts(found: Mapping[str, object]) -> str:
    """What was run and how to repeat it."""
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{_code(value) if name == 'command' else escape(value)}</dd>"
        for name, value in found.items()
    )
    return f"<section><h2>What was run</h2><dl>{rows}</dl></section>" if rows else ""


def headline(comparisons: Mapping[str, Comparison]) -> str:
    """The first comparison's main numbers, each with its floor and the raw shots' score."""
    if not comparisons:
        return ""
    name, found = next(iter(comparisons.items()))
    rows = dict(zip(found.metrics, found.rows(), strict=True))
    # a comparison without a table has none of these
    chosen = [key for key in HEADLINE if key in rows] or [*rows][: len(HEADLINE)]
    tiles = "".join(_tile(*rows[key]) for key in chosen)
    return (
        f'<section class="headline" aria-label="Headline"><p>{escape(name)}:</p>'
        f'<div class="tiles">{tiles}</div><p>{FLOOR_HELP}</p></section>'
    )


def numbers(comparisons: Mapping[str, Comparison], further: Mapping[str, Comparison]) -> str:
    """All metrics, with how to read them."""
    if not (comparisons or further):
        return ""
    shown = "".join(_comparison(*item) for item in comparisons.items())
    if further:
        more = "".join(_comparison(*item) for item in further.items())
        shown += f"<details><summary>{', '.join(map(escape, further))}</summary>{more}</details>"
    return f"<section><h2>How close it is</h2><p>{escape(READING_HELP)}</p>{shown}</section>"


def circuit(record: Mapping[str, Any]) -> str:
    """What the circuit brought: the verdict of held-out shots, and each step of its fit."""
    told = record.get("steps")
    listed = told if isinstance(told, list) else []
    steps = [_step(step) for step in listed if isinstance(step, Mapping)]
    head = ("step of the circuit's fit", "held-out nats a shot", "gain", "kept")
    found = {
        name: _number(record.get(key), ".4f") for name, key in _FITTED.items() if key in record
    }
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in found.items())
    return (
        f"<p>Held-out shots decide whether the circuit's law is used. Verdict: "
        f"<strong>{escape(record.get('verdict', 'none'))}</strong>.</p>"
        f"{scrolling('Steps of the fit', html_table(steps, head=head))}<dl>{rows}</dl>"
    )


def _step(step: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return (
        str(step.get("step", "")),
        _number(step.get("heldout_nats_per_shot"), ".4f"),
        _number(step.get("gain"), "+.2g"),
        "yes" if step.get("kept") else "no",
    )


def _number(value: object, form: str) -> str:
    """A number of a model card, which may be anybody's; nothing where it is none."""
    return format(value, form) if isinstance(value, int | float) else ""


_FITTED = {
    "errors of gates a run": "errors_a_run",
    "background": "background",
    "held-out nats a shot, the circuit alone": "nats_per_shot_of_the_circuit_alone",
    "the same without the circuit": "nats_per_shot_without_the_circuit",
}


def _tile(title: str, cells: Sequence[tuple[str, str]]) -> str:
    """One metric: its value large, and below it what it is to be read against."""
    (value, spread), *others = cells
    beside = zip(COLUMNS[1:], others, strict=True)
    rows = "".join(
        f"<dt>{escape(_BESIDE[column])}</dt><dd>{escape(number)}</dd>"
        for column, (number, _) in beside
        if column in _BESIDE and number != "–"
    )
    return (
        f'<div class="tile"><h3>{escape(title)}</h3><p><strong>{escape(value)}</strong> '
        f"<small>{escape(spread)}</small></p><dl>{rows}</dl></div>"
    )


_BESIDE = {"floor": "perfect sampler", "training": "raw shots", "uniform": "uniform"}


def _code(value: object) -> str:
    return f"<code>{escape(value)}</code>"


def _comparison(name: str, comparison: Comparison) -> str:
    return f"<h3>{escape(name)}</h3>{scrolling(name, comparison.to_html())}"
