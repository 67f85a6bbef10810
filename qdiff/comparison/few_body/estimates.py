"""Few-body distances estimated from shots: their floor, where their means may lie, their rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.few_body.distances import DISTANCES, distance_values
from qdiff.comparison.few_body.moments import Moments, of_table, row_sums
from qdiff.comparison.few_body.z_string_sets import Layout
from qdiff.comparison.intervals.central import Interval, within
from qdiff.comparison.intervals.inverted_tests import interval, steps
from qdiff.comparison.scorecard_rows import Columns, Metric
from qdiff.data import bits as bitorder
from qdiff.data.bits import Floats
from qdiff.data.distribution import draw_counts
from qdiff.data.shots import Shots
from qdiff.models.baselines.counting import ProductLaw

_CELLS = 2.5e11
_FEWEST_REPLICATES = 40

_WIDENED = 9 / 8
"""The spread of a score depends on the direction of the errors, which is not known: along the
observed ones it can be a seventh too small. So intervals are wider; docs/metrics.md has by what."""


def columns(
    moments: tuple[Moments, Moments],
    training: Shots | None,
    independent: ProductLaw,
    *,
    intervals: Mapping[str, Interval | None] | None,
    floor: Mapping[str, Floats] | None,
) -> Columns:
    """The distances of the candidate from the reference, beside what they are read against."""
    ours, theirs = moments

    def away(other: Moments) -> dict[str, float]:
        return distance_values(theirs.layout, other.vector - theirs.vector)

    coins = np.full(theirs.layout.num_bits, 0.5)
    return Columns(
        value=away(ours),
        intervals=intervals,
        floor=floor,
        training=None if training is None else away(Moments.of(training)),
        uniform=away(Moments.of_independent_bits(coins)),
        independent_bits=away(Moments.of_independent_bits(independent.one)),
    )


def table_replicates(
    layout: Layout, law: Floats, shots: int, times: int, generator: np.random.Generator
) -> Floats:
    """Few-body statistics of `times` sets of `shots` draws from a table, ``(times, size)``."""
    return np.stack(
        [_of_counts(layout, draw_counts(law, shots, generator)) / shots for _ in range(times)]
    )


def _of_counts(layout: Layout, counts: NDArray[np.int64]) -> Floats:
    """Sums over the shots of a table of counts, by whichever of two routes is shorter."""
    seen = np.flatnonzero(counts)
    if len(seen) * 32 > len(counts):
        return of_table(layout, counts.astype(np.float64))
    rows = bitorder.unpack(bitorder.from_indices(seen), layout.num_bits)
    return np.asarray(row_sums(layout, rows, counts[None, seen])[0])


def intervals(
    layout: Layout, difference: Floats, noise: Floats, confidence: float
) -> dict[str, Interval | None]:
    """Where each distance's mean over repeated experiments may lie.

    `difference` is the observed one, ``(size,)``, and `noise` replicates of its noise,
    ``(R, size)``. The path are the multiples of the observed difference, with the same noise.
    """
    found = {}
    for name, distance in DISTANCES.items():
        if distance.order > layout.num_bits:
            continue
        function = partial(distance.function, layout)
        value, none = float(function(difference)), function(noise)
        along = steps(value**2, none**2, function(difference + noise) ** 2)
        path = np.stack([function(step * difference + noise) for step in along])
        between = interval(value, none, path, confidence, from_none=along[0] == 0, widened=_WIDENED)
        found[name] = between and within(between, (0.0, distance.high))
    return found


def affordable_over_rows(resamples: int, rows: int, size: int) -> int:
    """`resamples`, or fewer where there are many rows and strings, but not below 40."""
    return min(resamples, max(_FEWEST_REPLICATES, int(_CELLS // max(rows * size, 1))))


def listed(
    columns: Columns, layout: Layout, *, confidence: float, known: bool
) -> dict[str, Metric]:
    """The distances as a comparison lists them; `known` if neither side is estimated."""
    estimator = "exact, from both laws" if known else "frequencies of the shots, biased upwards"
    found = {}
    for name in columns.value:
        distance = DISTANCES[name]
        strings = len(layout.strings[distance.order - 1])
        existing = layout.existing[distance.order - 1]
        some = f"; {strings:,} of {existing:,}, drawn at random" if strings < existing else ""
        found[name] = columns.metric(
            name, title=distance.title, estimator=estimator + some, confidence=confidence
        )
    return found
