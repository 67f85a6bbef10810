"""The page of a service in headless Chromium: bits are clicked, shots drawn, nobody else asked."""

from __future__ import annotations

from collections.abc import Iterator

import chromium
import pytest
from quick_fits import quick_surrogate
from services import asking, surrogate_of_shots, wide_shots

from qdiff.plotting.palette import PALETTE
from qdiff.service.application import create_app
from qdiff.service.served import Served


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A service with the pictures of its pages, and a second model whose labels are long."""
    models = [
        Served.prepared("small", quick_surrogate()),
        Served.prepared("a-much-longer.name_0", surrogate_of_shots(wide_shots(strings=50))),
    ]
    with asking(create_app(models)) as client:
        yield str(client.base_url)


def shown(tab: chromium.Tab, number: int) -> None:
    """Wait until so many overviews have been shown since the page was opened."""
    tab.evaluate(
        "new Promise(done => { const look = () => Number(document.body.dataset.shown) >= "
        f"{number} ? done(1) : setTimeout(look, 5); look(); }})"
    )


def drawn(tab: chromium.Tab) -> list[list[str]]:
    """The strings and counts on the page, once there are some."""
    tab.evaluate(
        "new Promise(done => { const look = () => document.querySelector('#drawn tbody tr') "
        "? done(1) : setTimeout(look, 5); look(); })"
    )
    return rows(tab, "drawn")


def rows(tab: chromium.Tab, table: str) -> list[list[str]]:
    found: list[list[str]] = tab.evaluate(
        f"[...document.querySelectorAll('#{table} tbody tr')].map(r => "
        "[r.cells[0].textContent, r.cells[1].textContent])"
    )
    return found


def text(tab: chromium.Tab, selector: str) -> str:
    found: str = tab.evaluate(f"document.querySelector('{selector}').textContent")
    return found


def likeliest(given: dict[int, int]) -> list[list[str]]:
    """What the table should show, from the surrogate itself."""
    model = quick_surrogate()
    rows = model.distribution().to_records()
    keys = [each["string"] for each in rows]
    bits = [[int(b) for b in key.replace(" ", "")[::-1]] for key in keys]
    kept = [
        (key, each["probability"])
        for key, each, row in zip(keys, rows, bits, strict=True)
        if all(row[bit] == value for bit, value in given.items())
    ]
    total = sum(chance for _, chance in kept)
    kept.sort(key=lambda pair: -pair[1])
    return [[key, f"{chance / total:.3g}"] for key, chance in kept[:16]]


def test_bits_are_fixed_by_clicking_and_shots_drawn_given_them(tab, address) -> None:
    tab.open(address)
    shown(tab, 1)
    assert text(tab, "#given") == "No bit is fixed."
    one = quick_surrogate().marginal([3]).probabilities[1]
    assert text(tab, "#bit-3 span") == f"{one:.4f}"
    for number, (bit, value) in enumerate([(1, "1"), (4, "1"), (4, "0")], 2):
        tab.click(f"#bit-{bit}")
        shown(tab, number)
        assert text(tab, f"#bit-{bit} b") == value
    assert text(tab, "#given") == "Given bit 1 = 1, bit 4 = 0"
    given = {1: 1, 4: 0}
    one = quick_surrogate().marginal([3], given=given).probabilities[1]
    assert text(tab, "#bit-3 span") == f"{one:.4f}"
    found = [[key, f"{float(chance):.3g}"] for key, chance in rows(tab, "likeliest")]
    expected = likeliest(given)
    assert [key for key, _ in found] == [key for key, _ in expected]
    # a browser rounds a tie the other way
    for (_, shown_chance), (_, chance) in zip(found, expected, strict=True):
        assert float(shown_chance) == pytest.approx(float(chance), rel=0.01)
    tab.click("#draw button[type=submit]")
    counts = quick_surrogate().sample(1000, seed=1, given=given).to_counts()
    table = drawn(tab)
    assert {key: int(count) for key, count in table} == counts
    tab.click("#bit-4")  # free again
    shown(tab, 5)
    assert text(tab, "#given") == "Given bit 1 = 1"
    tab.settle()
    assert tab.errors == []
    fetched = [url for url in tab.requests if not url.startswith("data:")]
    assert all(url.startswith(address) for url in fetched)
    asked = {url.removeprefix(address).strip("/") for url in fetched}
    assert asked == {"", "models/small/overview", "models/small/sample"}


def test_what_cannot_be_is_said_on_the_page(tab, address) -> None:
    tab.open(address)
    shown(tab, 1)
    tab.evaluate("document.querySelector('#shots').value = 5000000")
    tab.evaluate("document.querySelector('#draw').requestSubmit()")
    tab.evaluate(
        "new Promise(done => { const look = () => document.querySelector('#problem').textContent "
        "? done(1) : setTimeout(look, 5); look(); })"
    )
    assert "at most 1,000,000" in text(tab, "#problem")


def test_the_report_s_pictures_are_there(tab, address) -> None:
    tab.open(address)
    names = tab.evaluate("[...document.querySelectorAll('figure[id]')].map(f => f.id)")
    assert names == ["strings", "ranks", "spectrum", "marginals", "pairs", "training"]
    assert tab.evaluate("[...document.querySelectorAll('figure svg')].length") >= 6


def test_the_other_model_has_its_page(tab, address) -> None:
    tab.open(f"{address}/?model=a-much-longer.name_0")
    shown(tab, 1)
    assert tab.evaluate("document.querySelectorAll('.bit').length") == 70
    links = tab.evaluate("[...document.querySelectorAll('nav a')].map(a => a.textContent)")
    assert links == ["small", "a-much-longer.name_0"]
    assert "share of shots" in text(tab, "#likeliest thead")  # which is no probability
    tab.click("#bit-69")
    shown(tab, 2)
    assert tab.errors == []


_PALER = """(() => {
  const linear = (v) => v <= 10.31475 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4;
  const light = (c) => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const behind = (e) => {
    const colour = e ? numbers(getComputedStyle(e).backgroundColor) : [255, 255, 255];
    return colour.length < 4 || colour[3] > 0 ? colour : behind(e.parentElement);
  };
  const hasText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll('main *')]
    .filter((e) => !e.closest('svg') && e.checkVisibility() && hasText(e))
    .map((e) => {
      const style = getComputedStyle(e);
      const [a, b] = [light(numbers(style.color)), light(behind(e))].sort((x, y) => y - x);
      return [e.textContent.slice(0, 30), (a + 0.05) / (b + 0.05), parseFloat(style.fontSize)];
    })
    .filter(([text, contrast, size]) => contrast < 4.5 || size < 12);
})()"""
"""What is paler than WCAG's 4.5 against what is behind it, or smaller than 12 pixels."""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("model", ["small", "a-much-longer.name_0"])
def test_labels_are_legible_light_and_dark_wide_and_narrow(
    tab, address, dark, width, model
) -> None:
    tab.open(f"{address}/?model={model}", dark=dark, width=width)
    shown(tab, 1)
    tab.click("#bit-1")
    shown(tab, 2)
    paper = PALETTE["paper"].dark if dark else PALETTE["paper"].light
    rgb = ", ".join(str(int(paper[i : i + 2], 16)) for i in (1, 3, 5))
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb({rgb})"
    assert tab.evaluate(_PALER) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    cut = tab.evaluate(
        "[...document.querySelectorAll('.bit')].filter(b => b.scrollWidth > b.clientWidth + 1 || "
        "b.scrollHeight > b.clientHeight + 1).map(b => b.textContent)"
    )
    assert cut == []


