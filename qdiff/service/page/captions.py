"""How to read the pictures of one law alone: the report's captions compare several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qdiff.report.pictures.picture import Picture
from qdiff.report.pictures.views import View

_OF_A_TABLE = {
    "strings": "The likeliest strings and their probabilities, exact; bit 0 is the rightmost. "
    "The numbers below have the strings as text.",
    "ranks": "The probabilities of all strings from the largest to the smallest, exact. Which "
    "string has which rank is not shown.",
    "spectrum": "How likely a string has so many ones, exact.",
    "marginals": "Orange: the bit is 1 more often than 0; blue: less often. Exact.",
    "pairs": "Orange: the two bits tend to agree; blue: they tend to differ; empty: independent, "
    "or a bit that never changes. Exact.",
}

_OF_SHOTS = {
    "strings": "The strings that are most frequent among {shots} shots of the surrogate, each with "
    "its own probability; likelier ones may be missing. Bit 0 is the rightmost. The numbers below "
    "have the strings as text.",
    "ranks": "Frequencies of strings among {shots} shots of the surrogate, from the largest to the "
    "smallest: they go down in steps and end at one shot. Which string has which rank is not "
    "shown.",
    "spectrum": "How many of {shots} shots of the surrogate have so many ones, as a share.",
    "marginals": "Orange: the bit is 1 more often than 0; blue: less often. Estimated from {shots} "
    "shots of the surrogate.",
    "pairs": "Orange: the two bits tend to agree; blue: they tend to differ; empty: independent, "
    "or a bit that never changes. Estimated from {shots} shots of the surrogate: chance alone "
    "gives about one over the root of their number.",
}


_LINES = " Thin lines are one standard error."
_OF_FREQUENCIES = _OF_SHOTS | {
    "strings": "The strings that are most frequent among {shots} shots of the surrogate, with "
    "their share of them; bit 0 is the rightmost. The numbers below have the strings as text."
    + _LINES,
    "spectrum": _OF_SHOTS["spectrum"] + _LINES,
}
"""Where no string's own probability is known."""


def captioned(picture: Picture, view: View, *, shots: int | None) -> Picture:
    """A picture of a surrogate alone, from its table, or from so many shots of it."""
    texts = _OF_A_TABLE
    if shots is not None:
        texts = _OF_SHOTS if view.error(np.full(1, 0.5)) is None else _OF_FREQUENCIES
    return replace(picture, caption=texts[picture.name].format(shots=f"{shots or 0:,}"))
