"""The pictures of a report: drawn once, shown in light and dark, saved as PNG or SVG.

A `Drawing` says what is drawn, from `View`s of laws and shots, one file a picture; `canvas` makes
SVG and files of it. Where there are too many bits for a table, the same pictures come from shots.
"""

from __future__ import annotations

from collections.abc import Sequence

from qdiff.errors import InputError
from qdiff.report.pictures.canvas import SUFFIXES, inline, save_picture
from qdiff.report.pictures.circuit import circuit_drawing
from qdiff.report.pictures.drawing import Drawing, Numbers, Panel
from qdiff.report.pictures.marginals import marginals_drawing
from qdiff.report.pictures.pairs import pairs_drawing
from qdiff.report.pictures.palette import PALETTE, Role
from qdiff.report.pictures.ranks import ranks_drawing
from qdiff.report.pictures.spectrum import spectrum_drawing
from qdiff.report.pictures.strings import TOP_STRINGS, strings_drawing
from qdiff.report.pictures.training import training_drawing
from qdiff.report.pictures.views import View, view

__all__ = [
    "NAMES",
    "PALETTE",
    "SUFFIXES",
    "TOP_STRINGS",
    "Drawing",
    "Numbers",
    "Panel",
    "Role",
    "View",
    "circuit_drawing",
    "draw",
    "inline",
    "save_picture",
    "training_drawing",
    "view",
]

NAMES = ("strings", "ranks", "spectrum", "marginals", "pairs", "circuit", "training")
"""The short names of all drawings."""


def draw(views: Sequence[View]) -> tuple[Drawing, ...]:
    """The pictures of a comparison: strings, ranks, weights, single bits, pairs of bits.

    `views` come the most trusted first: strings are ordered by the first, and differences are
    from it. At any number of bits.

    Raises `InputError` for no views, for two of one role, and for views of different bits.
    """
    if not views:
        raise InputError("there is nothing to draw")
    if len({view.role for view in views}) < len(views):
        raise InputError(f"two views have the same role: {[str(view.role) for view in views]}")
    for other in views[1:]:
        if other.num_bits != views[0].num_bits:
            raise InputError(
                f"{views[0].label} has {views[0].num_bits} bits, {other.label} {other.num_bits}"
            )
    pairs = [view.pairs() for view in views]
    return (
        strings_drawing(views),
        ranks_drawing(views),
        spectrum_drawing(views),
        marginals_drawing(views, pairs),
        pairs_drawing(views, pairs),
    )
