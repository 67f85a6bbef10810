"""How many raw shots a surrogate is worth.

The histogram of N shots, every count raised by one half, has an expected ``KL(p || histogram)``
that is computed here to rounding, without drawing anything. Solved for N, it says how many raw
shots a histogram needs to come as close to the reference as some candidate is; divided by the
shots that the candidate was trained on, that is the *shot multiplier*.

The one hard part is ``E log(c + 1/2)`` for a binomial count ``c``. Frullani's integral
``log a = int_0^inf (e^-t - e^-at) / t dt`` turns it into the binomial's generating function:

    E log(c + 1/2) = int_0^inf (e^-t - e^(-t/2) (1 - p + p e^-t)^N) / t dt .

With ``t = e^s`` the integrand is analytic and dies off at both ends, so that the trapezoidal rule
with a step of 1/4 is exact to rounding, from one shot to 1e12 and for N that is not whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import xlog1py

from qdiff.comparison.metrics.table_metrics import PSEUDOCOUNT, entropy
from qdiff.data.argument_checks import is_number, kind_of
from qdiff.data.distribution import Distribution
from qdiff.errors import InputError

MAX_SHOTS = 1e12
"""Numbers of raw shots beyond this are not told apart: they are reported as infinite."""

_STEP = 0.25
_TAIL = 37.0  # e^-37 is below float64's rounding
_GRID = 1024
_RAREST = 1e-15
_INTERPOLATION = 1e-8


@dataclass(frozen=True, kw_only=True)
class HistogramCurve:
    """Expected KL of the smoothed histogram as a function of its number of shots.

    Sums over outcomes ``sum_x p_x h(p_x)`` are kept as ``sum_k weights_k h(nodes_k)``, with one
    node a distinct probability, or 1024 nodes when there are more: a call costs the same for 4
    bits and for 20.
    """

    nodes: NDArray[np.float64]
    weights: NDArray[np.float64]
    entropy: float
    outcomes: int

    @classmethod
    def of(cls, reference: Distribution) -> HistogramCurve:
        if not isinstance(reference, Distribution):
            raise InputError(f"the reference must be a Distribution, got {kind_of(reference)}")
        p = reference.probabilities / reference.probabilities.sum()
        nodes, weights = _compress(p)
        return cls(nodes=nodes, weights=weights, entropy=float(entropy(p)), outcomes=len(p))

    def __call__(self, shots: float) -> float:
        """Expected ``KL(reference || counts + 1/2)`` in nats at a real number of `shots`."""
        if not is_number(shots) or not 0 <= shots < inf:
            raise InputError(f"shots must be a finite number of at least 0, got {shots!r}")
        mean_log_count = self.weights @ _mean_log_count(shots, self.nodes)
        total = shots + PSEUDOCOUNT * self.outcomes
        return float(log(total) - self.entropy - mean_log_count)

    def shots_for(self, kl: float) -> float:
        """Raw shots whose smoothed histogram is expected to reach `kl`.

        0 when the uniform law, a histogram of no shots, is already that close; infinite when it
        takes more than `MAX_SHOTS`.
        """
        if not is_number(kl) or not kl >= 0:
            raise InputError(f"a KL divergence must be at least 0, got {kl!r}")
        if kl >= self(0) * (1 - _INTERPOLATION):
            return 0.0
        if kl < self(MAX_SHOTS):
            return inf
        if kl >= self(1):
            return 1.0
        return exp(brentq(lambda log_shots: self(exp(log_shots)) - kl, 0.0, log(MAX_SHOTS)))


def expected_histogram_kl(reference: Distribution, shots: float) -> float:
    """Mean of ``KL(reference || histogram + 1/2)``, in nats, over sets of `shots` perfect shots.

    >>> fair = Distribution(probabilities=np.array([0.5, 0.5]))
    >>> round(expected_histogram_kl(fair, 1), 6)  # one count is 3/2 and one 1/2, of 2
    0.143841
    """
    return HistogramCurve.of(reference)(shots)


def shots_for_kl(reference: Distribution, kl: float) -> float:
    """Raw shots whose smoothed histogram is expected to be `kl` nats from the reference.

    The root of `expected_histogram_kl`; 0 for a `kl` that uniform already reaches, infinite
    beyond `MAX_SHOTS`. Raises `InputError` for a negative `kl`.
    """
    return HistogramCurve.of(reference).shots_for(kl)


def _mean_log_count(shots: float, p: NDArray[np.float64]) -> NDArray[np.float64]:
    """``E log(c + 1/2)`` for ``c ~ Binomial(shots, p)``, ``(K,) -> (K,)``."""
    t = np.exp(np.arange(-_TAIL - np.log1p(shots), 4.6, _STEP))
    generating = np.exp(xlog1py(shots, p[:, None] * np.expm1(-t)) - PSEUDOCOUNT * t)
    return np.asarray(_STEP * (np.exp(-t) - generating).sum(axis=1))


def _compress(p: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights with ``sum_x p_x h(p_x) = sum_k w_k h(node_k)`` for smooth `h`.

    Exact with one node a distinct probability; otherwise by cubic interpolation in log p.
    """
    p = p[p > 0]
    distinct, position = np.unique(p, return_inverse=True)
    if len(distinct) <= _GRID:
        return distinct, np.asarray(np.bincount(position, weights=p), dtype=np.float64)
    # Strings too rare to be seen in MAX_SHOTS all have the same expected log count.
    log_p = np.log(np.maximum(p, _RAREST))
    grid = np.linspace(log_p.min(), log_p.max(), _GRID)
    place = (log_p - grid[0]) / (grid[1] - grid[0])
    left = np.clip(np.floor(place).astype(np.int64), 1, _GRID - 3)
    weights = np.zeros(_GRID)
    for offset, share in zip((-1, 0, 1, 2), _cubic(place - left), strict=True):
        weights += np.bincount(left + offset, weights=p * share, minlength=_GRID)
    return np.exp(grid), weights


def _cubic(f: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Lagrange's cubic weights of the points -1, 0, 1, 2 for a value at `f`."""
    return (
        -f * (f - 1) * (f - 2) / 6,
        (f + 1) * (f - 1) * (f - 2) / 2,
        -(f + 1) * f * (f - 2) / 2,
        (f + 1) * f * (f - 1) / 6,
    )
