"""The columns of a comparison, filled metric by metric, and made into what is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison import intervals
from qdiff.comparison.scorecard import Interval, Metric

Values = Mapping[str, float]
Replicates = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """For each column, name of the metric -> its number, or its replicates.

    Attributes
    ----------
    value, training, uniform, independent_bits
        The scores of the candidate, the training shots, the uniform law and independent bits.
    scatter
        Deviations of the candidate's score from its mean over repetitions; None for a known law.
    floor
        The scores of perfect samplers.
    replicates
        How many independent draws `scatter` and `floor` rest on.
    """

    value: Values
    scatter: Replicates | None
    floor: Replicates | None
    training: Values | None
    uniform: Values
    independent_bits: Values
    replicates: int

    def metric(
        self, name: str, *, title: str, estimator: str, bounds: Interval, confidence: float
    ) -> Metric:
        scatter = None if self.scatter is None else self.scatter[name]
        floor = None if self.floor is None else self.floor[name]
        return Metric(
            title=title,
            estimator=estimator,
            value=float(self.value[name]),
            interval=None
            if scatter is None
            else intervals.about(
                float(self.value[name]), scatter, confidence, bounds, independent=self.replicates
            ),
            floor=None if floor is None else float(floor.mean()),
            floor_interval=None if floor is None else intervals.central(floor, confidence),
            training=None if self.training is None else float(self.training[name]),
            uniform=float(self.uniform[name]),
            independent_bits=float(self.independent_bits[name]),
        )
