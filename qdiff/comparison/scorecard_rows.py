"""The rows of a scorecard: one metric beside what it must be read against, filled from columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite, isinf, isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.intervals.central import Interval, central
from qdiff.plotting.floors import Row

Values = Mapping[str, float]
Replicates = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of a comparison. Infinite and NaN (undefined) values are allowed.

    Attributes
    ----------
    title, estimator
        What it is, and how `value` was got from the candidate.
    value
        The candidate's score.
    interval
        Where `value` lies when the experiment is repeated: its mean over repetitions at the same
        number of shots, with the comparison's confidence. None for a law, whose value is exact.
    floor, floor_interval
        Mean and central range of the same estimator for a perfect sampler at that many shots.
        None for a law without training shots.
    training, uniform, independent_bits
        The scores of the raw training histogram, the uniform law, and independent bits.
    if_infinite
        What an infinite value means.
    """

    title: str
    estimator: str
    value: float
    interval: Interval | None = None
    floor: float | None = None
    floor_interval: Interval | None = None
    training: float | None = None
    uniform: float
    independent_bits: float
    if_infinite: str = "infinite: there is mass where the other law has none"

    @property
    def note(self) -> str | None:
        """Why the value is not an ordinary number, if it is not."""
        if isnan(self.value):
            return "undefined: the normaliser vanishes or the reference has zeros"
        if isinf(self.value):
            return self.if_infinite
        return None

    def to_dict(self) -> dict[str, Any]:
        """As JSON: infinities as the text ``"inf"``, undefined and missing numbers as null."""
        return {
            "title": self.title,
            "value": _json(self.value),
            "interval": _json_interval(self.interval),
            "floor": _json(self.floor),
            "floor_interval": _json_interval(self.floor_interval),
            "training": _json(self.training),
            "uniform": _json(self.uniform),
            "independent_bits": _json(self.independent_bits),
            "estimator": self.estimator,
            "note": self.note,
        }

    def to_record(self) -> dict[str, Any]:
        """One flat row of plain numbers, infinities and NaN as they are."""
        low, high = self.interval or (None, None)
        floor_low, floor_high = self.floor_interval or (None, None)
        return {
            "title": self.title,
            "value": self.value,
            "interval_low": low,
            "interval_high": high,
            "floor": self.floor,
            "floor_low": floor_low,
            "floor_high": floor_high,
            "training": self.training,
            "uniform": self.uniform,
            "independent_bits": self.independent_bits,
            "estimator": self.estimator,
        }

    def row(self) -> Row:
        """What a picture shows of it: over the mean of the floor, where there is one."""
        unit = self.floor if self.floor and isfinite(self.floor) else 1.0

        def scaled(interval: Interval | None) -> Interval | None:
            return None if interval is None else (interval[0] / unit, interval[1] / unit)

        return Row(
            name=self.title,
            value=self.value / unit,
            interval=scaled(self.interval),
            floor=scaled(self.floor_interval),
            training=None if self.training is None else self.training / unit,
        )


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The same by column: name of the metric -> its number, or its replicates.

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
        """The row of one metric."""
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


def _json(value: float | None) -> float | str | None:
    if value is None or isnan(value):
        return None
    return value if isfinite(value) else ("inf" if value == inf else "-inf")


def _json_interval(interval: Interval | None) -> list[float | str | None] | None:
    return None if interval is None else [_json(end) for end in interval]
