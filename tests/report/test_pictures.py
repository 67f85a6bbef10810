"""Pictures: the numbers they show, how they follow the page, and that they say what they draw."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from qdiff.data import bits as bitorder
from qdiff.data import pair_statistics as pairwise
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.plotting.palette import PALETTE, Role, style_sheet
from qdiff.report.pictures.circuit import circuit_picture
from qdiff.report.pictures.comparison_pictures import comparison_pictures
from qdiff.report.pictures.heat import largest, ticks
from qdiff.report.pictures.pairs import correlations
from qdiff.report.pictures.picture import Picture
from qdiff.report.pictures.rendering import inline, save_picture
from qdiff.report.pictures.training import training_picture
from qdiff.report.pictures.views import View, view

TRUTH = Distribution(probabilities=np.random.default_rng(1).dirichlet(np.full(64, 0.5)))
SHOTS = TRUTH.sample(500, seed=2)
SURROGATE = Distribution.from_shots(SHOTS, pseudocount=0.5)
NAMES = ["strings", "ranks", "spectrum", "marginals", "pairs"]  # what a comparison has


def views() -> list[View]:
    return [
        view(TRUTH, Role.REFERENCE, "exact"),
        view(SURROGATE, Role.CANDIDATE, "surrogate"),
        view(SHOTS, Role.RAW, "raw <shots>"),
    ]


def wide_shots(num_bits: int, shots: int = 300) -> Shots:
    bits = np.random.default_rng(num_bits).random((shots, num_bits)) < 0.3
    return Shots.from_bits(np.repeat(bits.astype(np.uint8), 2, axis=0))


@pytest.fixture(scope="module")
def pictures() -> tuple[Picture, ...]:
    return comparison_pictures(views())


@pytest.fixture(scope="module")
def svgs(pictures: tuple[Picture, ...]) -> dict[str, tuple[str, ...]]:
    return {picture.name: inline(picture) for picture in pictures}


def test_moments_are_those_of_the_enumerated_law() -> None:
    table, bits = TRUTH.probabilities, bitorder.all_bits(6).astype(float)
    shown = view(TRUTH, Role.REFERENCE, "exact")
    both = shown.pairs()
    np.testing.assert_allclose(both, bits.T @ (table[:, None] * bits), atol=1e-12)
    weights = [table[bits.sum(axis=1) == k].sum() for k in range(7)]
    np.testing.assert_allclose(shown.weights(), weights, atol=1e-12)
    covariance = np.cov(bits.T, aweights=table, ddof=0)
    spread = np.sqrt(np.diagonal(covariance))
    expected = covariance / np.outer(spread, spread)
    found = correlations(both)
    for i, j in combinations(range(6), 2):
        assert found[i, j] == pytest.approx(expected[i, j], abs=1e-12)
        assert found[j, i] == found[i, j]
    assert np.isnan(np.diagonal(found)).all()


@pytest.mark.parametrize("value", [0, 1])
def test_a_bit_that_never_changes_has_no_correlation(value: int) -> None:
    """Also where rounding leaves it a little to change."""
    table = np.zeros((2, 32))
    table[value] = np.random.default_rng(3).dirichlet(np.full(32, 0.5))
    law = Distribution(probabilities=table.ravel())  # the last of six bits
    found = correlations(view(law, Role.REFERENCE, "exact").pairs())
    assert np.isnan(found[5]).all()
    assert np.isfinite(found[:5, :5][~np.eye(5, dtype=bool)]).all()


def test_one_bit_has_a_table_too() -> None:
    law = view(Distribution(probabilities=np.array([0.75, 0.25])), Role.REFERENCE, "exact")
    assert (law.pairs().tolist(), law.weights().tolist()) == ([[0.25]], [0.75, 0.25])


def test_shots_and_their_table_show_the_same() -> None:
    """Two routes: frequencies counted from packed rows, and sums over the histogram's table."""
    rows = view(SHOTS, Role.RAW, "shots")
    table = view(Distribution.from_shots(SHOTS), Role.RAW, "table")
    np.testing.assert_allclose(rows.pairs(), table.pairs(), atol=1e-12)
    np.testing.assert_allclose(rows.weights(), table.weights(), atol=1e-12)
    seen = rows.ranked()
    np.testing.assert_allclose(seen, table.ranked()[: len(seen)], atol=1e-12)
    words = table.likeliest(5)
    np.testing.assert_allclose(rows.probabilities(words), table.probabilities(words), atol=1e-12)
    assert rows.likeliest(3).shape == (3, 1)
    unseen = bitorder.from_indices(np.setdiff1d(np.arange(64), SHOTS.indices)[:1])
    assert rows.probabilities(unseen).tolist() == [0]


