"""Some of many shots, drawn at random without replacement, however many there are."""

from __future__ import annotations

import numpy as np

from qdiff.data.bits import Counts

_NUMPYS_LIMIT = 10**9
"""From here on numpy refuses to draw."""

_FEW = 10**5
"""So few are drawn one by one: as a share of the most shots they would round to none."""


def draw_without_replacement(counts: Counts, size: int, generator: np.random.Generator) -> Counts:
    """How many of each kind are among `size` that are drawn, ``(m,) -> (m,)``.

    Beyond numpy's limit each shot is taken or not by itself, with the chance that gives `size` in
    the mean. Given their number, those taken are a uniformly random set; what is too many or too
    few by is of the order of a square root, and is taken away or added in the same way. Exact.

    >>> half = draw_without_replacement(np.array([2**61, 2**61]), 2**61, np.random.default_rng(1))
    >>> int(half.sum()) == 2**61
    True
    """
    total = int(counts.sum())
    if total < _NUMPYS_LIMIT:
        return generator.multivariate_hypergeometric(counts, size, method="marginals")
    if size <= _FEW:
        return _one_by_one(counts, size, generator)
    if size > total // 2:
        return counts - draw_without_replacement(counts, total - size, generator)
    drawn = generator.binomial(counts, size / total)
    surplus = int(drawn.sum()) - size
    if surplus >= 0:
        return drawn - draw_without_replacement(drawn, surplus, generator)
    return drawn + draw_without_replacement(counts - drawn, -surplus, generator)


def _one_by_one(counts: Counts, size: int, generator: np.random.Generator) -> Counts:
    """The same for few shots: each one's number is drawn, those taken before are drawn again."""
    ends, taken = np.cumsum(counts), np.zeros(0, np.int64)
    while len(taken) < size:
        again = generator.integers(ends[-1], size=size - len(taken))
        taken = np.unique(np.append(taken, again))
    return np.bincount(np.searchsorted(ends, taken, side="right"), minlength=len(counts))
