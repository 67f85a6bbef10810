"""Pictures: inline they follow the page, and they say what they draw."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from qdiff.distribution import Distribution
from qdiff.errors import InputError
from qdiff.pictures import Picture, draw, save_picture
from qdiff.report import render
from qdiff.shots import Shots

TRUTH = Distribution(probabilities=np.random.default_rng(1).dirichlet(np.full(64, 0.5)))
SHOTS = TRUTH.sample(500, seed=2)
SURROGATE = Distribution.from_shots(SHOTS, pseudocount=0.5)


@pytest.fixture(scope="module")
def pictures() -> tuple[Picture, ...]:
    return draw(TRUTH, SURROGATE, SHOTS)


@pytest.fixture(scope="module")
def page(pictures: tuple[Picture, ...]) -> str:
    return render(title="t", facts={}, comparisons={}, pictures=pictures)


def test_ids_are_unique_on_a_page_and_every_reference_is_met(page: str) -> None:
    root = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', page)) <= set(ids)


def test_colours_follow_the_page(pictures: tuple[Picture, ...]) -> None:
    for picture in pictures:
        drawn = set(re.findall(r"var\(--(\w+)\)", picture.svg))
        assert {"exact", "surrogate", "raw"} <= drawn
        assert not re.findall(r"#[0-9a-f]{6}", picture.svg)
        assert "exact, surrogate, raw shots" in picture.alt


def test_the_same_data_give_the_same_picture(pictures: tuple[Picture, ...]) -> None:
    assert draw(TRUTH, SURROGATE, SHOTS) == pictures


def test_strings_are_labelled_as_qiskit_writes_them() -> None:
    shots = Shots.from_counts({"01 110": 9, "00 000": 1})
    assert "01 110" in draw(None, None, shots)[0].svg


@pytest.mark.parametrize("counts", [{"0": 3}, {"0": 1, "1": 1}])
def test_one_bit(counts: dict[str, int]) -> None:
    law = Distribution(probabilities=np.array([1.0, 0.0]))
    assert len(draw(law, law, Shots.from_counts(counts))) == 2


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    one_bit = Shots.from_counts({"0": 1})
    with pytest.raises(InputError, match="reference has 6 bits, the shots 1"):
        draw(TRUTH, None, one_bit)
    with pytest.raises(InputError, match="surrogate has 6 bits, the shots 1"):
        draw(None, TRUTH, one_bit)
    wide = Shots.from_bits(np.zeros((1, 60), dtype=np.uint8))
    with pytest.raises(InputError, match="limit is 28"):
        save_picture(tmp_path / "a.png", None, None, wide)
    with pytest.raises(InputError, match="no shots"):
        draw(TRUTH, None, TRUTH.sample(0, seed=1))


def test_a_saved_svg_stands_alone(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.svg", TRUTH, SURROGATE, SHOTS)
    assert "var(" not in (tmp_path / "a.svg").read_text()
    save_picture(tmp_path / "b.svg", TRUTH, SURROGATE, SHOTS)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_page_opens_in_a_browser(tmp_path: Path, page: str) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("there is no chromium here")
    path = tmp_path / "report.html"
    path.write_text(page)
    options = (
        "--headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run "
        "--disable-sync --enable-logging=stderr --dump-dom"
    )
    result = subprocess.run(
        [browser, *options.split(), f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.count("<svg") == 2
    assert "CONSOLE" not in result.stderr
