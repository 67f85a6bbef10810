"""Marginals: how likely each bit is 1, and where laws differ in that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qdiff.data.bits import Floats
from qdiff.report.pictures.heat import heat_panel, largest
from qdiff.report.pictures.picture import Numbers, Picture
from qdiff.report.pictures.views import View


def marginals_picture(views: Sequence[View], pairs: Sequence[Floats]) -> Picture:
    """``P(bit = 1)``, a row a view, and the differences from the first of `views`.

    `pairs` are what the views' `View.pairs` gave.
    """
    ones = np.array([np.diagonal(both) for both in pairs])
    first, *others = names = [view.label for view in views]
    panels = [
        heat_panel(
            ones - 0.5,
            alt=f"Heat map: the probability that each bit is 1; {', '.join(names)}.",
            title="How likely each bit is 1",
            scale="P(1) − ½",
            limit=0.5,
            size=(5.2, 1.3 + 0.28 * len(names)),
            rows=names,
        )
    ]
    if others:
        off = ones[1:] - ones[0]
        panels.append(
            heat_panel(
                off,
                alt=f"Heat map: by how much the bits' probabilities differ from those of {first}; "
                f"{', '.join(others)}.",
                title=f"Difference from {first}",
                scale="difference",
                limit=largest(off, at_least=1e-6),
                size=(5.2, 1.3 + 0.28 * len(others)),
                rows=others,
            )
        )
    return Picture(
        name="marginals",
        title="Single bits",
        caption="Orange: the bit is 1 more often than 0, or more often than by "
        f"{first}; blue: less often. The second map has a scale of its own, since differences "
        "are small; what shots show there by chance has the size of their standard error, "
        "and a model should show no more.",
        panels=tuple(panels),
        numbers=Numbers.of("bit", names, [*map(str, range(views[0].num_bits))], ones),
    )
