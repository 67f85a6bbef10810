"""The pictures of a comparison: what is drawn of the same few views, one file a picture.

A `View` answers what a picture asks of a law or of shots; a `Picture` says what is drawn from
views; `rendering` makes SVG and files of it, shown in light and dark. Where there are too many bits
for a table, the same pictures come from shots.
"""

from __future__ import annotations

from collections.abc import Sequence

from qdiff.errors import InputError
from qdiff.report.pictures.curves import ranks_picture, spectrum_picture
from qdiff.report.pictures.marginals import marginals_picture
from qdiff.report.pictures.pairs import pairs_picture
from qdiff.report.pictures.picture import Picture
from qdiff.report.pictures.strings import strings_picture
from qdiff.report.pictures.views import View

NAMES = ("strings", "ranks", "spectrum", "marginals", "pairs", "circuit", "training")
"""The short names of all pictures that a page may have."""


def comparison_pictures(views: Sequence[View]) -> tuple[Picture, ...]:
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
        strings_picture(views),
        ranks_picture(views),
        spectrum_picture(views),
        marginals_picture(views, pairs),
        pairs_picture(views, pairs),
    )
