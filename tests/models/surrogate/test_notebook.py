"""How a surrogate shows itself in a notebook."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest
from exact_surrogates import surrogate_of

from qdiff import Distribution, Register

LAW = Distribution(
    probabilities=np.array([0.125, 0.5, 0.25, 0.125]),
    registers=(Register("<a>", 1), Register("b", 1)),
)


def cells(html: str) -> dict[str, str]:
    rows = ElementTree.fromstring(html).iter("tr")
    return {name.text or "": value.text or "" for name, value in rows}


def test_a_surrogate_says_what_it_is() -> None:
    model = surrogate_of(LAW)
    model.card.update(
        training_shots=1000,
        trained_on={"circuit": "a & b"},
        heldout={"nats_per_shot": -1.25},
        circuit={"verdict": "accepted, <alone>"},
        before_readout=True,
    )
    found = cells(model._repr_html_())
    assert found["registers"] == "<a>[1], b[1]"
    assert found["fitted to"] == "1,000 shots"
    assert found["of the circuit"] == "a & b"
    assert found["held-out score"].startswith("-1.2500 nats")
    assert found["told the circuit"] == "accepted, <alone>"
    assert found["weight of shots"] == "1.000"
    assert found["readout errors"] == "undone"
    assert list(found)[-4:] == ["P(0 1)", "P(1 0)", "P(0 0)", "P(1 1)"]  # ties by index
    assert found["P(0 1)"] == "0.5"


@pytest.mark.parametrize("card", [{}, {"heldout": 3, "trained_on": None, "circuit": []}])
def test_a_strange_card_costs_its_entries_only(card: dict) -> None:
    model = surrogate_of(LAW)
    model.card = card
    assert list(cells(model._repr_html_()))[:2] == ["registers", "weight of shots"]
