"""The most probable noise given shots, by L-BFGS on `noise_likelihood`, and the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.models.noisy_circuit.history_laws import Dictionary
from qdiff.models.noisy_circuit.noise_likelihood import NoisyModel, PriorConfig, Values, as_tensors
from qdiff.models.readout.confusion import Confusion

_DIFFERENCE = 1e-3


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedPrior:
    """The most probable noise, and the laws it makes.

    Attributes
    ----------
    before_readout
        ``p_r``, ``(2^n,)``.
    confusion
        ``R``.
    background, marginals
        ``f``, and the chance of a 1 in each bit of the product law.
    rates
        ``r_g``.
    values
        The parameters, to start another fit from.
    objective
        Minus the log posterior density at the optimum, up to a constant.
    """

    before_readout: Floats
    confusion: Confusion
    background: float
    marginals: Floats
    rates: Floats
    values: Values
    objective: float

    def law(self) -> Floats:
        """``q``, all ``2^n`` probabilities."""
        return mixed_with_product(
            self.confusion.apply(self.before_readout), self.background, self.marginals
        )


def mixed_with_product(law: Floats, weight: float, marginals: Floats) -> Floats:
    """``(1 - w) law + w prod_i m_i``."""
    product = np.ones(1)
    for one in marginals:
        product = np.concatenate([product * (1 - one), product * one])
    return np.asarray((1 - weight) * law + weight * product)


def fit_prior(
    dictionary: Dictionary, shots: Shots, config: PriorConfig, start: Values | None = None
) -> FittedPrior:
    """The noise of largest posterior density given `shots`. Deterministic."""
    model = NoisyModel(dictionary, shots, config)
    values = {**model.zeros(), **_matching(start, model.zeros())}
    names, sizes = list(values), [len(value) for value in values.values()]
    cuts = np.cumsum(sizes)[:-1]

    def objective(flat: Floats) -> tuple[float, Floats]:
        leaves = [
            torch.tensor(part, dtype=torch.float64, requires_grad=True)
            for part in np.split(flat, cuts)
        ]
        value = model.surprise(dict(zip(names, leaves, strict=True)))
        gradients = torch.autograd.grad(value, leaves, allow_unused=True)
        flat_gradient = [
            np.zeros(len(leaf)) if gradient is None else gradient.numpy()
            for leaf, gradient in zip(leaves, gradients, strict=True)
        ]
        return float(value.detach()), np.concatenate(flat_gradient)

    found = minimize(
        objective,
        np.concatenate(list(values.values())),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": config.iterations, "maxcor": 20, "ftol": 1e-9},
    )
    best = dict(zip(names, np.split(found.x, cuts), strict=True))
    return _fitted(model, best, float(found.fun))


def surprise(dictionary: Dictionary, shots: Shots, config: PriorConfig, values: Values) -> float:
    """Minus the log posterior density of the parameters `values`, up to a constant."""
    model = NoisyModel(dictionary, shots, config)
    with torch.no_grad():
        return float(model.surprise(as_tensors({**model.zeros(), **values})))


def sensitivities(
    dictionary: Dictionary, shots: Shots, config: PriorConfig, values: Values
) -> Floats:
    """Derivatives of every distinct string's log-probability by every parameter, ``(d, m)``.

    By finite differences, which cost one law a parameter.
    """
    model = NoisyModel(dictionary, shots, config)
    slopes = []
    with torch.no_grad():
        before = model.before_readout(model.rates(as_tensors(values)))
        centre = model.log_seen(as_tensors(values), before)
        for name, value in values.items():
            known = None if name in ("rates", "groups") else before
            for place in range(len(value)):
                moved = value.copy()
                moved[place] += _DIFFERENCE
                shifted = model.log_seen(as_tensors({**values, name: moved}), known)
                slopes.append(((shifted - centre) / _DIFFERENCE).numpy())
    return np.stack(slopes)


def log_evidence(
    dictionary: Dictionary, shots: Shots, config: PriorConfig, fitted: FittedPrior
) -> float:
    """How probable the shots are under a whole model of noise, its parameters integrated out.

    Laplace's approximation about the most probable parameters (MacKay, 1992).

    All parameters have unit normal priors, so with ``F`` the Fisher information of the shots the
    evidence is ``-objective - 1/2 log det(1 + F)``, up to what all models of the shots share.
    """
    slopes = sensitivities(dictionary, shots, config, fitted.values)
    information = (slopes * shots.counts) @ slopes.T
    return -fitted.objective - 0.5 * float(
        np.linalg.slogdet(np.eye(len(information)) + information)[1]
    )


def _fitted(model: NoisyModel, values: Values, objective: float) -> FittedPrior:
    tensors = as_tensors(values)
    rates = model.rates(tensors)
    before = model.before_readout(rates).numpy()
    return FittedPrior(
        before_readout=before / before.sum(),
        confusion=model.confusion(tensors),
        background=float(model.background(tensors)),
        marginals=torch.sigmoid(model.marginals(tensors)).numpy(),
        rates=rates.numpy(),
        values=values,
        objective=objective,
    )


def _matching(start: Values | None, zeros: Values) -> Values:
    """Those values of `start` that fit this model's parameters."""
    given = {} if start is None else start
    return {name: value for name, value in given.items() if value.shape == zeros[name].shape}
