"""What a reader sees of every picture: text without TeX, apart from other text, in the frame.

The checks look at the drawn figure. What they would see is checked too: a picture with TeX on its
axes, with labels on one another, cut off, squashed or without a name must fail them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from legibility import complaints_about, ticks
from matplotlib.axes import Axes

from qdiff import Distribution, Shots
from qdiff.plotting.axes import finish, number_logarithmic
from qdiff.plotting.palette import Role
from qdiff.plotting.style import style
from qdiff.report.page import CircuitSection, Page
from qdiff.report.pictures.circuit import circuit_picture
from qdiff.report.pictures.picture import Panel
from qdiff.report.pictures.rendering import plotted
from qdiff.report.pictures.views import View, view

LABELS = ("exact", "surrogate", "raw shots")
LONG = (
    "the exact noisy law of a device",
    "a surrogate that was fitted on a Tuesday",
    "raw shots of the same afternoon",
)
NETWORKS = (
    {"kind": "transformer", "width": 128, "depth": 4, "heads": 8, "feed_forward": 512},
    {"kind": "mlp", "width": 64, "depth": 2},
    {"kind": "recurrent", "hidden": 32},
)


def table_views(num_bits: int, labels: tuple[str, ...] = LABELS) -> list[View]:
    """Of a law whose probabilities cover many powers of ten, a fit of it, and shots."""
    law = np.random.default_rng(1).dirichlet(np.full(1 << num_bits, 0.5))
    truth = Distribution(probabilities=law)
    shots = truth.sample(500, seed=2)
    fitted = Distribution.from_shots(shots, pseudocount=0.5)
    return [view(*each) for each in zip((truth, fitted, shots), Role, labels, strict=True)]


def shots_views(num_bits: int) -> list[View]:
    """Of three sets of shots, each string seen twice."""

    def shots(seed: int) -> Shots:
        rows = np.random.default_rng(seed).random((300, num_bits)) < 0.3
        return Shots.from_bits(rows.astype(np.uint8), np.full(300, 2))

    return [
        view(shots(seed), role, label)
        for seed, (role, label) in enumerate(zip(Role, LABELS, strict=True))
    ]


def page(views: list[View], networks: int, steps: int) -> Page:
    before, posterior, raw = views
    picture = circuit_picture(before_readout=before, prior=before, posterior=posterior, raw=raw)
    curve = [[100 * step, 6.2 - 0.01 * step, 6.1 - 0.01 * step] for step in range(1, steps + 1)]
    training = [{"network": each, "step_loss_heldout": curve} for each in NETWORKS[:networks]]
    return Page(
        title="a page",
        views=views,
        training=training,
        circuit=CircuitSection(record={}, picture=picture),
    )


def lonely(data: Shots | Distribution) -> Page:
    return Page(title="a page", views=[view(data, Role.RAW, "raw shots")])


PAGES = {
    "1 bit": lambda: page(table_views(1), 1, 1),
    "4 bits": lambda: page(table_views(4), 2, 6),
    "10 bits": lambda: page(table_views(10), 3, 30),
    "24 bits": lambda: page(shots_views(24), 1, 6),
    "127 bits": lambda: page(shots_views(127), 1, 6),
    "long names": lambda: page(table_views(5, LONG), 3, 6),
    "uniform": lambda: lonely(Distribution(probabilities=np.full(16, 1 / 16))),
    "one string": lambda: lonely(Shots.from_counts({"00": 7})),
}


def complaints(panels: Sequence[Panel]) -> list[str]:
    """What a reader would mind about panels that are drawn side by side."""
    with style():
        figure = plotted(panels)
        figure.draw_without_rendering()
        legends = [legend for place in figure.subfigs for legend in place.legends]
        return complaints_about([axes for place in figure.subfigs for axes in place.axes], legends)


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_of_a_page_can_be_read(name: str) -> None:
    """As a page shows it, panel by panel, and as a file does, side by side."""
    for picture in PAGES[name]().pictures:
        for panel in picture.panels:
            assert complaints([panel]) == [], panel.alt
        if len(picture.panels) > 1:
            assert complaints(picture.panels) == [], picture.name


def tex(axes: Axes) -> None:
    axes.loglog([1, 1000], [1e-3, 1])


def crowded(axes: Axes) -> None:
    axes.set_xticks(range(40), [f"bit {number}" for number in range(40)])


def cut(axes: Axes) -> None:
    axes.set_title("words " * 40)


def long_legend(axes: Axes) -> None:
    axes.plot([0, 1], label="words" * 20)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1))


def squashed(axes: Axes) -> None:
    axes.set_yticks([0, 1], ["no number, but words and words", "more words and more of them"])
    axes.set_ylabel("words\nand\nwords\nin\nlines")


def nameless(axes: Axes) -> None:
    axes.plot([0, 1])
    axes.set_xlabel("x")


@pytest.mark.parametrize(
    ("plot", "complaint"),
    [
        (tex, "TeX"),
        (crowded, "is on"),
        (cut, "is cut off"),
        (long_legend, "legend' is cut off"),
        (squashed, "squashed"),
        (nameless, "without a name"),
    ],
)
@pytest.mark.filterwarnings("ignore:constrained_layout not applied")
def test_power_a_picture_that_cannot_be_read_is_seen(
    plot: Callable[[Axes], None], complaint: str
) -> None:
    found = complaints([Panel(alt="", plot=plot)])
    assert any(complaint in each for each in found), found


def test_short_logarithmic_axes_have_numbers_too() -> None:
    """Whatever they span: a label on each, rising."""
    for low, high in ((0.015, 0.016), (2e-7, 3e-7), (3, 40), (1e-30, 1), (0.002, 0.09)):

        def plot(axes: Axes, ends: tuple[float, float] = (low, high)) -> None:
            axes.set_xscale("log")
            axes.set_xlim(ends)
            number_logarithmic(axes.xaxis)
            finish(axes, "x", "y")

        with style():
            figure = plotted([Panel(alt="", plot=plot)])
            figure.draw_without_rendering()
            assert len(ticks(figure.subfigs[0].axes[0].xaxis)) >= 2, (low, high)
        assert complaints([Panel(alt="", plot=plot)]) == []
