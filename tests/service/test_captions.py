"""Captions of the service's page say what is on the picture: one law, and nothing it is not."""

from __future__ import annotations

import re

import numpy as np
import pytest
from quick_fits import quick_surrogate
from services import surrogate_of_shots, wide_shots

from qdiff.plotting.palette import Role
from qdiff.report.pictures.comparison_pictures import comparison_pictures
from qdiff.report.pictures.views import view
from qdiff.service.page.captions import captioned
from qdiff.service.page.page import Pages
from qdiff.service.served import Served

FIGURE = re.compile(r'<figure class="card[^"]*" id="(\w+)">.*?<figcaption>(.*?)</figcaption>', re.S)
NOT_SHOWN = re.compile(r"reference|raw|difference|second map|standard error|legend|Each one", re.I)


def captions(served: Served) -> dict[str, str]:
    return dict(FIGURE.findall(bytes(Pages([served]).answer(None).body).decode()))


def test_captions_of_a_table_say_that_it_is_exact() -> None:
    found = captions(Served.prepared("small", quick_surrogate()))
    assert [*found] == ["strings", "ranks", "spectrum", "marginals", "pairs", "training"]
    assert found.pop("training").startswith("Held-out loss (lines with dots)")
    for name, text in found.items():
        assert "xact." in text or ", exact;" in text, name
        assert "shots" not in text, name
    assert found["strings"].startswith("The likeliest strings and their probabilities")
    assert found["marginals"] == "Orange: the bit is 1 more often than 0; blue: less often. Exact."


def test_captions_of_shots_say_how_many() -> None:
    found = captions(Served.prepared("wide", surrogate_of_shots(wide_shots(strings=50))))
    assert [*found] == ["strings", "ranks", "spectrum", "marginals", "pairs"]
    for name, text in found.items():
        assert "10,000 shots of the surrogate" in text, name
        assert "exact" not in text.lower(), name


def test_captions_of_frequencies_explain_their_lines() -> None:
    """As where the surrogate knows no string's own probability."""
    shots = wide_shots(strings=50)
    for known, lines in ((None, True), (lambda bits: np.zeros(len(bits)), False)):
        seen = view(shots, Role.CANDIDATE, "surrogate", log_prob=known)
        for picture in comparison_pictures([seen]):
            text = captioned(picture, seen, shots=10_000).caption
            expected = lines and picture.name in ("strings", "spectrum")
            assert ("Thin lines are one standard error" in text) == expected, picture.name
            assert ("its own probability" in text) == (picture.name == "strings" and not lines)


@pytest.mark.parametrize("wide", [False, True])
def test_captions_name_nothing_that_is_not_shown(wide: bool) -> None:
    law = surrogate_of_shots(wide_shots(strings=50)) if wide else quick_surrogate()
    for name, text in captions(Served.prepared("model", law)).items():
        assert not NOT_SHOWN.search(text), (name, text)
