"""Figures of shots, laws, surrogates, comparisons and drift: their numbers, and what is read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from exact_surrogates import surrogate_of
from legibility import complaints_about
from matplotlib import pyplot
from matplotlib.axes import Axes

import qdiff
from qdiff import Distribution, InputError, Shots
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.surrogate.part import Part

TRUTH = Distribution(probabilities=np.random.default_rng(1).dirichlet(np.full(64, 0.5)))
SHOTS = TRUTH.sample(500, seed=2)
MODEL = surrogate_of(Distribution.from_shots(SHOTS, pseudocount=0.5))
FLIPPED = Distribution(probabilities=TRUTH.probabilities[np.arange(64) ^ 1])
WIDE = Shots.from_bits(np.random.default_rng(3).random((300, 40)) < 0.3)

FIGURES: dict[str, tuple[Callable[..., Axes], str, str]] = {
    "shots": (SHOTS.plot, "share of shots", "string, bit 0 on the right"),
    "named shots": (
        lambda ax=None: SHOTS.plot(ax, top=3, label="$10 of shots"),
        "share of shots",
        "string, bit 0 on the right",
    ),
    "wide shots": (WIDE.plot, "share of shots", "strings, the likeliest first"),
    "law": (TRUTH.plot, "probability", "string, bit 0 on the right"),
    "surrogate": (MODEL.plot, "probability", "string, bit 0 on the right"),
    "law compared": (
        qdiff.compare(MODEL.distribution(), TRUTH, training=SHOTS).plot,
        "distance over a perfect sampler's mean (no unit)",
        "metric",
    ),
    "shots compared": (
        qdiff.compare(SHOTS, TRUTH).plot,
        "distance over a perfect sampler's mean (no unit)",
        "metric",
    ),
    "without a floor": (
        qdiff.compare(MODEL.distribution(), TRUTH).plot,
        "distance (divergences in nats, others without unit)",
        "metric",
    ),
    "drift": (
        qdiff.score(FLIPPED.sample(2000, seed=1), TRUTH).plot,
        "bit",
        "change of the share of ones\n(standard deviations)",
    ),
    "no drift": (
        qdiff.score(TRUTH.sample(2000, seed=1), TRUTH).plot,
        "bit",
        "change of the share of ones\n(standard deviations)",
    ),
}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_its_own_can_be_read(name: str, dark: bool) -> None:
    """Axes with names, labels apart and without TeX, all in the frame; also on dark ground."""
    plot, x, y = FIGURES[name]
    with pyplot.style.context("dark_background" if dark else "default"):
        axes = plot()
        axes.get_figure().draw_without_rendering()
        assert (axes.get_xlabel(), axes.get_ylabel()) == (x, y)
        assert complaints_about([axes]) == []
        ground, ink = axes.get_facecolor(), axes.xaxis.label.get_color()
        assert ink == ("white" if dark else "black")
        assert tuple(ground[:3]) == ((0, 0, 0) if dark else (1, 1, 1))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_on_the_callers_axes_is_theirs(name: str) -> None:
    figure, (above, below) = pyplot.subplots(2, 1, figsize=(8, 14), layout="constrained")
    assert FIGURES[name][0](above) is above
    assert FIGURES[name][0](ax=below) is below
    figure.draw_without_rendering()
    assert pyplot.get_fignums() == [figure.number]
    assert complaints_about([above, below]) == []


def test_bars_are_shares_and_probabilities_with_their_errors() -> None:
    axes = SHOTS.plot(top=5)
    records = sorted(SHOTS.to_records(), key=lambda record: -record["count"])[:5]
    assert [bar.get_width() for bar in axes.patches] == [each["share"] for each in records]
    keys = [label.get_text() for label in axes.get_yticklabels()]
    assert keys[0] == records[0]["string"]
    (segments,) = (lines.get_segments() for lines in axes.collections)
    share = records[0]["share"]
    error = np.sqrt(share * (1 - share) / 500)
    np.testing.assert_allclose(segments[0][:, 0], [share - error, share + error])
    assert [bar.get_width() for bar in TRUTH.plot(top=2).patches] == sorted(
        TRUTH.probabilities, reverse=True
    )[:2]
    assert not TRUTH.plot().collections  # exact


def test_a_surrogate_beyond_tables_is_drawn_at_its_own_probabilities() -> None:
    wide = np.zeros((2, 24), np.uint8)
    wide[1] = 1
    shots = Shots.from_bits(wide, [75, 25])
    model = qdiff.Surrogate(
        parts={Part.SHOTS: HistogramLaw(shots)},
        weights={Part.SHOTS: 1.0},
        registers=shots.registers,
        card={},
    )
    assert [bar.get_width() for bar in model.plot().patches] == pytest.approx([0.75, 0.25])


def test_a_comparison_shows_each_distance_over_its_floor() -> None:
    found = qdiff.compare(SHOTS, TRUTH)
    axes = found.plot()
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == found["kl"].title
    assert "Hellinger fidelity" not in names
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["a perfect sampler, 95 %", "candidate"]
    (marks,) = (line for line in axes.lines if line.get_label() == "candidate")
    assert marks.get_xdata()[0] == pytest.approx(found["kl"].value / found["kl"].floor)
    # zeros have no place on a logarithmic axis, and do no harm
    assert qdiff.compare(TRUTH, TRUTH).plot().get_xlabel()


def test_drift_shows_which_bit_changed() -> None:
    found = qdiff.score(FLIPPED.sample(2000, seed=1), TRUTH)
    axes = found.plot()
    heights = {round(bar.get_x() + 0.4): bar.get_height() for bar in axes.patches}
    assert heights == {change.bits[0]: pytest.approx(change.z) for change in found.bits}
    (changed,) = (bars for bars in axes.containers if bars.get_label().startswith("changed"))
    assert [round(bar.get_x() + 0.4) for bar in changed] == [0]


@pytest.mark.parametrize("top", [0, -1, 1.5, "3", True, None])
def test_a_wrong_number_of_strings_is_refused(top: object) -> None:
    for value in (SHOTS, TRUTH, MODEL):
        with pytest.raises(InputError, match="top must be a positive whole number"):
            value.plot(top=top)


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="no shots"):
        SHOTS.split(0.0, seed=1)[0].plot()
    with pytest.raises(InputError, match="level"):
        qdiff.score(SHOTS, TRUTH).plot(level=2)


def test_matplotlib_is_imported_where_it_is_used() -> None:
    code = (
        "import sys, qdiff; s = qdiff.Shots.from_counts({'0': 1}); s.to_records(); s._repr_html_();"
        "qdiff.Distribution, qdiff.Comparison, qdiff.Drift, qdiff.Surrogate;"
        "print('matplotlib' in sys.modules); s.plot(); print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