def test_only_shots_have_a_standard_error() -> None:
    p = np.array([0.25])
    assert view(TRUTH, Role.REFERENCE, "exact").error(p) is None
    error = view(SHOTS, Role.RAW, "raw").error(p)
    assert error == pytest.approx(np.sqrt(0.25 * 0.75 / 500))


def test_a_law_known_string_by_string_is_drawn_at_its_own_probability() -> None:
    shots = wide_shots(40)
    known = view(shots, Role.CANDIDATE, "q", log_prob=lambda bits: np.full(len(bits), -3.0))
    np.testing.assert_allclose(known.probabilities(known.likeliest(4)), np.exp(-3.0))
    assert known.error(np.array([0.1])) is None


@pytest.mark.parametrize("num_bits", [1, 40, 127])
def test_every_picture_needs_no_table(num_bits: int) -> None:
    shots = wide_shots(num_bits)
    mine = [view(shots, Role.CANDIDATE, "surrogate"), view(shots, Role.RAW, "raw shots")]
    found = comparison_pictures(mine)
    assert [picture.name for picture in found] == NAMES
    assert all(len(inline(picture)) == len(picture.panels) for picture in found)
    numbers = found[NAMES.index("marginals")].numbers
    assert numbers is not None
    assert len(numbers.rows) == num_bits
    assert numbers.rows[0][2] == f"{pairwise.bit_counts(shots)[0] / shots.num_shots:.4g}"


def test_ids_are_unique_on_a_page_and_every_reference_is_met(svgs) -> None:
    page = "".join(svg for panels in svgs.values() for svg in panels)
    root = ElementTree.fromstring(f"<div>{page}</div>")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', page)) <= set(ids)


def test_colours_follow_the_page(svgs) -> None:
    for name in ("strings", "ranks", "spectrum"):
        drawn = set(re.findall(r"var\(--(\w+)\)", svgs[name][0]))
        assert {"reference", "candidate", "raw"} <= drawn
    for panels in svgs.values():
        assert not [svg for svg in panels if re.search(r"(?:fill|stroke): #", svg)]


def test_what_belongs_to_a_view_has_its_class(svgs) -> None:
    """Bars, error bars and the two parts of a legend's entry can be hidden with their view."""
    counts = {role: svgs["strings"][0].count(f'class="{role}"') for role in Role}
    assert counts == {Role.REFERENCE: 16 + 2, Role.CANDIDATE: 16 + 2, Role.RAW: 16 + 2 + 1}
    for name in ("ranks", "spectrum"):
        assert all(f'class="{role}"' in svgs[name][0] for role in Role)


def test_every_panel_has_an_accessible_name_that_is_escaped(svgs, pictures) -> None:
    for picture in pictures:
        for panel, svg in zip(picture.panels, svgs[picture.name], strict=True):
            root = ElementTree.fromstring(svg)
            assert (root.get("role"), root.get("aria-label")) == ("img", panel.alt)
        assert picture.caption
    assert "raw &lt;shots&gt;" in svgs["strings"][0]


def test_the_same_data_give_the_same_picture(svgs) -> None:
    assert {picture.name: inline(picture) for picture in comparison_pictures(views())} == svgs


def test_strings_are_labelled_as_qiskit_writes_them() -> None:
    shots = Shots.from_counts({"01 110": 9, "00 000": 1})
    assert "01 110" in inline(comparison_pictures([view(shots, Role.RAW, "raw")])[0])[0]


def test_long_strings_are_numbered_and_written_out_among_the_numbers() -> None:
    shots = wide_shots(127)
    found = comparison_pictures([view(shots, Role.RAW, "raw")])[0]
    svg = inline(found)[0]
    assert "#1" in svg
    assert found.numbers is not None
    key = found.numbers.rows[0][0]
    assert shots.to_counts()[key] == shots.counts.max()
    assert key not in svg


def test_strings_that_were_never_seen_twice_have_no_order() -> None:
    once = Shots.from_bits(np.eye(30, dtype=np.uint8))
    twice = Shots.from_bits(np.eye(30, dtype=np.uint8), counts=[2] + [1] * 29)
    known = view(once, Role.RAW, "q", log_prob=lambda bits: np.zeros(len(bits)))
    said = [
        "seen twice" in comparison_pictures([one])[0].caption
        for one in (view(once, Role.RAW, "a"), view(twice, Role.RAW, "b"), known)
    ]
    assert said == [True, False, False]


def test_heat_map_scales() -> None:
    assert ticks(1) == [0]
    assert len(ticks(1000)) <= 10
    assert largest(np.array([np.nan, -3.0, 2.0]), at_least=1.0) == 3
    assert largest(np.array([np.nan]), at_least=1.0) == 1


