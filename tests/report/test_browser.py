"""The page in headless Chromium: no error, no request, all pictures drawn, all switches work.

What the checks would see is checked too: pages with an error, a request, an empty picture or a
dead switch must fail them.
"""

from __future__ import annotations

import io
from pathlib import Path

import chromium
import numpy as np
import pytest
from matplotlib.image import imread

from qdiff import Distribution, compare
from qdiff.plotting.palette import PALETTE, Role
from qdiff.report.html.page import render
from qdiff.report.page import CircuitSection, Page
from qdiff.report.pictures.circuit import circuit_picture
from qdiff.report.pictures.views import view

ROLES = {Role.REFERENCE: "exact", Role.CANDIDATE: "surrogate", Role.RAW: "raw shots"}


@pytest.fixture(scope="module")
def page() -> Page:
    truth = Distribution(probabilities=np.random.default_rng(1).dirichlet(np.full(1024, 0.5)))
    shots = truth.sample(2000, seed=2)
    fitted = Distribution.from_shots(shots, pseudocount=0.5)
    views = [
        view(data, role, label)
        for data, (role, label) in zip((truth, fitted, shots), ROLES.items(), strict=True)
    ]
    before, posterior, raw = views
    picture = circuit_picture(before_readout=before, prior=before, posterior=posterior, raw=raw)
    curve = [[100, 6.2, 6.1], [200, 6.1, 6.0]]
    network = {"kind": "mlp", "width": 64, "depth": 2}
    return Page(
        title="qdiff: a circuit with a rather long name that has to be broken somewhere",
        facts={"command": "qdiff run " + "circuits/ising_10.qasm " * 5, "shots": 2000},
        comparisons={"samples": compare(shots, truth, training=shots)},
        further={"a part": compare(fitted, truth)},
        views=views,
        training=[{"network": network, "step_loss_heldout": curve}],
        circuit=CircuitSection(record={"verdict": "accepted, alone"}, picture=picture),
    )


@pytest.fixture(scope="module")
def text(page) -> str:
    return render(page)


@pytest.fixture(scope="module")
def file(text, tmp_path_factory) -> Path:
    return written(tmp_path_factory.mktemp("page"), text)


def written(folder: Path, text: str) -> Path:
    path = folder / "a page.html"
    path.write_text(text)
    return path


def requests(tab: chromium.Tab) -> list[str]:
    """What was asked for beside what the page itself holds."""
    return [url for url in tab.requests if not url.startswith("data:")]


def empty_pictures(tab: chromium.Tab) -> list[str]:
    """Names of pictures that show fewer than eight colours on the screen."""
    boxes = tab.evaluate(
        "[...document.querySelectorAll('svg')].map(e => [e.getAttribute('aria-label'),"
        " ...(b => [b.x + scrollX, b.y + scrollY, b.right + scrollX, b.bottom + scrollY])"
        "(e.getBoundingClientRect())])"
    )
    rgb = np.rint(imread(io.BytesIO(tab.screenshot()))[:, :, :3] * 255).astype(np.int64)
    screen = rgb @ [1 << 16, 1 << 8, 1]
    found = []
    for name, *box in boxes:
        left, top, right, bottom = (int(edge) for edge in box)
        if len(np.unique(screen[top:bottom, left:right])) < 8:
            found.append(name)
    return found


def clashes(tab: chromium.Tab) -> list[str]:
    """Texts of a picture that lie on one another by more than two pixels, or leave it."""
    found: list[str] = tab.evaluate(
        """[...document.querySelectorAll('svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect()
            const texts = [...svg.querySelectorAll('text')]
                .map(e => [e.textContent, e.getBoundingClientRect()]).filter(t => t[1].width)
            return texts.flatMap(([text, box], place) => [
                ...(box.x < frame.x - 1 || box.right > frame.right + 1 ? [text] : []),
                ...texts.slice(place + 1).filter(([, other]) =>
                    Math.min(box.right, other.right) - Math.max(box.x, other.x) > 2 &&
                    Math.min(box.bottom, other.bottom) - Math.max(box.y, other.y) > 2
                ).map(([other]) => `${text} on ${other}`),
            ])
        })"""
    )
    return found


def colours(tab: chromium.Tab) -> tuple[str, str]:
    """Of the ground, and of a bar of the candidate, as ``#rrggbb``."""
    found = tab.evaluate(
        "[getComputedStyle(document.body).backgroundColor,"
        " getComputedStyle(document.querySelector('#strings svg .candidate path')).fill]"
    )
    ground, bar = (
        "#" + "".join(f"{int(part):02x}" for part in colour[4:-1].split(",")) for colour in found
    )
    return ground, bar


def palette(theme: str) -> tuple[str, str]:
    return getattr(PALETTE["paper"], theme), getattr(PALETTE["candidate"], theme)


def shown(tab: chromium.Tab) -> dict[str, int]:
    """How many marks of each role are laid out."""
    found: dict[str, int] = tab.evaluate(
        "Object.fromEntries(['reference', 'candidate', 'raw'].map(role => [role,"
        " [...document.querySelectorAll(`svg .${role}`)]"
        ".filter(e => e.getClientRects().length).length]))"
    )
    return found


