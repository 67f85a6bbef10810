"""What is known of a device's numbers: a normal law about the most probable ones (Laplace)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular

from qdiff.data.bits import Floats
from qdiff.models.noisy_circuit.over_rotation import STRAIGHT, Angles
from qdiff.noise_learning.numbers import TURNS, Number, from_scale
from qdiff.noise_learning.prior import DevicePrior, design, parameters_of

_TURNED = [Number(kind) for kind in TURNS]


@dataclass(frozen=True, eq=False, kw_only=True)
class Posterior:
    """Of the parameters ``theta`` of `noise_learning.prior`: their mean and the inverse covariance.

    Attributes
    ----------
    mean, precision
        ``(d,)`` and ``(d, d)``. Without shots, 0 and the identity.
    """

    prior: DevicePrior
    parameters: tuple[Number, ...]
    mean: Floats
    precision: Floats

    @classmethod
    def of(cls, prior: DevicePrior) -> Posterior:
        """Before any shots."""
        return cls(prior=prior, parameters=(), mean=np.zeros(0), precision=np.zeros((0, 0)))

    def widened(self, numbers: Sequence[Number]) -> Posterior:
        """With the parameters of more numbers, of which nothing is known yet."""
        fresh = [p for p in parameters_of(numbers, self.prior) if p not in set(self.parameters)]
        known = len(self.parameters)
        precision = np.eye(known + len(fresh))
        precision[:known, :known] = self.precision
        return Posterior(
            prior=self.prior,
            parameters=(*self.parameters, *fresh),
            mean=np.concatenate([self.mean, np.zeros(len(fresh))]),
            precision=precision,
        )

    def drawn(self, number: int, generator: np.random.Generator) -> list[Posterior]:
        """As many with other means, drawn from this law in pairs that lie opposite each other."""
        root = np.linalg.cholesky(self.precision)
        away = generator.standard_normal((len(self.mean), (number + 1) // 2))
        moved = solve_triangular(root.T, away).T
        return [replace(self, mean=self.mean + side * each) for each in moved for side in (1, -1)][
            :number
        ]

    def carried_to(self, other: Posterior) -> Floats:
        """This mean on the scales of another prior, where that has the same parameters."""
        place = {parameter: index for index, parameter in enumerate(self.parameters)}
        mean = other.mean.copy()
        for index, parameter in enumerate(other.parameters):
            if parameter in place:
                ratio = self._spread(parameter) / other._spread(parameter)
                mean[index] = self.mean[place[parameter]] * ratio
        return mean

    @property
    def angles(self) -> Angles:
        """The most probable over-rotations."""
        if not self.prior.turns:
            return STRAIGHT
        one, two, virtual = self.values(_TURNED).tolist()
        return one, two, virtual

    def turned_to(self, angles: Angles) -> Posterior:
        """With other over-rotations."""
        known = self.widened(_TURNED)
        mean = known.mean.copy()
        for number, angle in zip(_TURNED, angles, strict=True):
            away = angle - known.prior.expected(number)
            mean[known.parameters.index(number)] = away / known._spread(number)
        return replace(known, mean=mean)

    def values(self, numbers: Sequence[Number]) -> Floats:
        """The most probable values on the scales of learning, ``(k,)``."""
        expected, matrix = design(numbers, self.parameters, self.prior)
        return np.asarray(expected + matrix @ self.mean)

    def covariance(self, numbers: Sequence[Number]) -> Floats:
        """Of the same values, ``(k, k)``; the own parts of numbers never seen included."""
        known = self.widened(numbers)
        _, matrix = design(numbers, known.parameters, known.prior)
        return np.asarray(matrix @ np.linalg.solve(known.precision, matrix.T))

    def value(self, number: Number) -> float:
        """The most probable value of a number."""
        return from_scale(number.kind, float(self.values([number])[0]))

    def _spread(self, parameter: Number) -> float:
        return self.prior.spreads(parameter)[1 if parameter.qubits else 0]
