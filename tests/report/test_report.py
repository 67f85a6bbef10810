"""The page: well-formed, without network, escaped, and whole or not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from exact_surrogates import surrogate_of

import qdiff
from qdiff import Distribution, InputError, Shots, compare
from qdiff.plotting.palette import Role
from qdiff.report import page_parts
from qdiff.report.comparison_page import comparison_page
from qdiff.report.html import sections
from qdiff.report.html.page import render
from qdiff.report.page import CircuitSection, Page
from qdiff.report.page_files import save_pictures, write_report
from qdiff.report.pictures.views import view

TRUTH = Distribution(probabilities=np.array([0.4, 0.1, 0.2, 0.3]))
SHOTS = TRUTH.sample(500, seed=1)
RECORD = {
    "verdict": "accepted, alone & <well>",
    "steps": [
        {"step": "ideal", "heldout_nats_per_shot": -1.25, "gain": None, "kept": True},
        {"step": "errors", "heldout_nats_per_shot": -1.2, "gain": 0.05, "kept": False},
    ],
    "background": 0.125,
}
CURVE = {
    "network": {"kind": "mlp", "width": 64},
    "step_loss_heldout": [[100, 2.0, 1.9], [200, 1.8, 1.7]],
}


def page(title: str = "a run", command: str = "qdiff run", label: str = "exact") -> Page:
    return Page(
        title=title,
        facts={"command": command, "shots": 500},
        comparisons={"samples": compare(SHOTS, TRUTH, training=SHOTS)},
        further={"a part": compare(TRUTH, TRUTH)},
        views=[view(TRUTH, Role.REFERENCE, label), view(SHOTS, Role.RAW, "raw shots")],
        training=[CURVE],
        circuit=CircuitSection(record=RECORD),
    )


@pytest.fixture(scope="module")
def text() -> str:
    return render(page())


def tree(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def test_the_page_is_well_formed_and_needs_no_network(text: str) -> None:
    links = [
        value
        for element in tree(text).iter()
        for name, value in element.attrib.items()
        if name.rpartition("}")[2] in ("src", "href") and not value.startswith(("#", "data:"))
    ]
    assert not links
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(http" not in text


def test_ids_are_unique_and_switches_have_their_rules(text: str) -> None:
    ids = [element.get("id") for element in tree(text).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for role in ("reference", "raw"):
        assert f"show-{role}" in ids
        assert f"#show-{role}:not(:checked)" in text
    assert "show-candidate" not in ids  # nothing of it is drawn


def test_every_picture_has_an_accessible_name_and_a_sentence_of_help(text: str) -> None:
    root = tree(text)
    images = [element for element in root.iter() if element.get("role") == "img"]
    assert len(images) == 9  # four single panels, two of bits, three of pairs
    assert all(element.get("aria-label") for element in images)
    figures = [*root.iter("figure")]
    assert [element.get("id") for element in figures] == [
        "strings", "ranks", "spectrum", "marginals", "pairs", "training",
    ]  # fmt: skip
    assert all(element.find("figcaption") is not None for element in figures)


def test_the_headline_has_values_beside_their_floors(text: str) -> None:
    found = compare(SHOTS, TRUTH, training=SHOTS)
    rows = dict(zip(found.metrics, found.rows(), strict=True))
    start = text.index('aria-label="Headline"')
    headline = text[start : text.index("</section>", start)]
    for name in sections.HEADLINE:
        title, cells = rows[name]
        assert title in headline
        assert f"<strong>{cells[0][0]}</strong>" in headline
        assert f"<dt>perfect sampler</dt><dd>{cells[1][0]}</dd>" in headline


def test_without_the_usual_metrics_the_first_ones_are_the_headline() -> None:
    found = compare(SHOTS, TRUTH)
    few = replace(found, metrics={"xeb": found["xeb"], "log_xeb": found["log_xeb"]})
    headline = sections.headline({"two sets of shots": few})
    assert headline.count('class="tile"') == 2
    assert found["xeb"].title in headline


def test_the_circuit_has_its_verdict_and_its_steps(text: str) -> None:
    assert "accepted, alone &amp; &lt;well&gt;" in text
    for cell in ("-1.2500", "-1.2000", "+0.05", "0.1250"):
        assert cell in text


def test_what_is_left_out_is_not_shown() -> None:
    bare = render(Page(title="bare"))
    assert "<h2>" not in bare
    assert "<figure" not in bare
    assert tree(bare) is not None


def test_what_comes_from_outside_is_escaped() -> None:
    text = render(
        page(title="<script>alert(1)</script>", command="a & b \x00 <i>", label='"><b onload="x">')
    )
    assert "<script" not in text
    assert "<b onload" not in text
    assert "&lt;script&gt;" in text
    assert "a &amp; b" in text
    assert "\x00" not in text
    tree(text)


def test_pages_and_pictures_are_written_whole_and_not_over_others(tmp_path: Path) -> None:
    mine = page()
    write_report(tmp_path / "a.html", mine)
    with pytest.raises(InputError, match="exists"):
        write_report(tmp_path / "a.html", mine)
    (tmp_path / "a_pairs.svg").write_text("mine")
    with pytest.raises(InputError, match=r"a_pairs\.svg exists"):
        save_pictures(mine, tmp_path / "a.html", "svg")
    assert not (tmp_path / "a_strings.svg").exists()
    written = save_pictures(mine, tmp_path / "a.html", "svg", force=True)
    assert [path.name for path in written] == [
        f"a_{name}.svg" for name in ("strings", "ranks", "spectrum", "marginals", "pairs",
                                     "training")
    ]  # fmt: skip
    assert all(path.read_text().startswith("<?xml") for path in written)
    with pytest.raises(InputError, match="png or svg, got 'gif'"):
        save_pictures(mine, tmp_path / "a.html", "gif")


def test_a_comparison_page_says_what_was_compared() -> None:
    model = surrogate_of(TRUTH)
    found = compare(model.distribution(), TRUTH, training=SHOTS)
    made = comparison_page(
        found,
        candidate=("model.safetensors", model),
        reference=("exact.safetensors", TRUTH),
        training=("shots.safetensors", SHOTS),
        command="qdiff compare",
    )
    assert [(view.role, view.label) for view in made.views] == [
        (Role.REFERENCE, "reference"), (Role.CANDIDATE, "candidate"), (Role.RAW, "training shots"),
    ]  # fmt: skip
    text = render(made)
    for expected in ("model.safetensors against exact.safetensors", "500 shots of 2 bits",
                     "a law of 2 bits", "a surrogate of 2 bits"):  # fmt: skip
        assert expected in text


def test_a_surrogate_without_a_table_is_drawn_from_its_shots() -> None:
    bits = np.random.default_rng(1).random((200, 30)) < 0.3
    shots = Shots.from_bits(bits.astype(np.uint8))
    law = qdiff.models.laws.histogram.HistogramLaw(shots)
    model = qdiff.Surrogate(
        parts={qdiff.models.surrogate.part.Part.SHOTS: law},
        weights={qdiff.models.surrogate.part.Part.SHOTS: 1.0},
        registers=shots.registers,
        card={},
    )
    candidate, raw = page_parts.views_of(candidate=model, training=shots, samples=shots)
    words = raw.likeliest(4)
    np.testing.assert_allclose(candidate.probabilities(words), np.full(4, 1 / 200), rtol=1e-9)
    assert candidate.error(np.array([0.1])) is None
    assert page_parts.circuit_section(model, shots) is None


def test_a_rejected_circuit_has_its_steps_but_no_picture() -> None:
    model = surrogate_of(TRUTH)
    model.card["circuit"] = RECORD
    section = page_parts.circuit_section(model, SHOTS)
    assert section is not None
    assert section.picture is None
    assert "accepted" in render(Page(title="t", circuit=section))


@pytest.mark.parametrize("record", [None, "x", [1], {}, [{}]])
def test_a_strange_card_costs_the_loss_curve_only(record: object) -> None:
    made = Page(title="t", training=page_parts.trainings({"training": record}))
    assert made.loss is None


@pytest.mark.parametrize(
    "record",
    [{}, {"steps": [1]}, {"steps": 3}, {"steps": [{"gain": "much"}], "background": "x"}],
)
def test_a_circuit_section_of_a_damaged_card(record: dict[str, object]) -> None:
    ElementTree.fromstring(f"<div>{sections.circuit(record)}</div>")