def test_it_opens_from_a_file_without_error_or_request(tab, file) -> None:
    tab.open(file)
    assert tab.errors == []
    assert requests(tab) == [file.as_uri()]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1200])
def test_every_picture_is_drawn(tab, file, page, width: int, dark: bool) -> None:
    tab.open(file, width=width, dark=dark)
    assert empty_pictures(tab) == []
    panels = sum(len(picture.panels) for picture in page.pictures)
    assert tab.evaluate("document.querySelectorAll('svg').length") == panels


@pytest.mark.parametrize("width", [390, 1200])
def test_no_text_of_a_picture_lies_on_another_or_is_cut_off(tab, file, width: int) -> None:
    """In the browser's own font."""
    tab.open(file, width=width)
    assert clashes(tab) == []


def test_a_screen_reader_hears_what_each_picture_shows(tab, file, page) -> None:
    tab.open(file)
    names = [panel.alt for picture in page.pictures for panel in picture.panels]
    assert sorted(tab.names("image")) == sorted(names)


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_follows_the_system_or_the_switch(tab, file, dark: bool) -> None:
    tab.open(file, dark=dark)
    system = "dark" if dark else "light"
    assert colours(tab) == palette(system)
    for choice, theme in (("light", "light"), ("dark", "dark"), ("auto", system)):
        tab.click(f"#theme-{choice}")
        assert colours(tab) == palette(theme), choice
    assert tab.errors == []


def test_views_are_hidden_and_shown_again(tab, file) -> None:
    tab.open(file)
    everything = shown(tab)
    assert min(everything.values()) > 16
    for role, label in ROLES.items():
        tab.click(f"label.{role}")
        assert shown(tab) == {**everything, role: 0}, label
        tab.click(f"#show-{role}")
        assert shown(tab) == everything


def test_the_numbers_unfold(tab, file) -> None:
    tab.open(file)
    visible = "document.querySelector('#strings table').checkVisibility()"
    assert not tab.evaluate(visible)
    tab.click("#strings summary")
    assert tab.evaluate(visible)


def test_a_phone_needs_no_scrolling_sideways_and_no_magnifier(tab, file) -> None:
    tab.open(file, width=390, height=844)
    assert tab.evaluate("document.documentElement.scrollWidth") == 390
    heights = tab.evaluate(
        "[...document.querySelectorAll('svg text')].map(e => e.getBoundingClientRect().height)"
        ".filter(height => height)"
    )
    assert np.median(heights) > 9
    targets = tab.evaluate(
        "[...document.querySelectorAll('.switches label')]"
        ".map(e => e.getBoundingClientRect().height)"
    )
    assert min(targets) >= 24  # WCAG 2.2, target size


def test_power_a_request_is_seen(tab, text, tmp_path: Path) -> None:
    """With the page's policy the browser refuses and says so; without, the request goes out."""
    address = "http://127.0.0.1:9/beacon.png"
    leaking = text.replace("<h1>", f'<img src="{address}" alt=""/><h1>')
    tab.open(written(tmp_path, leaking))
    assert any("Content Security Policy" in error for error in tab.errors)
    start = leaking.index("<meta http-equiv")
    free = leaking[:start] + leaking[leaking.index("/>", start) + 2 :]
    tab.open(written(tmp_path, free))
    assert address in requests(tab)


def test_power_errors_are_seen(tab, tmp_path: Path) -> None:
    for script in ("console.error('x')", "console.log('x')", "throw Error('x')", "missing()"):
        tab.open(written(tmp_path, f"<!DOCTYPE html><script>{script}</script>"))
        assert tab.errors, script
    tab.open(written(tmp_path, "<!DOCTYPE html><p>nothing</p>"))
    assert tab.errors == []


def test_power_text_on_text_is_seen(tab, text, tmp_path: Path) -> None:
    wider = text.replace("</style>", "svg text { font-size: 40px !important }</style>")
    tab.open(written(tmp_path, wider))
    assert any(" on " in clash for clash in clashes(tab))


def test_power_an_empty_picture_is_seen(tab, text, tmp_path: Path) -> None:
    start = text.index("<svg", text.index('id="spectrum"'))
    inside = text.index(">", start) + 1
    blank = text[:inside] + text[text.index("</svg>", start) :]
    tab.open(written(tmp_path, blank))
    assert len(empty_pictures(tab)) == 1


def test_power_a_dead_switch_is_seen(tab, text, tmp_path: Path) -> None:
    dead = text.replace("#show-raw:not(:checked)", "#show-none:not(:checked)")
    dead = dead.replace("#theme-dark:checked", "#theme-none:checked")
    tab.open(written(tmp_path, dead))
    everything = shown(tab)
    tab.click("#show-raw")
    assert shown(tab) == everything
    tab.click("#theme-dark")
    assert colours(tab) == palette("light")
