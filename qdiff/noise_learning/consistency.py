"""Whether shots are what noise of this kind can give, by tests along few directions.

A chi-square over all strings has thousands of degrees of freedom, in which what the model lacks
drowns. Two tests look where it shows.

*Circuits with one another.* From the other circuits the parameters ``theta`` are known to be normal
with precision ``P``; the score ``s`` of a circuit's own shots there, of information ``I``, is then
normal with covariance ``I + I P^-1 I``. Drift between batches moves it, and so does any noise that
has another effect in another circuit.

*One and two bits at a time.* The means ``<Z_i>`` and ``<Z_i Z_j>`` of a circuit's shots differ from
those of the fitted law by a normal residue of covariance ``V / N - J P^-1 J^T`` (what fitting took
away is missing), ``V`` the covariance of the strings and ``J`` how their means change with
``theta``. Errors that pairs have in common, as crosstalk makes them, move it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.models.interactions.walsh import walsh_hadamard

_TOLD = 1.0
"""Information, in units of the prior's, from which on shots say something of a direction."""

_FLAT = 1e-6
"""Of the largest variance: below it a combination of strings is a constant."""

_FEWEST = 25.0
"""Of a string's variance times the shots: what varies less is decided by a handful of strings, of
which a single one too many is no normal residue's (of a rare one, about five are expected here)."""

_LEFT = 0.05
"""What fitting must have left of a residue's variance."""


def disagreement(score: Floats, information: Floats, precision: Floats) -> float:
    """p-value of a circuit's `score` at the parameters that other circuits have told.

    All of the parameters: ``(d,)``, ``(d, d)`` and ``(d, d)``.

    >>> one = np.eye(1)
    >>> round(disagreement(np.array([20.0]), 100 * one, 100 * one), 3)
    0.157
    """
    values, vectors = np.linalg.eigh(information)
    told = values > _TOLD
    root = vectors[:, told] * np.sqrt(values[told])
    away = (vectors[:, told].T @ score) / np.sqrt(values[told])
    covariance = np.eye(len(away)) + root.T @ np.linalg.solve(precision, root)
    return _p_value(float(away @ np.linalg.solve(covariance, away)), len(away))


def few_bit_residue(law: Floats, slopes: Floats, covariance: Floats, shots: Shots) -> float:
    """p-value of the means of one and two bits of `shots` under the law fitted to them.

    `slopes` are the law's derivatives by its numbers, ``(k, 2^n)``, whose posterior `covariance` is
    ``(k, k)``.
    """
    masks, means = _masks(shots.num_bits), walsh_hadamard(law)
    residue = (walsh_hadamard(_frequencies(shots)) - means)[masks]
    white = _whitening(means, masks, 1 / shots.num_shots)
    if not white.size:
        return 1.0
    fitted = white.T @ np.array([walsh_hadamard(slope)[masks] for slope in slopes]).T
    left, axes = np.linalg.eigh(np.eye(white.shape[1]) - fitted @ covariance @ fitted.T)
    free = left > _LEFT
    along = axes[:, free].T @ (white.T @ residue)
    return _p_value(float((along**2 / left[free]).sum()), int(free.sum()))


def few_bit_change(shots: Shots, others: Sequence[Shots]) -> float:
    """p-value of the means of one and two bits of `shots` beside `others` of the same circuit.

    It knows nothing of circuits or noise: what differs is the device, from batch to batch.
    """
    masks, number = _masks(shots.num_bits), sum(other.num_shots for other in others)
    rest = sum(other.num_shots / number * _frequencies(other) for other in others)
    own, total = _frequencies(shots), shots.num_shots
    pooled = walsh_hadamard((total * own + number * rest) / (total + number))
    white = _whitening(pooled, masks, 1 / total + 1 / number)
    away = white.T @ walsh_hadamard(own - rest)[masks]
    return _p_value(float(away @ away), len(away))


def _frequencies(shots: Shots) -> Floats:
    """``(2^n,)``."""
    table = np.zeros(1 << shots.num_bits)
    table[shots.indices] = shots.counts / shots.num_shots
    return table


def _whitening(means: Floats, masks: NDArray[np.int64], scale: float) -> Floats:
    """``W`` such that ``W^T`` times the strings' means has unit covariance, ``(masks, rank)``.

    A mean of shots has `scale` times the covariance of the strings. Combinations that too few shots
    decide are left out.
    """
    variance = means[masks[:, None] ^ masks] - np.outer(means[masks], means[masks])
    values, vectors = np.linalg.eigh(variance)
    kept = values > max(_FLAT * values.max(), _FEWEST * scale)
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept] * scale))


def _masks(num_bits: int) -> NDArray[np.int64]:
    """Of single bits and of pairs."""
    one = [1 << bit for bit in range(num_bits)]
    return np.array([*one, *(a | b for a, b in combinations(one, 2))])


def _p_value(statistic: float, freedom: int) -> float:
    return float(chi2.sf(statistic, freedom)) if freedom else 1.0
