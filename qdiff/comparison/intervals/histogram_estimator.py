"""Metrics of shots: plug-in estimates, their floor, and where their means may lie.

A set of N shots is compared with a reference table through its histogram. Of a large table not all
``2^n`` strings are scored in each replicate: strings that no shot fell on are pooled into one
outcome of candidate mass zero, which leaves every metric between histogram and reference as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.intervals.central import Interval, about, within
from qdiff.comparison.intervals.inverted_tests import fewest_simulated, interval, steps
from qdiff.comparison.metrics import table_metrics as metrics
from qdiff.comparison.metrics.table_metrics import METRICS, PSEUDOCOUNT, Measure, Table
from qdiff.data.distribution import draw_counts
from qdiff.data.shots import Shots

Indices = NDArray[np.int64]
Counts = NDArray[np.int64]
Values = dict[str, float]
Replicates = dict[str, NDArray[np.float64]]

_CELLS = 2**25
_FEWEST_REPLICATES = 40
_WHOLE = 1 << 14
"""Up to so many outcomes all replicates are scored at once, if there are as many shots."""

_LEADING = "jensen_shannon"
"""Decides which laws of a path are simulated: always finite, and it adds as squares do."""


class Estimator:
    """Every metric of `METRICS` against one reference, its shared sums computed once."""

    def __init__(self, reference: Table) -> None:
        reference = self.p = reference / reference.sum()
        self._entropy = float(metrics.entropy(reference))
        self._uniform_fidelity = metrics.uniform_fidelity(reference)
        self._scores: dict[str, Table] = {
            "xeb": metrics.linear_xeb_scores(reference),
            "log_xeb": metrics.log_xeb_scores(reference),
            "heavy_output": metrics.heavy_strings(reference).astype(np.float64),
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
        seen = self.p[indices]
        pooled = np.append(seen, max(float(self.p.sum() - seen.sum()), 0.0))
        scores = {name: np.append(of[indices], 0.0) for name, of in self._scores.items()}
        found = self._values(pooled, scores, np.append(counts, 0))
        return {name: float(value) for name, value in found.items()}

    def replicates(
        self, law: Table, shots: int, times: int, generator: np.random.Generator
    ) -> Replicates:
        """Plug-in metrics of `times` fresh sets of `shots` draws from `law`, ``(times,)`` each."""
        draws = (draw_counts(law, shots, generator) for _ in range(times))
        if len(law) <= min(shots, _WHOLE):
            return self._values(self.p, self._scores, np.stack([*draws]))
        values = [
            self.plug_in(seen, counts[seen])
            for counts in draws
            for seen in [np.flatnonzero(counts)]
        ]
        return stacked(values)

    def intervals(
        self, shots: Shots, none: Replicates, confidence: float, generator: np.random.Generator
    ) -> dict[str, Interval | None]:
        """Where the mean of each metric over repeated experiments may lie.

        `none` are replicates of the reference itself at as many shots. The path goes from the
        reference through the histogram of the shots.
        """
        value = self.plug_in(shots.indices, shots.counts)
        each = max(len(none["kl"]) // 4, fewest_simulated(confidence))

        def drawn(step: float) -> Replicates:
            law = stretched(self.p, shots.indices, shots.counts, step)
            return self.replicates(law, shots.num_shots, each, generator)

        return path_intervals(value, none, drawn, confidence)

    def _values(self, p: Table, scores: Mapping[str, Table], counts: Counts) -> dict[str, Table]:
        """Metrics of histograms ``(..., m)`` over outcomes of probability `p`, ``(m,)``.

        Of the outcomes that are pooled nothing was seen, so all have the same smoothed probability.
        """
        shots = counts.sum(axis=-1, keepdims=True)
        q = counts / shots
        log_q = np.log((counts + PSEUDOCOUNT) / (shots + PSEUDOCOUNT * len(self.p)))
        fidelity = metrics.hellinger_fidelity(p, q)
        values = {
            "kl": -self._entropy - log_q @ p,
            "reverse_kl": metrics.kl_divergence(q, p),
            "jensen_shannon": metrics.jensen_shannon(p, q),
            "total_variation": metrics.total_variation(p, q),
            "hellinger_fidelity": fidelity,
            "normalized_fidelity": metrics.rescale_fidelity(fidelity, self._uniform_fidelity),
        }
        return values | {name: q @ score for name, score in scores.items()}


def stretched(p: Table, indices: Indices, counts: Counts, step: float) -> Table:
    """``p + step (q - p)`` with `q` the histogram; where that is negative, 0."""
    law = (1 - step) * p
    law[indices] += step * counts / counts.sum()
    law = np.maximum(law, 0)
    return np.asarray(law / law.sum())


def path_intervals(
    value: Mapping[str, float],
    none: Mapping[str, Table],
    drawn: Callable[[float], Mapping[str, Table]],
    confidence: float,
) -> dict[str, Interval | None]:
    """Where the mean of each metric may lie, by simulation of laws along a path.

    `drawn` has the scores of so many steps from no difference, whose scores are `none`, to the
    observed `value`. Means over shots have neither a bias nor a bound: theirs deviate in the
    simulations as they do in truth.
    """
    along = steps(value[_LEADING], none[_LEADING], drawn(1)[_LEADING])
    groups = [drawn(step) for step in along]
    found = {}
    for name, own in value.items():
        measure, path = METRICS[name], np.stack([group[name] for group in groups])
        if measure.linear:
            each = path.shape[1]
            apart = (path - path.mean(axis=1, keepdims=True)) * sqrt(each / (each - 1))
            between = about(own, apart.ravel(), confidence)
        else:
            between = _inverted(measure, own, none[name], path, confidence, from_none=along[0] == 0)
        found[name] = between and within(between, (measure.low, measure.high))
    return found


def stacked(scores: Sequence[Mapping[str, float]]) -> Replicates:
    """Scores of several histograms, by metric."""
    return {name: np.array([one[name] for one in scores]) for name in scores[0]}


def _inverted(
    measure: Measure, value: float, none: Table, path: Table, confidence: float, *, from_none: bool
) -> Interval | None:
    """`interval` of a metric, which may be 0 or 1 at best."""
    best = 0.0 if measure.best is None else measure.best
    lost = [np.abs(scores - best) for scores in (value, none, path)]
    found = interval(float(lost[0]), lost[1], lost[2], confidence, from_none=from_none)
    if found is None or best == 0:
        return found
    return best - found[1], best - found[0]


def affordable(resamples: int, outcomes: int) -> int:
    """`resamples`, or fewer over large tables (128 at 18 bits, 40 from 20 bits on).

    There a metric sums so many strings that its scatter is small and known from few replicates.
    """
    return min(resamples, max(_FEWEST_REPLICATES, _CELLS // outcomes))
