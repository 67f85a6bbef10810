r"""Prior variances of the coefficients, by maximising the evidence for a log-linear model of them.

``log t_S^2 = b . f(S)``, where ``f`` are the set's size, which bits it has, how strongly it is
tied together and how large its neighbours' coefficients are. The model ranks sets; sets of similar
rank then share one variance, which corrects the model's shape, and each set's own reading moves
its variance a little, which gives the prior heavier tails than a Gaussian's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qdiff.data.bits import Floats
from qdiff.models.interactions.posterior import Readings
from qdiff.models.interactions.structure import (
    Sizes,
    coupling,
    heredity,
    of_each_size,
    sums_over_members,
    tree_strength,
)

Labels = NDArray[np.int64]

_GROUPS, _FEWEST = 16, 10
"""Groups of equal size and similar tree strength: at most so many, of at least so many sets."""

_FIRST_GROUP, _GROWTH = 10, 1.3
"""Size of the group of highest rank, and the ratio of the next one's: few variances are large."""

_SHARED_UPDATES, _OWN_UPDATES = 10, 3
_POOLING = 4.0
"""How many coefficients' worth of evidence a group's mean has in a single one's variance."""

_RIDGE = 3.0
_SCORING_STEPS, _LONGEST_STEP, _CONVERGED = 30, 2.0, 1e-2
_OUTLIER = 30.0
"""A squared reading counts at most this many times its variance."""

_SAMPLED = 8192
"""Sets of each size that the regression sees at most."""


def variances_by_structure(
    readings: Readings, prior: Floats, coefficients: Floats, sizes: Sizes
) -> Floats:
    """Prior variances from sizes, members, trees and heredity; see the module's text."""
    strength = tree_strength(coupling(coefficients))
    labels = _by_size_and_strength(sizes, strength)
    moments = readings.second_moments(pooled(readings, prior, labels))
    covariates = [strength, *heredity(moments, sizes), sizes.astype(np.float64)]
    rank = _log_linear(readings, covariates, sizes, start=float(np.log(moments[1:].mean())))
    return pooled(readings, prior, _by_rank(rank, sizes), own=_OWN_UPDATES)


def pooled(readings: Readings, prior: Floats, labels: Labels, *, own: int = 0) -> Floats:
    """Expectation-maximisation with a variance a label, then `own` updates with one a set."""
    counts = np.maximum(np.bincount(labels), 1)
    for update in range(_SHARED_UPDATES + own):
        moments = readings.second_moments(prior)
        mean = (np.bincount(labels, moments) / counts)[labels]
        prior = mean if update < _SHARED_UPDATES else (moments + _POOLING * mean) / (1 + _POOLING)
    return prior


def _log_linear(
    readings: Readings, covariates: list[Floats], sizes: Sizes, *, start: float
) -> Floats:
    """The logarithm of each set's variance under the fitted model, up to a constant.

    The model has an intercept, the `covariates` (the last one squared as well) and a term for each
    member; sets of fewer than two bits are left out of the fit.
    """
    num_bits = int(sizes.max())
    seen, weights = _stratified(sizes)
    if len(seen) == 0:
        return np.zeros(len(sizes))
    scaled = [(each - each[seen].mean()) / (each[seen].std() + 1e-9) for each in covariates]
    scaled.append(scaled[-1] ** 2 - 1)
    members = (seen[:, None] >> np.arange(num_bits) & 1) - 0.5
    design = np.column_stack([np.ones(len(seen)), *(each[seen] for each in scaled), members])
    slopes = _scoring(design, readings.values[seen] ** 2, readings.noise[seen], weights, start)
    total = sums_over_members(slopes[-num_bits:])
    for slope, each in zip(slopes[1:], scaled, strict=False):
        total += slope * each
    return total


def _scoring(
    design: Floats, squares: Floats, noise: Floats, weights: Floats, start: float
) -> Floats:
    """Maximise ``sum_S w_S log N(z_S; 0, exp(X b) + noise)`` less a ridge, by Fisher scoring."""
    slopes = np.zeros(design.shape[1])
    slopes[0] = start
    ridge = np.full(len(slopes), _RIDGE)
    ridge[0] = 1e-6
    for _ in range(_SCORING_STEPS):
        variance = np.exp(np.clip(design @ slopes, -40, 10))
        kept = variance / (variance + noise)
        excess = np.minimum(squares / (variance + noise), _OUTLIER) - 1
        gradient = design.T @ (0.5 * weights * kept * excess) - ridge * slopes
        information = (design.T * (0.5 * weights * kept**2)) @ design + np.diag(ridge)
        step = np.linalg.solve(information, gradient)
        furthest = np.abs(design @ step).max()  # in log-variance
        slopes += step * min(1.0, _LONGEST_STEP / max(furthest, _CONVERGED))
        if furthest < _CONVERGED:
            break
    return slopes


def _stratified(sizes: Sizes) -> tuple[NDArray[np.int64], Floats]:
    """Evenly spaced sets of each size of two bits or more, and how many sets each stands for."""
    chosen, weights = [np.zeros(0, dtype=np.int64)], [np.zeros(0)]
    for sets in of_each_size(sizes, smallest=2):
        kept = min(len(sets), _SAMPLED)
        chosen.append(sets[np.arange(kept) * len(sets) // kept])
        weights.append(np.full(kept, len(sets) / kept))
    return np.concatenate(chosen), np.concatenate(weights)


def _by_size_and_strength(sizes: Sizes, strength: Floats) -> Labels:
    """Label sets by size and, within a size, by quantile of strength."""
    labels = np.minimum(sizes, 1)
    used = 2
    for sets in of_each_size(sizes, smallest=2):
        groups = max(1, min(_GROUPS, len(sets) // _FEWEST))
        order = np.argsort(strength[sets], kind="stable")
        labels[sets[order]] = used + np.arange(len(sets)) * groups // len(sets)
        used += groups
    return labels


def _by_rank(rank: Floats, sizes: Sizes) -> Labels:
    """Label single bits together, and larger sets by place in the ranking, highest first."""
    labels = np.minimum(sizes, 1)
    larger = np.flatnonzero(sizes > 1)
    ends = [0]
    width = float(_FIRST_GROUP)
    while len(larger) - ends[-1] >= 2 * width:
        ends.append(ends[-1] + int(width))
        width *= _GROWTH
    order = larger[np.argsort(-rank[larger], kind="stable")]
    labels[order] = 1 + np.searchsorted(ends, np.arange(len(order)), side="right")
    return labels
