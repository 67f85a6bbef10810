"""How much each law of a mixture should weigh, by held-out shots."""

from __future__ import annotations

import numpy as np

from qdiff.data.bits import Counts, Floats

_PRIOR_SHOTS = 0.5
"""Added to each law that weights are sought for."""

_NEWTON_STEPS = 100
_CONVERGED = 1e-6
"""About twice what is left to gain, in nats over all held-out shots."""

_RESOLUTION = 1e-12
"""Of a shot: less gain than this a shot is only rounding."""


def mixture_weights(log_probs: Floats, counts: Counts) -> Floats:
    """Weights that maximise the likelihood of held-out strings.

    Parameters
    ----------
    log_probs
        ``(laws, m)``, the log-probability of each distinct held-out string under each law.
    counts
        ``(m,)``, how often each was seen.

    Half a shot is added to each law (Jeffreys' prior), so that none is ruled out by few held-out
    shots. With ``N = sum c + laws / 2``, the weights are where the convex function
    ``N sum_k w_k - sum_x c_x log sum_k w_k q_k(x) - sum_k log(w_k) / 2`` is least: there they sum
    to one by themselves. It is found by Newton steps, halved until they descend. Expectation-
    maximisation takes tens of thousands of steps where two laws are nearly the same.
    """
    laws = len(log_probs)
    total = counts.sum() + _PRIOR_SHOTS * laws
    relative = np.exp(log_probs - log_probs.max(axis=0))

    def cost(weights: Floats) -> float:
        if weights.min() <= 0:
            return np.inf
        likelihood = np.log(weights @ relative) @ counts
        return float(total * weights.sum() - likelihood - _PRIOR_SHOTS * np.log(weights).sum())

    weights = np.full(laws, 1 / laws)
    for _ in range(_NEWTON_STEPS):
        shares = relative / (weights @ relative)
        gradient = total - shares @ counts - _PRIOR_SHOTS / weights
        curvature = (shares * counts) @ shares.T + np.diag(_PRIOR_SHOTS / weights**2)
        step = np.linalg.solve(curvature, gradient)
        gain = float(gradient @ step)
        if gain < _CONVERGED + total * _RESOLUTION:
            break
        while cost(weights - step) > cost(weights) - gain / 4:
            step, gain = step / 2, gain / 2
        weights = weights - step
    return np.asarray(weights / weights.sum())
