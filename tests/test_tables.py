"""Records, data frames, and how values show themselves in a notebook."""

from __future__ import annotations

import json
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from exact_surrogates import surrogate_of

import qdiff
from qdiff import Distribution, InputError, Register, Shots

SHOTS = Shots.from_counts({"0 1": 3, "1 1": 1}, registers=[Register("a<b", 1), Register("c", 1)])
LAW = Distribution(
    probabilities=np.array([0.5, 0.25, 0.125, 0.125]), standard_error=np.full(4, 0.01)
)
MODEL = surrogate_of(LAW)
MODEL.card.update(training_shots=4, heldout={"shots": 1, "parts": {"x": -1.5}})
COMPARISON = qdiff.compare(LAW.sample(100, seed=1), LAW)
DRIFT = qdiff.score(LAW.sample(100, seed=1), LAW)
ALL = {"shots": SHOTS, "law": LAW, "model": MODEL, "comparison": COMPARISON, "drift": DRIFT}


def test_records_hold_the_numbers() -> None:
    assert SHOTS.to_records() == [
        {"string": "0 1", "count": 3, "share": 0.75},
        {"string": "1 1", "count": 1, "share": 0.25},
    ]
    assert LAW.to_records()[1] == {"string": "01", "probability": 0.25, "standard_error": 0.01}
    zero, one = MODEL.marginal([1]).to_records()
    assert (zero["string"], one["string"]) == ("0", "1")
    assert (zero["probability"], one["probability"]) == pytest.approx((0.75, 0.25))
    card = {record["entry"]: record["value"] for record in MODEL.to_records()}
    assert (card["training_shots"], card["heldout.parts.x"]) == (4, -1.5)
    first = COMPARISON.to_records()[0]
    kl = COMPARISON["kl"]
    assert (first["metric"], first["value"], first["floor"]) == ("kl", kl.value, kl.floor)
    assert (first["interval_low"], first["interval_high"]) == kl.interval
    assert len(COMPARISON.to_records()) == len(COMPARISON.metrics)
    assert DRIFT.to_records()[0]["p_value"] == DRIFT.bits[0].p_value
    assert len(DRIFT.to_records()) == 3  # two bits and a pair
    for value in ALL.values():
        json.dumps(value.to_records())  # plain Python, and no array


@pytest.mark.parametrize("name", ALL)
def test_data_frames_hold_the_records(name: str) -> None:
    pandas = pytest.importorskip("pandas", reason="needs the extra 'pandas'")
    frame, records = ALL[name].to_pandas(), ALL[name].to_records()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(records[0])
    assert frame.iloc[-1].iloc[0] == next(iter(records[-1].values()))


def test_a_missing_pandas_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match=r"^data frames need the extra 'pandas': pip install"):
        SHOTS.to_pandas()


@pytest.mark.parametrize("name", ALL)
def test_a_notebook_shows_a_small_table_that_follows_its_theme(name: str) -> None:
    html = ALL[name]._repr_html_()
    table = ElementTree.fromstring(html)
    assert table.tag == "table"
    assert len(list(table.iter("tr"))) <= 15
    assert not any(word in html for word in ("color", "background", "style", "class", "<script"))


def test_a_notebook_says_what_matters() -> None:
    assert "num_shots=4" in SHOTS._repr_html_()
    assert '<th scope="row">0 1</th><td>0.75</td>' in SHOTS._repr_html_()
    assert '<th scope="row">00</th><td>0.5</td>' in LAW._repr_html_()
    assert "bit 0 and bit 1" in DRIFT._repr_html_()
    shown = COMPARISON._repr_html_()
    assert shown.count("<tr>") == 13  # the head and a dozen
    assert COMPARISON.to_html().count("<tr>") == 1 + len(COMPARISON.metrics)
    empty = SHOTS.split(0.0, seed=1)[0]
    assert "num_shots=0" in empty._repr_html_()
    assert empty.to_records() == []
