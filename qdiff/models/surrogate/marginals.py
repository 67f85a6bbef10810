"""The marginal of a surrogate where there is no table of all bits: drawn from, or exact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.registers import Register
from qdiff.data.shots import Shots
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.surrogate.part import Part, Parts, Weights

_NETWORKS = (Part.DIFFUSION, Part.RECURRENT)
"""Parts that have no exact marginals beyond the reach of a table."""


def estimated_marginal(
    parts: Parts,
    weights: Weights,
    bits: Sequence[int],
    shots: int,
    registers: Sequence[Register],
    generator: np.random.Generator,
) -> tuple[Floats, Floats | None]:
    """The marginal of some bits, ``(2^k,)``, and its standard error where networks were drawn from.

    Networks bring the frequencies among `shots` draws from each, without bias; other parts are
    exact, and alone they leave no error, which is None then.
    """
    table, variance = np.zeros(1 << len(bits)), np.zeros(1 << len(bits))
    for part, law in parts.items():
        weight = weights[part]
        if part not in _NETWORKS:
            table += weight * law.marginal(bits)
            continue
        words, counts = law.draw(shots, generator)
        drawn = Shots.from_words(words, counts, registers=registers)
        frequencies = HistogramLaw(drawn).marginal(bits)
        table += weight * frequencies
        # half a draw more, so that what was not drawn is not called certain
        rounded = (frequencies * shots + 0.5) / (shots + 1)
        variance += weight**2 * rounded * (1 - rounded) / shots
    return table, np.sqrt(variance) if variance.any() else None
