"""How well the law of a circuit, learned elsewhere, predicts its shots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots

_LEAST_EXPECTED = 5.0
"""Shots a bin of the chi-square statistic, as is the custom."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of shots with a law that has not seen them.

    Attributes
    ----------
    nats_per_shot
        Mean log-probability.
    excess, standard_error
        Pearson's statistic less its mean, over twice the shots: what is too much of the KL between
        the binned shots and the law, in nats; around 0 for the right law.
    p_value
        Of a statistic at least as large under the law.
    """

    nats_per_shot: float
    excess: float
    standard_error: float
    p_value: float


def agreement(law: Floats, shots: Shots) -> Agreement:
    """Pearson's chi-square of `shots` under `law`, rare strings binned with others as rare.

    >>> fair = np.array([0.5, 0.5])
    >>> agreement(fair, Shots.from_counts({"0": 505, "1": 495})).p_value > 0.1
    True
    """
    total = shots.num_shots
    seen = np.zeros(len(law))
    seen[shots.indices] = shots.counts
    order = np.argsort(-law, kind="stable")
    expected = total * law[order]
    bins = np.unique(np.cumsum(expected) // _LEAST_EXPECTED, return_index=True)[1]
    if len(bins) > 1 and expected[bins[-1] :].sum() < _LEAST_EXPECTED:
        bins = bins[:-1]
    pooled = np.add.reduceat(expected, bins)
    differences = np.add.reduceat(seen[order], bins) - pooled
    statistic, freedom = float((differences**2 / pooled).sum()), len(bins) - 1
    with np.errstate(divide="ignore"):
        logs = np.log(law[shots.indices])
    return Agreement(
        nats_per_shot=float(logs @ shots.counts / total),
        excess=(statistic - freedom) / (2 * total),
        standard_error=(2 * freedom) ** 0.5 / (2 * total),
        p_value=float(chi2.sf(statistic, freedom)) if freedom else 1.0,
    )
