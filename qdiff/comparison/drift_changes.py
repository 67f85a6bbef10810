"""What moved, by counts alone: each bit and each pair of bits, by Fisher's exact test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import hypergeom

from qdiff.data.bits import Floats
from qdiff.data.pair_statistics import pair_counts
from qdiff.data.shots import Shots


@dataclass(frozen=True, kw_only=True)
class Change:
    """How often one bit is 1, or two bits differ, in the batch and in the reference set.

    `z` is the difference over its standard deviation; `p_value` is corrected for having looked at
    all bits (or all pairs).
    """

    bits: tuple[int, ...]
    observed: float
    expected: float
    z: float
    p_value: float


def changes(shots: Shots, good: Shots) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Changes of all bits and of all pairs, each with the largest first."""
    both = [pair_counts(each) for each in (shots, good)]
    ones = [np.diagonal(found) for found in both]
    low, high = np.triu_indices(shots.num_bits, 1)
    odd = [
        one[low] + one[high] - 2 * found[low, high] for one, found in zip(ones, both, strict=True)
    ]
    sizes = (shots.num_shots, good.num_shots)
    singles = [(bit,) for bit in range(shots.num_bits)]
    pairs = list(zip(low.tolist(), high.tolist(), strict=True))
    return _ranked(singles, ones, sizes), _ranked(pairs, odd, sizes)


def _ranked(
    places: Sequence[tuple[int, ...]], marks: Sequence[Floats], sizes: tuple[int, int]
) -> tuple[Change, ...]:
    """Fisher's exact test of each count against the reference set's, corrected, largest first."""
    (ours, theirs), (m, n) = marks, sizes
    single = fisher(ours, theirs, sizes)
    share = (ours + theirs) / (m + n)
    deviation = np.sqrt(share * (1 - share) * (1 / m + 1 / n))
    gap = ours / m - theirs / n
    z = np.divide(gap, deviation, out=np.zeros_like(gap), where=deviation > 0)
    corrected = holm(single)
    return tuple(
        Change(
            bits=places[place],
            observed=float(ours[place] / m),
            expected=float(theirs[place] / n),
            z=float(z[place]),
            p_value=float(corrected[place]),
        )
        for place in np.lexsort((-np.abs(z), corrected))
    )


def fisher(ours: Floats, theirs: Floats, sizes: tuple[int, int]) -> Floats:
    """Fisher's exact test of each count, two-sided, twice the smaller tail."""
    law = hypergeom(sum(sizes), (ours + theirs).astype(np.int64), sizes[0])
    observed = ours.astype(np.int64)
    both: Floats = 2 * np.minimum(law.cdf(observed), law.sf(observed - 1))
    return np.minimum(1.0, both)


def holm(p_values: Floats) -> Floats:
    """p-values corrected for their number, step by step down (Holm, Scand. J. Stat. 6, 65 (1979)).

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected
