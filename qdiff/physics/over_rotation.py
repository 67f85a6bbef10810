"""Gates that turn too far: one relative angle for one-qubit gates and one for two-qubit gates.

The ideal law of the over-rotated program takes the place of ``P_0``, and the angle is scanned. Laws
after errors keep the right angle meanwhile, which is of second order.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar

from qdiff.physics.dictionary import Dictionary
from qdiff.physics.noisy_model import PriorConfig
from qdiff.physics.noisy_prior import FittedPrior, fit_prior, surprise
from qdiff.physics.program import Program
from qdiff.physics.statevector import ideal_law
from qdiff.shots import Shots

Angles = tuple[float, float]
"""``U^(1 + a)`` for gates on one qubit, ``U^(1 + b)`` for gates on two."""

_GRID = (-0.06, -0.03, -0.015, 0.0, 0.015, 0.03, 0.06)
_REFINED = 8
_WORTH = 2.0
"""Nats that an angle must bring on the training shots."""


def scanned(
    program: Program,
    dictionary: Dictionary,
    fitted: FittedPrior,
    shots: Shots,
    config: PriorConfig,
) -> tuple[Angles, FittedPrior]:
    """The angles of largest posterior density, and the fit there; zero where none is worth it.

    First one angle for all gates, then either alone, each time the other parameters as they are.
    """

    def with_angles(angles: Angles) -> Dictionary:
        return dictionary.with_ideal(ideal_law(program.over_rotated(*angles)))

    def cost(angles: Angles) -> float:
        return surprise(with_angles(angles), shots, config, fitted.values)

    straight = fitted
    angles: Angles = (0.0, 0.0)
    for direction in ((1.0, 1.0), (0.0, 1.0), (1.0, 0.0)):
        step = _best_step(cost, angles, direction)
        moved = (angles[0] + step * direction[0], angles[1] + step * direction[1])
        if step and cost(moved) < cost(angles) - _WORTH:
            angles = moved
            fitted = fit_prior(with_angles(angles), shots, config, fitted.values)
    worth_it = fitted.objective < straight.objective - _WORTH
    return (angles, fitted) if any(angles) and worth_it else ((0.0, 0.0), straight)


def _best_step(cost, start: Angles, direction: Angles) -> float:  # type: ignore[no-untyped-def]
    """Grid, then Brent's method between the neighbours of the best point."""

    def along(step: float) -> float:
        return float(cost((start[0] + step * direction[0], start[1] + step * direction[1])))

    values = [along(step) for step in _GRID]
    best = int(np.argmin(values))
    if best in (0, len(_GRID) - 1):
        return _GRID[best]
    bounds = _GRID[best - 1], _GRID[best + 1]
    found = minimize_scalar(
        along, bounds=bounds, method="bounded", options={"maxiter": _REFINED, "xatol": 1e-4}
    )
    return float(found.x) if found.fun < values[best] else _GRID[best]
