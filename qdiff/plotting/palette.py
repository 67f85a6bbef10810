"""The colours of pictures and page, light and dark, in one place.

Pictures are drawn in the light colours. On a page each becomes the CSS variable of its name, so
that a drawing follows the reader's setting without being drawn twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a law or a set of shots is in a comparison; each role has a colour."""

    REFERENCE = "reference"
    CANDIDATE = "candidate"
    RAW = "raw"


@dataclass(frozen=True)
class Color:
    """One colour of the palette, as ``#rrggbb``."""

    light: str
    dark: str


PALETTE = {
    "paper": Color("#ffffff", "#0f1419"),
    "panel": Color("#f5f6f8", "#181f27"),
    "ink": Color("#1b1f24", "#e6edf3"),
    "quiet": Color("#57606a", "#9aa7b4"),
    "rule": Color("#d0d7de", "#303a45"),
    "reference": Color("#6e7781", "#aab4be"),
    "candidate": Color("#0969da", "#58a6ff"),
    "raw": Color("#c2570c", "#f0883e"),
}

LESS, MORE = "#2f7fe0", "#dd6b20"
"""The two ends of heat maps: their cells are see-through images, the same in light and dark."""


def light(name: str) -> str:
    """The light colour that a picture is drawn in."""
    return PALETTE[name].light


def style_sheet() -> str:
    """The palette as CSS variables, which follow ``color-scheme`` where a browser can."""
    plain = "".join(f"--{name}: {color.light}; " for name, color in PALETTE.items())
    both = "".join(
        f"--{name}: light-dark({color.light}, {color.dark}); " for name, color in PALETTE.items()
    )
    return (
        f":root {{ {plain}}}\n@supports (color: light-dark(#000, #fff)) {{ :root {{ {both}}} }}\n"
    )
