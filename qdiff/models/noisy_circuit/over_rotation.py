"""Gates that turn too far: one relative angle for each kind of gate.

The ideal law of the over-rotated program takes the place of ``P_0``, and the angles are scanned.
Laws after errors keep the right angles meanwhile, which is of second order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar

from qdiff.data.shots import Shots
from qdiff.models.noisy_circuit.history_laws import Dictionary
from qdiff.models.noisy_circuit.noise_likelihood import PriorConfig
from qdiff.models.noisy_circuit.noise_posterior import FittedPrior, fit_prior, surprise
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.noisy_circuit.statevector import ideal_law

Angles = tuple[float, float, float]
"""``U^(1 + a)`` for gates on one qubit, on two, and for those that devices do in software."""

STRAIGHT: Angles = (0.0, 0.0, 0.0)

_TOGETHER: tuple[Angles, ...] = ((1, 1, 0), (1, 1, 1))
_APART: tuple[Angles, ...] = ((0, 1, 0), (1, 0, 0), (0, 0, 1))
_GRID = (-0.06, -0.03, -0.015, 0.0, 0.015, 0.03, 0.06)
_REFINED = 8
_WORTH = 2.0
"""Nats that an angle must bring on the training shots."""

Cost = Callable[[Angles], float]


def scanned(
    program: Program, dictionary: Dictionary, fitted: FittedPrior, shots: Shots, config: PriorConfig
) -> tuple[Angles, FittedPrior]:
    """The angles of largest posterior density, and the fit there; zero where none is worth it.

    First one angle for all gates, with or without those done in software, then each kind alone,
    every time with the other parameters as they are.
    """

    def with_angles(angles: Angles) -> Dictionary:
        return dictionary.with_ideal(ideal_law(program.over_rotated(*angles)))

    def cost(angles: Angles) -> float:
        return surprise(with_angles(angles), shots, config, fitted.values)

    straight = fitted
    best, best_cost = STRAIGHT, cost(STRAIGHT)
    for directions in (_TOGETHER, *((each,) for each in _APART)):
        tried = [_moved(cost, best, each) for each in directions if _turns(program, each)]
        found = min(tried, key=lambda item: item[1], default=(best, best_cost))
        if found[1] < best_cost - _WORTH:
            best = found[0]
            fitted = fit_prior(with_angles(best), shots, config, fitted.values)
            best_cost = cost(best)
    worth_it = fitted.objective < straight.objective - _WORTH
    return (best, fitted) if worth_it else (STRAIGHT, straight)


def turned_again(first: Angles, then: Angles) -> Angles:
    """The angles of a program that was over-rotated twice: ``(1 + a) (1 + b) - 1``."""
    one, two, virtual = ((1 + a) * (1 + b) - 1 for a, b in zip(first, then, strict=True))
    return one, two, virtual


def _turns(program: Program, direction: Angles) -> bool:
    """Whether the program has gates of the kind that only this direction turns."""
    if direction[2]:
        return any(gate.virtual for gate in program.gates)
    sizes = {len(gate.qubits) for gate in program.gates if not gate.virtual}
    return any(direction[size - 1] for size in sizes)


def _moved(cost: Cost, start: Angles, direction: Angles) -> tuple[Angles, float]:
    """The best point along a direction: a grid, then Brent's method between its neighbours."""

    def along(step: float) -> Angles:
        one, two, virtual = (a + step * d for a, d in zip(start, direction, strict=True))
        return one, two, virtual

    values = [cost(along(step)) for step in _GRID]
    best = int(np.argmin(values))
    if best in (0, len(_GRID) - 1):
        return along(_GRID[best]), values[best]
    bounds = _GRID[best - 1], _GRID[best + 1]
    found = minimize_scalar(
        lambda step: cost(along(step)),
        bounds=bounds,
        method="bounded",
        options={"maxiter": _REFINED, "xatol": 1e-4},
    )
    if found.fun < values[best]:
        return along(float(found.x)), float(found.fun)
    return along(_GRID[best]), values[best]
