"""Where a family was measured, and how a network is told of a point in there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qdiff.data.argument_checks import check_flag, check_list, is_number, shown
from qdiff.data.bits import Floats
from qdiff.errors import InputError

Values = Mapping[str, float] | Sequence[float] | Floats
"""Values of the parameters: by name, or in the order of the names."""

HARMONICS = 3
"""Sines and cosines of so many multiples of each parameter."""

_ROUNDING = 1e-9
"""How far beyond the edge a point may lie, relative to the width."""

STRENGTH = "strength"


@dataclass(frozen=True, eq=False, kw_only=True)
class Box:
    """The smallest box around the points of a family.

    Attributes
    ----------
    names
        The parameters.
    points
        ``(k, parameters + 1)``: values, and the logarithm of the noise's strength.
    """

    names: tuple[str, ...]
    points: Floats

    @classmethod
    def around(cls, names: Sequence[str], values: Floats, strengths: Floats) -> Box:
        """The box of points ``(k, parameters)`` and strengths ``(k,)``."""
        return cls(names=tuple(names), points=np.column_stack([values, np.log(strengths)]))

    @cached_property
    def low(self) -> Floats:
        return np.asarray(self.points.min(axis=0))

    @cached_property
    def high(self) -> Floats:
        return np.asarray(self.points.max(axis=0))

    @property
    def num_features(self) -> int:
        """How many numbers `features` makes of a point."""
        return len(self.low) + 2 * HARMONICS * len(self.names)

    def point(self, values: Values, strength: float | None, *, force: bool = False) -> Floats:
        """One point, checked. Raises `InputError` for one outside the box unless `force`."""
        if isinstance(values, Mapping):
            if {*values} != {*self.names}:
                raise InputError(f"the parameters are {self._listed}; got {[*values]}")
            values = [values[name] for name in self.names]
        numbers = [_number(value) for value in check_list(values, "values")]
        if len(numbers) != len(self.names) or not np.isfinite(numbers).all():
            raise InputError(f"finite values of {self._listed} are needed, got {numbers}")
        point = np.array([*numbers, self._log_strength(strength)])
        if not check_flag(force, "force"):
            self._check_inside(point)
        return point

    def features(self, points: Floats) -> NDArray[np.float32]:
        """What a network is told: numbers of order one, ``(k, num_features)``.

        Where in the box a point lies, from -1 to 1, and sines and cosines of its parameters, which
        are angles as a rule; of one that turns by more than once in the box, sines and cosines
        along the box.
        """
        width = self.high - self.low
        within = 2 * (points - self.low) / np.where(width > 0, width, 1) - (width > 0)
        wide = width[:-1] > 2 * np.pi * (1 + _ROUNDING)
        angles = np.where(wide, np.pi * within[:, :-1], points[:, :-1])
        waves = [wave(k * angles) for k in range(1, HARMONICS + 1) for wave in (np.sin, np.cos)]
        return np.concatenate([within, *waves], axis=1).astype(np.float32)

    def spread(self, uniform: Floats) -> Floats:
        """Points of the box from numbers between 0 and 1, ``(k, parameters + 1)``."""
        return np.asarray(self.low + (self.high - self.low) * uniform)

    def within(self, points: Floats) -> Floats:
        """Where in the box points lie, from 0 to 1 in each direction that it extends in."""
        width = self.high - self.low
        return np.asarray((points - self.low)[:, width > 0] / width[width > 0])

    def shown(self, point: Floats) -> str:
        """A point for people."""
        pairs = zip((*self.names, STRENGTH), (*point[:-1], np.exp(point[-1])), strict=True)
        return ", ".join(f"{name}={value:.6g}" for name, value in pairs)

    @property
    def _listed(self) -> str:
        return ", ".join(self.names)

    def _log_strength(self, strength: float | None) -> float:
        if strength is None and self.low[-1] == self.high[-1]:
            return float(self.low[-1])
        if strength is None:
            raise InputError(
                f"how strong is the noise? Trained from strength={np.exp(self.low[-1]):.4g} to "
                f"{np.exp(self.high[-1]):.4g}"
            )
        if not is_number(strength) or not 0 < strength < np.inf:
            raise InputError(f"strength must be a positive number, got {shown(strength)}")
        return float(np.log(float(strength)))

    def holds(self, point: Floats) -> bool:
        """Whether a point lies in the box, up to rounding."""
        return not self._outside(point).any()

    def _outside(self, point: Floats) -> NDArray[np.bool_]:
        margin = _ROUNDING * np.maximum(self.high - self.low, 1)
        return np.asarray((point < self.low - margin) | (point > self.high + margin))

    def _check_inside(self, point: Floats) -> None:
        outside = self._outside(point)
        if not outside.any():
            return
        place = int(np.flatnonzero(outside)[0])
        value, low, high = (float(each[place]) for each in (point, self.low, self.high))
        if place == len(self.names):
            value, low, high = np.exp([value, low, high]).tolist()
        name = (*self.names, STRENGTH)[place]
        raise InputError(
            f"{name}={value:.6g} is outside of what the family was trained on, {low:.6g} to "
            f"{high:.6g}; add points there, or force=True to extrapolate"
        )


def _number(value: object) -> float:
    if not is_number(value):
        raise InputError(f"values of parameters must be numbers, got {shown(value)}")
    return float(value)
