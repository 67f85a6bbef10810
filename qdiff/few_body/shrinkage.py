"""True differences that the observed ones may stand for: adaptive shrinkage.

Observed differences are larger than the true ones, by their noise. A bootstrap about the observed
ones would count the noise twice. Here each true difference has a prior that is a mixture of normal
laws about 0, of widths on a grid and in units of its noise, whose weights all differences of a kind
decide by maximum likelihood (Stephens, Biostatistics 18, 275 (2017)): many small differences, a
single large one and none at all are then told apart.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qdiff.few_body.layout import Floats, Layout

_STEPS = 100
_NARROWEST, _WIDEST = 0.1, 4.0
"""Squared widths of the prior that are always on the grid, in units of the noise."""

_PRIOR = 1.0
"""Differences that count as seen beforehand, evenly over the widths: a few cannot decide alone."""


def plausible_differences(
    layout: Layout, difference: Floats, noise: Floats, number: int, generator: np.random.Generator
) -> Iterator[Floats]:
    """Draws of the true difference, ``(size,)`` each, given the observed one, ``(size,)``.

    `noise` has replicates of the observed one's noise, ``(R, size)``. A draw is ``k d + sqrt(k) e``
    with `d` observed, `e` one of the replicates, and ``k = t^2 / (1 + t^2)`` for a width t of the
    prior, drawn for each string from its posterior; strings keep the correlations of the noise.
    """
    kinds = zip(layout.parts(difference), layout.parts(noise.std(axis=0)), strict=True)
    posteriors = [_posterior(*kind) for kind in kinds]
    for row in generator.integers(len(noise), size=number):
        kept = np.concatenate([_drawn(*posterior, generator) for posterior in posteriors])
        yield kept * difference + np.sqrt(kept) * noise[row]


def _posterior(difference: Floats, error: Floats) -> tuple[Floats, Floats]:
    """What each width keeps of a difference, ``(G,)``, and its probability, ``(F, G)``.

    A difference without noise is kept whole.
    """
    score = np.divide(difference, error, out=np.zeros_like(difference), where=error > 0)
    widest = max(float((score**2).max()), _WIDEST)
    squares = np.append(0.0, _NARROWEST * 2.0 ** np.arange(np.log2(widest / _NARROWEST) + 1))
    variance = 1 + squares
    likelihood = np.exp(-(score[:, None] ** 2) / 2 * (1 / variance - 1 / variance[-1]))
    likelihood /= np.sqrt(variance)
    weights = np.full(len(squares), 1 / len(squares))
    spread = _PRIOR / len(squares)
    for _ in range(_STEPS):  # expectation-maximisation
        posterior = likelihood * weights
        posterior /= posterior.sum(axis=1, keepdims=True)
        weights = (posterior.sum(axis=0) + spread) / (len(score) + _PRIOR)
    keeps = np.append(squares / variance, 1.0)
    certain = np.eye(len(keeps))[-1]
    padded = np.append(posterior, np.zeros((len(score), 1)), axis=1)
    return keeps, np.where((error > 0)[:, None], padded, certain)


def _drawn(keeps: Floats, posterior: Floats, generator: np.random.Generator) -> Floats:
    """One width a difference, by inversion: what it keeps, ``(F,)``."""
    uniform = generator.random((len(posterior), 1))
    chosen = (posterior.cumsum(axis=1) < uniform).sum(axis=1)
    return np.asarray(keeps[np.minimum(chosen, len(keeps) - 1)])
