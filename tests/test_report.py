from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from qdiff import Distribution, InputError, Shots, compare, report


def page(title: str = "a run", command: str = "qdiff run") -> str:
    truth = Distribution(probabilities=np.array([0.4, 0.1, 0.2, 0.3]))
    shots = truth.sample(500, seed=1)
    return report.render(
        title=title,
        facts={"command": command, "shots": 500},
        comparisons={"samples": compare(shots, truth)},
        pictures=report.draw(truth, truth, shots),
    )


def test_the_page_is_well_formed_and_needs_no_network() -> None:
    text = page()
    root = ElementTree.fromstring(text.split("\n", 1)[1] if text.startswith("<!") else text)
    links = [
        value
        for element in root.iter()
        for name, value in element.attrib.items()
        if name.rpartition("}")[2] in ("src", "href") and not value.startswith(("#", "data:"))
    ]
    assert not links
    assert "<script" not in text
    assert "prefers-color-scheme" in text


def test_every_picture_has_an_accessible_name() -> None:
    assert page().count('role="img"') == 2
    assert page().count("aria-label") >= 2


def test_what_comes_from_outside_is_escaped() -> None:
    text = page(title="<script>alert(1)</script>", command="a & b \x00 <i>")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "a &amp; b" in text
    assert "\x00" not in text


def test_pictures_are_saved_as_png_or_svg(tmp_path) -> None:
    shots = Shots.from_counts({"00": 3, "11": 5})
    report.save_picture(tmp_path / "a.png", None, None, shots)
    report.save_picture(tmp_path / "a.svg", None, None, shots)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "a.svg").read_text()
    with pytest.raises(InputError, match="exists"):
        report.save_picture(tmp_path / "a.png", None, None, shots)
    with pytest.raises(InputError, match=r"\.png or \.svg"):
        report.save_picture(tmp_path / "a.gif", None, None, shots)


def test_wide_shots_have_no_picture() -> None:
    assert report.draw(None, None, Shots.from_bits(np.zeros((2, 40)))) == ()
