"""Shots or a law against a reference whose table is known."""

from __future__ import annotations

import numpy as np

from qdiff.comparison.few_body import estimates as few_body
from qdiff.comparison.few_body.distances import distances
from qdiff.comparison.few_body.moments import Moments
from qdiff.comparison.intervals.central import Interval
from qdiff.comparison.intervals.histogram_estimator import Estimator, Values, affordable
from qdiff.comparison.metrics.shot_multiplier import MAX_SHOTS, HistogramCurve
from qdiff.comparison.metrics.table_metrics import METRICS, Table
from qdiff.comparison.resampling import Resampling
from qdiff.comparison.scorecard import Comparison
from qdiff.comparison.scorecard_rows import Columns, Metric
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.models.baselines.counting import IndependentBits, ProductLaw

SHOT_MULTIPLIER = "shot_multiplier"

Candidate = Shots | Distribution


def compare_with_law(
    candidate: Candidate, reference: Distribution, training: Shots | None, resampling: Resampling
) -> Comparison:
    """What `qdiff.compare` returns for a reference that is a `Distribution`."""
    resampling = resampling.limited(affordable(resampling.times, len(reference.probabilities)))
    confidence, known = resampling.confidence, isinstance(candidate, Distribution)
    independent = _independent(candidate if training is None else training)
    ours, theirs = Moments.of(candidate), Moments.of(reference)
    tables = _table_columns(candidate, reference, training, independent, resampling)
    few = _few_body_columns(candidate, reference, training, independent, (ours, theirs), resampling)
    metrics = {
        name: tables.metric(
            name,
            title=measure.title,
            estimator=_estimator(name, known=known),
            confidence=confidence,
        )
        for name, measure in METRICS.items()
    }
    if training is not None:
        curve = HistogramCurve.of(reference)
        metrics[SHOT_MULTIPLIER] = _multiplier(metrics["kl"], curve, training.num_shots)
    metrics |= few_body.listed(few, ours.layout, confidence=confidence, known=known)
    return Comparison(
        metrics=metrics,
        num_bits=reference.num_bits,
        num_shots=candidate.num_shots if isinstance(candidate, Shots) else None,
        training_shots=None if training is None else training.num_shots,
        confidence=confidence,
        resamples=resampling.times,
        candidate_moments=ours,
        reference_moments=theirs,
    )


def _table_columns(
    candidate: Candidate,
    reference: Distribution,
    training: Shots | None,
    independent: ProductLaw,
    resampling: Resampling,
) -> Columns:
    """The metrics of `METRICS`."""
    estimator, generator = Estimator(reference.probabilities), resampling.generator
    floor, intervals = None, None
    shots = candidate if isinstance(candidate, Shots) else training
    if shots is not None:
        floor = estimator.replicates(estimator.p, shots.num_shots, resampling.times, generator)
        if shots is candidate:
            intervals = estimator.intervals(shots, floor, resampling.confidence, generator)
    return Columns(
        value=_score(estimator, candidate),
        intervals=intervals,
        floor=floor,
        training=None if training is None else _score(estimator, training),
        uniform=estimator.exact(np.ones_like(estimator.p)),
        independent_bits=estimator.exact(independent.table()),
    )


def _few_body_columns(
    candidate: Candidate,
    reference: Distribution,
    training: Shots | None,
    independent: ProductLaw,
    moments: tuple[Moments, Moments],
    resampling: Resampling,
) -> Columns:
    """The distances of `qdiff.comparison.few_body`."""
    (ours, theirs), layout = moments, moments[0].layout
    floor, intervals = None, None
    shots = candidate if isinstance(candidate, Shots) else training
    if shots is not None:
        drawn = few_body.table_replicates(
            layout, reference.probabilities, shots.num_shots, resampling.times, resampling.generator
        )
        floor = distances(layout, drawn - theirs.vector)
        if shots is candidate:
            noise = few_body_noise(shots, ours, resampling.times, resampling.generator)
            away = ours.vector - theirs.vector
            intervals = few_body.intervals(layout, away, noise, resampling.confidence)
    return few_body.columns(moments, training, independent, intervals=intervals, floor=floor)


def few_body_noise(
    shots: Shots, moments: Moments, times: int, generator: np.random.Generator
) -> Table:
    """How the few-body statistics of shots change when they are drawn anew, ``(times, size)``."""
    histogram = Distribution.from_shots(shots).probabilities
    layout = moments.layout
    drawn = few_body.table_replicates(layout, histogram, shots.num_shots, times, generator)
    return np.asarray(drawn - moments.vector)


def _score(estimator: Estimator, candidate: Candidate) -> Values:
    if isinstance(candidate, Shots):
        return estimator.plug_in(candidate.indices, candidate.counts)
    return estimator.exact(candidate.probabilities)


def _independent(source: Candidate) -> ProductLaw:
    """The product of the source's own bits."""
    if isinstance(source, Shots):
        return ProductLaw(IndependentBits().ones(source))
    one = [source.marginal([bit]).probabilities[1] for bit in range(source.num_bits)]
    return ProductLaw(np.minimum(one, 1.0))


def _estimator(name: str, *, known: bool) -> str:
    if known:
        return "exact, from both laws"
    if name == "kl":
        return "histogram of counts + 1/2"
    return "mean over the shots, unbiased" if METRICS[name].linear else "raw histogram"


def _multiplier(kl: Metric, curve: HistogramCurve, training_shots: int) -> Metric:
    """Every KL of `kl` turned into the raw shots that reach it, a training shot."""

    def worth(divergence: float) -> float:
        return curve.shots_for(max(divergence, 0.0)) / training_shots

    def between(interval: Interval | None) -> Interval | None:
        return None if interval is None else (worth(interval[1]), worth(interval[0]))

    return Metric(
        title="Shot multiplier",
        estimator=f"raw shots whose expected KL equals the candidate's ({kl.estimator})",
        value=worth(kl.value),
        interval=between(kl.interval),
        floor=None if kl.floor is None else worth(kl.floor),
        floor_interval=between(kl.floor_interval),
        training=None if kl.training is None else worth(kl.training),
        uniform=worth(kl.uniform),
        independent_bits=worth(kl.independent_bits),
        if_infinite=f"censored: it would take more than {MAX_SHOTS:.0e} raw shots",
    )
