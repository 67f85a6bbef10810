"""`compare`: how far a candidate is from a reference, how sure that is, and what is attainable.

No metric stands alone. Beside each value are the floor (what a perfect sampler of the reference
scores at that number of shots, by the same estimator), an interval, and the raw training
histogram, the uniform law and independent bits. docs/metrics.md says how each is estimated.

    comparability ─► against_law (a table): metrics, few_body, shot multiplier ─► scorecard
                  ╰► against_shots (no table): histograms, few_body ────────────╯

Intervals are made in `intervals`, floors of two sets in `relabelling`.
"""

from __future__ import annotations

from qdiff.comparison.against_law import compare_with_law
from qdiff.comparison.against_shots import compare_with_shots
from qdiff.comparison.comparability import check_data
from qdiff.comparison.resampling import Resampling
from qdiff.comparison.scorecard import Comparison
from qdiff.data.argument_checks import generator_of
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError


def compare(
    candidate: Shots | Distribution,
    reference: Distribution | Shots,
    *,
    training: Shots | None = None,
    seed: Seed = 0,
    confidence: float = 0.95,
    resamples: int = 200,
) -> Comparison:
    """Compare shots, or a law such as a surrogate's exact distribution, with a reference.

    Of shots, the raw histogram is scored, but for ``kl`` that of counts + 1/2 (it would be
    infinite otherwise). `training` is what the candidate was fitted to; with it comes
    ``shot_multiplier``: the raw shots whose histogram has the candidate's KL, a training shot.
    Independent bits are fitted to `training`, or without it to the candidate. `resamples`
    replicates give the interval and the floor; fewer are drawn over large tables.

    Two sets of shots are compared without a table, at any number of bits: by what a few bits at a
    time show, and by their histograms where strings repeat often enough. The floor is then what two
    sets of the same law would score.

    Raises `InputError` for data that do not fit the reference, empty shots, and bad options.

    >>> import numpy as np
    >>> truth = Distribution(probabilities=np.array([0.5, 0.125, 0.125, 0.25]))
    >>> result = compare(truth.sample(1000, seed=1), truth)
    >>> result["total_variation"].value < 0.05
    True
    >>> result = compare(truth.sample(1000, seed=1), truth.sample(500, seed=2))
    >>> result["z2_rms"].floor < 0.1
    True
    """
    resampling = Resampling(confidence=confidence, times=resamples, generator=generator_of(seed))
    check_data(candidate, reference, training)
    if isinstance(reference, Shots):
        if isinstance(candidate, Shots):
            return compare_with_shots(candidate, reference, training, resampling)
        raise InputError(
            "the reference is a set of shots and the candidate a law; swap them, or give "
            "candidate.sample(shots, seed=seed)"
        )
    return compare_with_law(candidate, reference, training, resampling)
