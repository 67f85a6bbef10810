"""The columns of a comparison, filled metric by metric, and made into what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.intervals.central import Interval, central
from qdiff.comparison.scorecard import Metric

Values = Mapping[str, float]
Replicates = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """For each column, name of the metric -> its number, or its replicates.

    Attributes
    ----------
    value, training, uniform, independent_bits
        The scores of the candidate, the training shots, the uniform law and independent bits.
    intervals
        Where the mean of the candidate's score may lie; None for a known law.
    floor
        The scores of perfect samplers.
    """

    value: Values
    intervals: Mapping[str, Interval | None] | None
    floor: Replicates | None
    training: Values | None
    uniform: Values
    independent_bits: Values

    def metric(self, name: str, *, title: str, estimator: str, confidence: float) -> Metric:
        floor = None if self.floor is None else self.floor[name]
        return Metric(
            title=title,
            estimator=estimator,
            value=float(self.value[name]),
            interval=None if self.intervals is None else self.intervals[name],
            floor=None if floor is None else float(floor.mean()),
            floor_interval=None if floor is None else central(floor, confidence),
            training=None if self.training is None else float(self.training[name]),
            uniform=float(self.uniform[name]),
            independent_bits=float(self.independent_bits[name]),
        )
