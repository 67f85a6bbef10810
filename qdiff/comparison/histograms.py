"""Metrics of shots: plug-in estimates, their floor, and how far they would scatter.

A set of N shots is compared with a reference table through its histogram. Nothing here visits
all ``2^n`` strings once per replicate: strings that no shot fell on are pooled into one outcome
of candidate mass zero, which leaves every metric between histogram and reference as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from qdiff import metrics
from qdiff.distribution import draw_counts
from qdiff.metrics import METRICS, PSEUDOCOUNT, Table

Indices = NDArray[np.int64]
Counts = NDArray[np.int64]
Values = dict[str, float]
Replicates = dict[str, NDArray[np.float64]]

_CELLS = 2**25
_FEWEST_REPLICATES = 40
_LAWS = 20


class Estimator:
    """Every metric of `METRICS` against one reference, its shared sums computed once."""

    def __init__(self, reference: Table) -> None:
        reference = self.p = reference / reference.sum()
        self._entropy = float(metrics.entropy(reference))
        self._uniform_fidelity = metrics.uniform_fidelity(reference)
        self._scores = {
            "xeb": metrics.linear_xeb_scores(reference),
            "log_xeb": metrics.log_xeb_scores(reference),
            "heavy_output": metrics.heavy_strings(reference),
        }

    def exact(self, candidate: Table) -> Values:
        """Metrics of a law that is known (up to its norm): no estimate."""
        candidate = candidate / candidate.sum()
        return {name: float(m.function(self.p, candidate)) for name, m in METRICS.items()}

    def plug_in(self, indices: Indices, counts: Counts) -> Values:
        """Metrics of the histogram with `counts` at `indices` and zero elsewhere.

        The raw histogram is used, except for ``kl``, which it would make infinite: there every
        one of the ``2^n`` counts is raised by `PSEUDOCOUNT`.
        """
        seen = counts / counts.sum()
        p, q = self._pooled(indices), np.append(seen, 0.0)
        fidelity = metrics.hellinger_fidelity(p, q)
        values: dict[str, Any] = {
            "kl": self._smoothed_kl(p, indices, counts),
            "reverse_kl": metrics.kl_divergence(q, p),
            "jensen_shannon": metrics.jensen_shannon(p, q),
            "total_variation": metrics.total_variation(p, q),
            "hellinger_fidelity": fidelity,
            "normalized_fidelity": metrics.rescale_fidelity(fidelity, self._uniform_fidelity),
        }
        values |= {name: seen @ scores[indices] for name, scores in self._scores.items()}
        return {name: float(value) for name, value in values.items()}

    def replicates(
        self, law: Table, shots: int, times: int, generator: np.random.Generator
    ) -> Replicates:
        """Plug-in metrics of `times` fresh sets of `shots` draws from `law`, ``(times,)`` each."""
        draws = []
        for _ in range(times):
            counts = draw_counts(law, shots, generator)
            seen = np.flatnonzero(counts)
            draws.append(self.plug_in(seen, counts[seen]))
        return {name: np.array([values[name] for values in draws]) for name in METRICS}

    def deviations(
        self, indices: Indices, counts: Counts, times: int, generator: np.random.Generator
    ) -> Replicates:
        """How far a repeated experiment would scatter about its own mean: ``(times,)`` each.

        A bootstrap from laws that could have given the shots (`plausible_laws`). Resampling the
        shots themselves would treat every chance repetition as real and, for a candidate near
        the reference, overstate the scatter by half.
        """
        laws = max(1, min(_LAWS, times // 4, _CELLS // (2 * len(self.p))))
        each = -(-times // laws)
        unbiased = np.sqrt(each / max(each - 1, 1))
        groups = [
            self.replicates(law, int(counts.sum()), each, generator)
            for law in plausible_laws(self.p, indices, counts, laws, generator)
        ]
        with np.errstate(invalid="ignore"):  # an infinite metric has no deviations: NaN
            return {
                name: np.concatenate([(g[name] - g[name].mean()) * unbiased for g in groups])
                for name in METRICS
            }

    def _pooled(self, indices: Indices) -> Table:
        """The reference on `indices`, then the mass of all other strings."""
        seen = self.p[indices]
        return np.append(seen, max(float(self.p.sum() - seen.sum()), 0.0))

    def _smoothed_kl(self, pooled: Table, indices: Indices, counts: Counts) -> float:
        """``KL(p || counts + 1/2)``; unseen strings all have the same candidate probability."""
        total = counts.sum() + PSEUDOCOUNT * len(self.p)
        log_q = np.log((np.append(counts, 0) + PSEUDOCOUNT) / total)
        return float(-self._entropy - pooled @ log_q)


def affordable(resamples: int, outcomes: int) -> int:
    """`resamples`, or fewer over large tables (128 at 18 bits, 40 from 20 bits on).

    There a metric sums so many strings that its scatter is small and known from few replicates.
    """
    return min(resamples, max(_FEWEST_REPLICATES, _CELLS // outcomes))


def plausible_laws(
    p: Table, indices: Indices, counts: Counts, number: int, generator: np.random.Generator
) -> Iterator[Table]:
    """Laws the shots may have come from: draws from an empirical-Bayes posterior.

    The prior is a Dirichlet law around ``w p + (1 - w) uniform``: `w` by maximum likelihood, the
    concentration drawn from its own posterior (flat in its logarithm). Shots that look like the
    reference give the reference back; many shots that do not give back themselves.
    """
    centre = _prior_centre(p, indices, counts)
    grid, weights = _concentrations(centre[indices], counts)
    for concentration in generator.choice(grid, size=number, p=weights):
        shape = concentration * centre
        shape[indices] += counts
        law = generator.standard_gamma(shape)
        yield law / law.sum()


def _prior_centre(p: Table, indices: Indices, counts: Counts) -> Table:
    """``w p + (1 - w) u``: `u` is uniform, on the support of `p` if that holds all the shots.

    The reference alone (w = 1) unless the shots speak against it by two units of log-likelihood.
    """
    inside = bool((p[indices] > 0).all())
    uniform = np.where(p > 0, 1.0, 0.0 if inside else 1.0)
    uniform /= uniform.sum()
    seen, level = p[indices], uniform[indices]

    def loss(weight: float) -> float:
        return -float(counts @ np.log(weight * seen + (1 - weight) * level))

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-4})
    if inside and loss(1) <= best.fun + 2:
        return p
    return np.asarray(best.x * p + (1 - best.x) * uniform)


def _concentrations(centre: Table, counts: Counts) -> tuple[Table, Table]:
    """A grid of Dirichlet concentrations and their posterior weights, given counts where seen."""
    shots = int(counts.sum())
    grid = np.exp(np.linspace(0, log(shots) + 3, 24))
    likelihood = np.array(
        [
            (gammaln(counts + a * centre) - gammaln(a * centre)).sum()
            + gammaln(a)
            - gammaln(shots + a)
            for a in grid
        ]
    )
    weights = np.exp(likelihood - likelihood.max())
    return grid, weights / weights.sum()
