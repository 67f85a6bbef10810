"""How a comparison shows itself: as JSON, in a terminal, in a notebook."""

from __future__ import annotations

import io
import json
from dataclasses import FrozenInstanceError
from math import inf, nan

import pytest
from rich.console import Console

from qdiff.comparison.scorecard import Comparison
from qdiff.comparison.scorecard_rows import Metric

PLAIN = Metric(
    title="A <metric>",
    estimator="raw histogram",
    value=0.25,
    interval=(0.2, 0.3),
    floor=0.1,
    floor_interval=(0.05, 0.15),
    uniform=1e-16,
    independent_bits=inf,
)
UNDEFINED = Metric(title="B", estimator="exact", value=nan, uniform=nan, independent_bits=nan)
INFINITE = Metric(title="C", estimator="exact", value=inf, uniform=-inf, independent_bits=1.0)
CARD = Comparison(
    metrics={"plain": PLAIN, "undefined": UNDEFINED, "infinite": INFINITE},
    num_bits=3,
    num_shots=12_345,
    training_shots=None,
    confidence=0.95,
    resamples=200,
)


def test_json_keeps_infinities_and_says_what_is_undefined() -> None:
    record = json.loads(json.dumps(CARD.to_dict(), allow_nan=False))
    assert record["plain"]["interval"] == [0.2, 0.3]
    assert record["plain"]["independent_bits"] == "inf"
    assert record["plain"]["training"] is None
    assert record["plain"]["note"] is None
    assert record["undefined"]["value"] is None
    assert record["undefined"]["note"].startswith("undefined")
    assert (record["infinite"]["value"], record["infinite"]["uniform"]) == ("inf", "-inf")
    assert record["infinite"]["note"].startswith("infinite")


def test_a_terminal_shows_markup_as_it_is() -> None:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(CARD.table("[bold]title"))
    text = console.export_text()
    for expected in ("[bold]title", "A <metric>", "[0.2, 0.3]", "12,345 shots", "95 %"):
        assert expected in text
    assert "1e-16" not in text  # rounding is shown as 0


def test_a_notebook_shows_an_escaped_table() -> None:
    html = CARD._repr_html_()
    assert "A &lt;metric&gt;" in html
    assert html.count("<tr>") == 4
    assert repr(CARD) == "Comparison(plain=0.25, undefined=–, infinite=inf)"


def test_a_comparison_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        CARD.num_bits = 4  # type: ignore[misc]
    with pytest.raises(TypeError):
        CARD.metrics["plain"] = UNDEFINED  # type: ignore[index]
