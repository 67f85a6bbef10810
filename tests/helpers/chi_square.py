"""The chi-square test that the statistical tests share."""

from __future__ import annotations

import numpy as np
from scipy import stats

from qdiff import Distribution, Shots

FALSE_ALARM = 1e-6
"""How often a test of a correct sampler would fail if its seed were drawn anew."""


def p_value(shots: Shots, law: Distribution, smallest: float = 5.0) -> float:
    """Pearson's test of `shots` against `law`, rare outcomes pooled to `smallest` expected counts.

    Shots where the law has no probability at all give 0.
    """
    expected = law.probabilities * shots.num_shots
    observed = np.zeros(len(expected))
    observed[shots.indices] = shots.counts
    if observed[expected == 0].any():
        return 0.0
    order = np.argsort(expected)
    cumulative = np.cumsum(expected[order])
    rare = int(np.searchsorted(cumulative, smallest)) + 1
    while rare < len(order) and expected[order[rare]] < smallest:
        rare += 1
    groups = [order[:rare]] + [np.array([index]) for index in order[rare:]]
    pooled_expected = np.array([expected[group].sum() for group in groups])
    pooled_observed = np.array([observed[group].sum() for group in groups])
    if len(groups) < 2:
        return 1.0
    pooled_expected *= pooled_observed.sum() / pooled_expected.sum()
    return float(stats.chisquare(pooled_observed, pooled_expected).pvalue)


def biased(law: Distribution, by: float = 0.02) -> Distribution:
    """`law` with the fraction `by` of its probability moved onto its likeliest outcome."""
    table = law.probabilities * (1 - by)
    table[np.argmax(table)] += by
    return Distribution(probabilities=table, registers=law.registers)
