"""Shots against shots, without a table and at any number of bits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.few_body import estimates as few_body
from qdiff.comparison.few_body.distances import distances
from qdiff.comparison.few_body.moments import Moments, row_sums
from qdiff.comparison.few_body.z_string_sets import Layout
from qdiff.comparison.intervals.central import Interval
from qdiff.comparison.intervals.histogram_estimator import path_intervals, stacked, stretched
from qdiff.comparison.intervals.inverted_tests import fewest_simulated
from qdiff.comparison.metrics.table_metrics import METRICS, Table
from qdiff.comparison.relabelling import Pool, drawn_anew
from qdiff.comparison.resampling import Resampling
from qdiff.comparison.scorecard import Comparison
from qdiff.comparison.scorecard_rows import Columns, Metric, Values
from qdiff.data.distribution import draw_counts
from qdiff.data.shots import Shots
from qdiff.models.baselines.counting import IndependentBits, ProductLaw

HISTOGRAM_METRICS = ("jensen_shannon", "total_variation", "hellinger_fidelity")
"""What two histograms have between them without a table; the others need a law."""


def compare_with_shots(
    candidate: Shots, reference: Shots, training: Shots | None, resampling: Resampling
) -> Comparison:
    """What `qdiff.compare` returns for a reference that is a set of shots.

    The floor deals all shots out anew into two sets of the same sizes: two sets of one law.
    """
    layout, pool = Layout.of(reference.num_bits), Pool.of(candidate, reference)
    resampling = resampling.limited(
        few_body.affordable_over_rows(resampling.times, len(pool.words), layout.size)
    )
    independent = ProductLaw(IndependentBits().ones(candidate if training is None else training))
    dealt = pool.relabelled(resampling.times, resampling.generator)
    ours, theirs = Moments.of(candidate), Moments.of(reference)
    found: dict[str, Metric] = {}
    if pool.repeats:
        found |= _histograms(pool, reference, training, independent, dealt, resampling)
    noise = few_body_noise(
        (candidate, reference), (ours, theirs), resampling.times, resampling.generator
    )
    away = ours.vector - theirs.vector
    few = few_body.columns(
        (ours, theirs),
        training,
        independent,
        intervals=few_body.intervals(layout, away, noise, resampling.confidence),
        floor=distances(layout, _dealt_difference(layout, pool, dealt)),
    )
    found |= few_body.listed(few, layout, confidence=resampling.confidence, known=False)
    return Comparison(
        metrics=found,
        num_bits=reference.num_bits,
        num_shots=candidate.num_shots,
        training_shots=None if training is None else training.num_shots,
        confidence=resampling.confidence,
        resamples=resampling.times,
        reference_shots=reference.num_shots,
        candidate_moments=ours,
        reference_moments=theirs,
    )


def _dealt_difference(layout: Layout, pool: Pool, dealt: NDArray[np.int32]) -> Table:
    """Differences of the statistics of two sets that were dealt out, ``(R, size)``."""
    first, second = pool.sizes
    sums = row_sums(layout, pool.bits, np.concatenate([dealt, pool.together[None, :]]))
    ours, total = sums[:-1], sums[-1]
    return np.asarray(ours / first - (total - ours) / second)


def few_body_noise(
    sets: tuple[Shots, Shots],
    moments: tuple[Moments, Moments],
    times: int,
    generator: np.random.Generator,
) -> Table:
    """How the statistics' difference changes when both sets are drawn anew, ``(times, size)``."""
    layout = moments[0].layout
    noise = np.zeros((times, layout.size))
    for shots, found, sign in zip(sets, moments, (1, -1), strict=True):
        again = row_sums(layout, shots.bits, drawn_anew(shots.counts, times, generator))
        noise += sign * (again / shots.num_shots - found.vector)
    return noise


def _histograms(
    pool: Pool,
    reference: Shots,
    training: Shots | None,
    independent: ProductLaw,
    dealt: NDArray[np.int32],
    resampling: Resampling,
) -> dict[str, Metric]:
    """The metrics between the two histograms."""
    uniform = ProductLaw(np.full(reference.num_bits, 0.5))
    floor = histogram_floor(pool, dealt)
    columns = Columns(
        value=histogram_scores(pool.first, pool.second),
        intervals=histogram_intervals(pool, floor, resampling.confidence, resampling.generator),
        floor=floor,
        training=None if training is None else _between_shots(training, reference),
        uniform=_against_product(reference, uniform),
        independent_bits=_against_product(reference, independent),
    )
    return {
        name: columns.metric(
            name,
            title=METRICS[name].title,
            estimator="both raw histograms, biased",
            confidence=resampling.confidence,
        )
        for name in HISTOGRAM_METRICS
    }


def histogram_scores(first: NDArray[np.integer], second: NDArray[np.integer]) -> Values:
    """Metrics of two histograms over the same rows."""
    return _scores(second / second.sum(), first / first.sum())


def _between_shots(first: Shots, second: Shots) -> Values:
    pool = Pool.of(first, second)
    return histogram_scores(pool.first, pool.second)


def _against_product(reference: Shots, law: ProductLaw) -> Values:
    """Of a law with a probability for each row: what the reference did not see is pooled."""
    seen = np.exp(law.log_prob(reference.bits))
    unseen = max(1 - float(seen.sum()), 0.0)
    return _scores(np.append(reference.counts / reference.num_shots, 0.0), np.append(seen, unseen))


def _scores(p: Table, q: Table) -> Values:
    return {name: float(METRICS[name].function(p, q)) for name in HISTOGRAM_METRICS}


def histogram_floor(pool: Pool, dealt: NDArray[np.int32]) -> dict[str, Table]:
    """Scores of the sets that were dealt out, ``(R,)`` each."""
    return stacked([histogram_scores(row, pool.together - row) for row in dealt])


def histogram_intervals(
    pool: Pool, none: Mapping[str, Table], confidence: float, generator: np.random.Generator
) -> dict[str, Interval | None]:
    """Where the mean of each metric over repeated experiments may lie.

    The path goes from the pooled frequencies, for both sets, through those of each.
    """
    value = histogram_scores(pool.first, pool.second)
    each = max(len(none[HISTOGRAM_METRICS[0]]) // 4, fewest_simulated(confidence))
    centre, rows = pool.together / pool.together.sum(), np.arange(len(pool.words))

    def drawn(step: float) -> dict[str, Table]:
        laws = [stretched(centre, rows, counts, step) for counts in (pool.first, pool.second)]
        return stacked(
            [
                histogram_scores(
                    *(draw_counts(*of, generator) for of in zip(laws, pool.sizes, strict=True))
                )
                for _ in range(each)
            ]
        )

    return path_intervals(value, none, drawn, confidence)