def test_the_loss_curve_draws_every_training_that_was_scored() -> None:
    network = {"kind": "mlp", "width": 64, "depth": 2}
    curve = [[100, 6.2, 6.1], [200, 6.1, 6.0]]
    record = [
        {"network": network, "heldout_nats": 6.0, "step_loss_heldout": curve},
        {"network": {"kind": "recurrent", "hidden": 32}, "step_loss_heldout": curve},
        {"network": network, "failed": "out of memory"},
    ]
    found = training_picture(record)
    assert found is not None
    svg = inline(found)[0]
    assert "mlp, width 64, depth 2, held out" in svg
    assert "recurrent, hidden 32, held out" in svg
    assert training_picture(record[2:]) is None
    assert training_picture([]) is None


def test_prior_residual_and_posterior() -> None:
    prior = view(TRUTH, Role.REFERENCE, "prior")
    raw = view(SHOTS, Role.RAW, "raw")
    posterior = view(SURROGATE, Role.CANDIDATE, "posterior")
    found = circuit_picture(before_readout=prior, prior=prior, posterior=posterior, raw=raw)
    text = "".join(inline(found))
    for title in ("Prior: ", "Residual: ", "Posterior: ", "shots − prior", "before readout"):
        assert title in text


def test_light_and_dark_text_can_be_read() -> None:
    """Contrast by WCAG 2.2: at least 4.5 for text, 3 for what is drawn."""
    for theme in ("light", "dark"):
        shades = {name: getattr(color, theme) for name, color in PALETTE.items()}
        for ground in ("paper", "panel"):
            for name, least in {"ink": 7, "quiet": 4.5, **dict.fromkeys(Role, 3)}.items():
                assert contrast(shades[name], shades[ground]) >= least, (theme, name, ground)
    assert contrast("#999999", "#ffffff") < 4.5


def contrast(first: str, second: str) -> float:
    dark, light = sorted(map(luminance, (first, second)))
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    values = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_the_style_sheet_has_both_palettes_and_a_fallback() -> None:
    text = style_sheet()
    for name, color in PALETTE.items():
        assert f"--{name}: {color.light};" in text
        assert f"--{name}: light-dark({color.light}, {color.dark});" in text


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    one_bit = view(Shots.from_counts({"0": 1}), Role.RAW, "raw shots")
    with pytest.raises(InputError, match="exact has 6 bits, raw shots 1"):
        comparison_pictures([views()[0], one_bit])
    with pytest.raises(InputError, match="same role"):
        comparison_pictures([one_bit, one_bit])
    with pytest.raises(InputError, match="nothing to draw"):
        comparison_pictures([])
    with pytest.raises(InputError, match="nothing to draw"):
        save_picture(tmp_path / "a.png", [])
    with pytest.raises(InputError, match="no shots"):
        view(TRUTH.sample(0, seed=1), Role.RAW, "none")


def test_pictures_are_saved_as_png_or_svg(tmp_path: Path, pictures) -> None:
    two = pictures[:2]
    save_picture(tmp_path / "a.png", two)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    save_picture(tmp_path / "a.svg", two)
    save_picture(tmp_path / "b.svg", two)
    text = (tmp_path / "a.svg").read_text()
    assert "<svg" in text
    assert "var(" not in text  # it stands alone
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    with pytest.raises(InputError, match="exists"):
        save_picture(tmp_path / "a.png", two)
    with pytest.raises(InputError, match=r"\.png or \.svg"):
        save_picture(tmp_path / "a.gif", two)


@pytest.mark.parametrize(
    "entry",
    [
        {"step_loss_heldout": [[100, 2.0, 1.9]]},
        {"network": 3, "step_loss_heldout": [[100, 2.0, 1.9]]},
        {"network": {}, "step_loss_heldout": 7},
        {"network": {}, "step_loss_heldout": [[1, 2]]},
        {"network": {}, "step_loss_heldout": [["a", "b", "c"]]},
    ],
)
def test_a_training_that_no_fit_has_written_is_passed_over(entry: dict[str, object]) -> None:
    assert training_picture([entry]) is None


@pytest.mark.parametrize("label", ["$x$", "$\\frac$", "50 $ and 60 $", "bad\x00\x0b"])
def test_labels_are_drawn_as_they_are_written(label: str, tmp_path: Path) -> None:
    """No formula is read into them, and nothing that XML forbids gets into a page."""
    found = comparison_pictures([view(TRUTH, Role.REFERENCE, label)])
    for picture in found:
        for svg in inline(picture):
            ElementTree.fromstring(svg)
    assert label.partition("\x00")[0] in inline(found[2])[0]
    save_picture(tmp_path / "picture.png", found)
