"""The shots of several circuits together: independent given the numbers, so likelihoods multiply.

What was learned from earlier circuits is the prior of what later ones teach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy.linalg import solve_triangular
from scipy.optimize import minimize

from qdiff.data.bits import Floats
from qdiff.noise_learning.likelihood import CircuitLikelihood
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prior import design

_STEPS = 80


class JointLikelihood:
    """Several circuits' shots, given what was `known` before them."""

    def __init__(self, likelihoods: Sequence[CircuitLikelihood], known: Posterior) -> None:
        self.likelihoods = likelihoods
        self.known = known.widened([number for each in likelihoods for number in each.numbers])
        parameters, prior = self.known.parameters, known.prior
        self._designs = [design(each.numbers, parameters, prior) for each in likelihoods]

    def most_probable(self, start: Posterior, local: Sequence[Floats] | None = None) -> Floats:
        """Parameters of largest posterior density, by L-BFGS from `start`. Deterministic.

        It moves in coordinates in which the information, `local` or else that at the start, makes
        the posterior round: some ten steps then do.
        """
        origin = start.carried_to(self.known)
        near = self.local_information(origin) if local is None else local
        root = np.linalg.cholesky(self.known.precision + self.information(near))

        def surprise(away: Floats) -> tuple[float, Floats]:
            value, gradient = self._surprise(origin + solve_triangular(root.T, away))
            return value, solve_triangular(root, gradient, lower=True)

        found = minimize(
            surprise,
            np.zeros(len(origin)),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": _STEPS, "maxcor": 20, "ftol": 1e-9},
        )
        return np.asarray(origin + solve_triangular(root.T, found.x))

    def posterior(self, mean: Floats, information: Floats | float = 0.0) -> Posterior:
        """What was known, and the information of the shots about the most probable parameters."""
        return replace(self.known, mean=mean, precision=self.known.precision + information)

    def local_information(self, mean: Floats) -> list[Floats]:
        """Fisher information of each circuit's shots about its own numbers."""
        return [
            each.information(expected + matrix @ mean)
            for each, (expected, matrix) in zip(self.likelihoods, self._designs, strict=True)
        ]

    def information(self, local: Sequence[Floats]) -> Floats:
        """What that says about the parameters, ``(d, d)``."""
        total = np.zeros_like(self.known.precision)
        for own, (_, matrix) in zip(local, self._designs, strict=True):
            total += matrix.T @ own @ matrix
        return total

    def log_evidence(self, mean: Floats, local: Sequence[Floats]) -> float:
        """Of the shots, parameters integrated out by Laplace's approximation (MacKay, 1992)."""
        before = np.linalg.slogdet(self.known.precision)[1]
        after = np.linalg.slogdet(self.known.precision + self.information(local))[1]
        return float(-self.surprise(mean) + 0.5 * (before - after))

    def log_seen(self, mean: Floats) -> list[Floats]:
        """The log-probability of each circuit's distinct strings."""
        with torch.no_grad():
            return [
                each.log_seen(torch.from_numpy(expected + matrix @ mean)).numpy()
                for each, (expected, matrix) in zip(self.likelihoods, self._designs, strict=True)
            ]

    def surprise(self, mean: Floats) -> float:
        """Minus the log posterior density up to a constant."""
        return self._surprise(mean)[0]

    def _surprise(self, mean: Floats) -> tuple[float, Floats]:
        """And its gradient."""
        away = mean - self.known.mean
        gradient = self.known.precision @ away
        total = 0.5 * float(away @ gradient)
        for each, (expected, matrix) in zip(self.likelihoods, self._designs, strict=True):
            values = torch.from_numpy(expected + matrix @ mean).requires_grad_()
            cost = -(each.counts * each.log_seen(values)).sum()
            (slopes,) = torch.autograd.grad(cost, values)
            total += float(cost.detach())
            gradient = gradient + matrix.T @ slopes.numpy()
        return total, gradient