def test_controls_have_names_and_say_their_state(tab, address) -> None:
    tab.open(address)
    shown(tab, 1)
    tab.click("#bit-0")
    shown(tab, 2)
    names = tab.names("button")
    assert "bit 0: fixed to 1" in names
    assert any(name.startswith("bit 5: 1 with probability 0.") for name in names)
    assert all(tab.names("spinbutton"))


def test_the_page_may_run_no_other_script_and_ask_nobody_else(tab, address) -> None:
    """What its policy forbids does fail: a script put in, and a request elsewhere."""
    tab.open(address)
    shown(tab, 1)
    tab.evaluate(
        "(s => { s.textContent = 'window.broken = 1'; document.body.append(s); })"
        "(document.createElement('script'))"
    )
    assert tab.evaluate("window.broken === undefined")
    assert tab.evaluate("fetch('http://127.0.0.1:9/').then(() => 'asked', e => e.name)") == (
        "TypeError"
    )
    tab.settle()
    assert any("Content Security Policy" in error for error in tab.errors)


def test_power_pale_and_small_labels_are_seen(tab, address) -> None:
    tab.open(address)
    shown(tab, 1)
    tab.evaluate("document.querySelector('#given').style.color = '#bbb'")
    tab.evaluate("document.querySelector('h1').style.fontSize = '11px'")
    assert [each[0] for each in tab.evaluate(_PALER)] == ["small", "No bit is fixed."]
