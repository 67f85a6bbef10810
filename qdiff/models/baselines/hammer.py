"""HAMMER: shots cleaned up by their neighbours in Hamming space (Tannu et al., ASPLOS 2022).

Errors scatter a circuit's likely outcomes over nearby strings, so a string with many likely
neighbours is likely itself. It only reweighs strings that were seen, and is meant for circuits with
few right outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdiff.data.bits import hamming_distances
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.baselines.base import Baseline, FittedBaseline, check_not_empty, check_pseudocount
from qdiff.models.baselines.counting import with_uniform
from qdiff.models.laws.histogram import HistogramLaw

MOST_STRINGS = 30_000
"""Distinct strings at most: every pair is looked at."""

_BLOCK = 1 << 10
_WHOLE = 2.0**50
"""Weights are kept as whole counts of this total."""


@dataclass(frozen=True, kw_only=True)
class HAMMER(Baseline):
    """Seen strings reweighed, ``s(x) = p(x) (p(x) + sum_y w_d(x,y) p(y) [p(y) < p(x)])``.

    ``w_d`` is one over the probability found at distance d, summed over all seen strings, up to
    half of the bits: our reading of the paper's Hamming spectrum. As every histogram, the result
    is mixed with the uniform law: `pseudocount` shots a string.

    Raises `InputError` when fitted to over 30,000 distinct strings.

    >>> shots = Shots.from_counts({"000": 50, "001": 10, "111": 10})
    >>> HAMMER(pseudocount=0).fit(shots).distribution().probabilities[[0, 1, 7]].round(3).tolist()
    [0.939, 0.03, 0.03]
    """

    pseudocount: float = 0.5

    def __post_init__(self) -> None:
        check_pseudocount(self.pseudocount, least=0.0)

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        check_not_empty(shots)
        if len(shots.counts) > MOST_STRINGS:
            raise InputError(
                f"HAMMER compares all pairs of {len(shots.counts):,} distinct strings; "
                f"use at most {MOST_STRINGS:,}"
            )
        counts = np.rint(_scores(shots) * _WHOLE).astype(np.int64)
        cleaned = HistogramLaw(
            Shots.from_words(shots.words, np.maximum(counts, 1), registers=shots.registers)
        )
        return with_uniform(cleaned, shots, self.pseudocount)


def _scores(shots: Shots) -> NDArray[np.float64]:
    """The strings' new probabilities."""
    p = shots.counts / shots.num_shots
    spectrum = np.zeros(shots.num_bits + 1)
    starts = range(0, len(p), _BLOCK)
    for start in starts:
        apart = hamming_distances(shots.words[start : start + _BLOCK], shots.words)
        mass = np.broadcast_to(p[start : start + _BLOCK, None], apart.shape)
        spectrum += np.bincount(apart.ravel(), mass.ravel(), minlength=len(spectrum))
    weight = 1 / np.maximum(spectrum, 1e-12)
    weight[shots.num_bits // 2 + 1 :] = 0
    gains = []
    for start in starts:
        own = p[start : start + _BLOCK, None]
        apart = hamming_distances(shots.words[start : start + _BLOCK], shots.words)
        gains.append((weight[apart] * (own > p)) @ p)
    scores = (p + np.concatenate(gains)) * p
    return np.asarray(scores / scores.sum())
