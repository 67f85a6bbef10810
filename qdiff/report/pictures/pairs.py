"""Pairwise correlations as heat maps, and where laws differ in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qdiff.data.bits import Floats
from qdiff.report.pictures.heat import heat_panel, largest
from qdiff.report.pictures.picture import Picture
from qdiff.report.pictures.views import View

_SIZE = (3.9, 3.4)

_NEVER_CHANGES = 1e-12
"""A variance below this is rounding."""


def pairs_picture(views: Sequence[View], pairs: Sequence[Floats]) -> Picture:
    """Pearson's coefficient of every two bits by each of `views`, and differences from the first.

    `pairs` are what the views' `View.pairs` gave.
    """
    found = [correlations(both) for both in pairs]
    limit = largest(np.array(found), at_least=1e-6)
    panels = [
        heat_panel(
            values,
            alt=f"Heat map: correlations of all pairs of bits by {view.label}.",
            title=view.label,
            scale="correlation",
            limit=limit,
            size=_SIZE,
        )
        for view, values in zip(views, found, strict=True)
    ]
    first = views[0].label
    off = [values - found[0] for values in found[1:]]
    limit = largest(np.array(off), at_least=1e-6)
    panels += [
        heat_panel(
            values,
            alt=f"Heat map: correlations by {view.label} less those by {first}.",
            title=f"{view.label} − {first}",
            scale="difference",
            limit=limit,
            size=_SIZE,
        )
        for view, values in zip(views[1:], off, strict=True)
    ]
    return Picture(
        name="pairs",
        title="Pairs of bits",
        caption="Orange: the two bits tend to agree; blue: they tend to differ; empty: "
        "independent, or a bit that never changes. Differences have a scale of their own: those "
        "of raw shots are what chance alone does, about one over the root of their number, and a "
        "good surrogate's are paler.",
        panels=tuple(panels),
    )


def correlations(both: Floats) -> Floats:
    """Pearson's coefficient of every pair of bits, from how likely both are 1, ``(n, n)``.

    NaN on the diagonal, and for a bit that never changes, which has none.
    """
    ones = np.diagonal(both)
    variance = ones * (1 - ones)
    spread = np.sqrt(np.where(variance > _NEVER_CHANGES, variance, 0))
    scale = np.outer(spread, spread)
    found = np.full_like(both, np.nan)
    np.divide(both - np.outer(ones, ones), scale, out=found, where=scale > 0)
    np.fill_diagonal(found, np.nan)
    return found
