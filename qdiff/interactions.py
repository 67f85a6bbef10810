r"""A log-linear law of interactions with an empirical-Bayes prior: what few shots can support.

Any positive law over ``n`` bits is ``log q(x) = sum_S h_S (-1)^{sum_{i in S} x_i} - log Z`` with
one coefficient ``h_S`` for each set ``S`` of bits (the Walsh-Hadamard transform of the log-law).
Noise and locality make most of them small, so each gets a Gaussian prior ``h_S ~ N(0, t_S^2)``
whose scales are learned from the same shots by evidence maximisation (MacKay, Neural Computation
4, 415 (1992); Tipping, JMLR 1, 211 (2001)). Scales are pooled over sets of equal size whose
members are equally strongly coupled: an interaction of many bits is likely only where the bits
interact in smaller groups, so the coupling graph is learned too.

It costs ``O(n 2^n)`` an iteration, about a second at 12 bits, and is one law in a surrogate's
mixture: held-out shots decide its weight beside the diffusion model's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import hadamard
from scipy.optimize import minimize

from qdiff import bits as bitorder
from qdiff.errors import InputError
from qdiff.laws import TableLaw
from qdiff.shots import Shots

Floats = NDArray[np.float64]

MAX_BITS = 16
"""Beyond this the table no longer fits into a default fit's time."""

_FIRST_SCALE, _SCALE_RATIO = 0.3, 0.45
_WEAKEST = 1e-3
_POOLING = 4.0
"""How many coefficients' worth of evidence a group's mean has in a single one's scale."""


@dataclass(frozen=True, kw_only=True)
class _Round:
    """One round of learning scales: groups a size at most, sets a group at least, updates."""

    groups: int
    smallest: int
    pooled_updates: int
    own_updates: int


_ROUNDS = (
    _Round(groups=1, smallest=1, pooled_updates=4, own_updates=0),
    _Round(groups=8, smallest=20, pooled_updates=4, own_updates=8),
    _Round(groups=16, smallest=10, pooled_updates=4, own_updates=8),
)


def fit_interactions(shots: Shots) -> TableLaw:
    """Fit the log-linear law to `shots` of at most 16 bits. Deterministic.

    Raises `InputError` for more bits or no shots.

    >>> law = fit_interactions(Shots.from_counts({"00": 48, "11": 52}))
    >>> bool(law.table()[[0, 3]].sum() > 0.9)
    True
    """
    if shots.num_bits > MAX_BITS:
        raise InputError(f"interactions need at most {MAX_BITS} bits, got {shots.num_bits}")
    if shots.num_shots == 0:
        raise InputError("there are no shots")
    data = _Data.from_shots(shots)
    sizes = np.bitwise_count(np.arange(1 << shots.num_bits)).astype(np.int64)
    scales: Floats = np.asarray(_FIRST_SCALE * _SCALE_RATIO**sizes, dtype=np.float64)
    coefficients = np.zeros(len(sizes))
    for settings in _ROUNDS:
        strength = tree_strength(coupling(coefficients))
        labels = _group(sizes, strength, settings)
        for update in range(settings.pooled_updates + settings.own_updates):
            coefficients = _most_probable(data, scales, coefficients)
            moments = _second_moments(data, scales, coefficients)
            own = update >= settings.pooled_updates
            scales = np.sqrt(_pool(moments, labels, own=own))
    coefficients = _most_probable(data, scales, coefficients)
    return TableLaw(_log_law(coefficients))


def walsh_hadamard(values: Floats) -> Floats:
    """``sum_x values_x (-1)^{|x & S|}`` for every ``S``, both indexed as bitstrings.

    >>> walsh_hadamard(np.array([1.0, 0, 0, 0])).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    num_bits = len(values).bit_length() - 1
    high, low = 1 << (num_bits // 2), 1 << (num_bits - num_bits // 2)
    table = values.reshape(high, low)  # two matrix products are faster than n butterflies
    return (_hadamard(high) @ table @ _hadamard(low)).reshape(-1)


def coupling(coefficients: Floats) -> Floats:
    """How strongly bits interact, ``(n, n)``: root sum of ``h_S^2`` over the sets with both."""
    num_bits = len(coefficients).bit_length() - 1
    member = bitorder.all_bits(num_bits).astype(np.float64)
    strength = np.sqrt((member.T * coefficients**2) @ member)
    np.fill_diagonal(strength, 0)
    return strength


def tree_strength(coupling: Floats) -> Floats:
    """Mean log-coupling over the maximum spanning tree of every set of bits, ``(2^n,)``.

    Removing a leaf of the best tree of ``S`` leaves the best tree of the rest, so sets are solved
    in order of size: ``T(S) = max_i T(S - i) + log max_{j in S - i} coupling_ij``.
    """
    num_bits = len(coupling)
    index = np.arange(1 << num_bits)
    sizes = np.bitwise_count(index)
    nearest = np.zeros((num_bits, len(index)))
    for bit in range(num_bits):
        holds = (index >> bit & 1).astype(bool)
        nearest[:, holds] = np.maximum(nearest[:, holds], coupling[:, bit, None])
    edge = np.log(_WEAKEST + nearest)
    tree = np.zeros(len(index))
    for size in range(2, num_bits + 1):
        sets = np.flatnonzero(sizes == size)
        best = np.full(len(sets), -np.inf)
        for bit in range(num_bits):
            holds = (sets >> bit & 1).astype(bool)
            rest = sets[holds] ^ (1 << bit)
            best[holds] = np.maximum(best[holds], tree[rest] + edge[bit, rest])
        tree[sets] = best
    return tree / np.maximum(sizes.astype(np.float64) - 1, 1)


@dataclass(frozen=True, kw_only=True)
class _Data:
    """What the likelihood needs of the shots: their number and the spectrum of their counts."""

    shots: int
    spectrum: Floats

    @classmethod
    def from_shots(cls, shots: Shots) -> _Data:
        table = np.zeros(1 << shots.num_bits)
        table[shots.indices] = shots.counts
        return cls(shots=shots.num_shots, spectrum=walsh_hadamard(table))


def _most_probable(data: _Data, scales: Floats, start: Floats) -> Floats:
    """The coefficients of largest posterior density, from `start`, by L-BFGS on ``h / t``."""
    free = scales > 0
    free[0] = False  # the empty set's coefficient is the normalisation

    def objective(whitened: Floats) -> tuple[float, Floats]:
        coefficients = np.zeros(len(scales))
        coefficients[free] = scales[free] * whitened
        values = walsh_hadamard(coefficients)
        top = values.max()
        weights = np.exp(values - top)
        total = weights.sum()
        log_z = top + np.log(total)
        surplus = data.shots * walsh_hadamard(weights / total) - data.spectrum
        value = data.shots * log_z - coefficients @ data.spectrum + 0.5 * whitened @ whitened
        return value, scales[free] * surplus[free] + whitened

    first = start[free] / scales[free]
    found = minimize(objective, first, jac=True, method="L-BFGS-B", options={"maxiter": 60})
    coefficients = np.zeros(len(scales))
    coefficients[free] = scales[free] * found.x
    return coefficients


def _second_moments(data: _Data, scales: Floats, coefficients: Floats) -> Floats:
    """``E[h_S^2]`` under a Gaussian about the mode with the diagonal of the Fisher information."""
    means = walsh_hadamard(np.exp(_log_law(coefficients)))
    information = data.shots * np.maximum(1 - means**2, 0)
    variance = scales**2
    return coefficients**2 + variance / (1 + information * variance)


def _pool(moments: Floats, labels: NDArray[np.int64], *, own: bool) -> Floats:
    """New squared scales: each group's mean, or each coefficient's own shrunk towards it."""
    mean = np.bincount(labels, moments) / np.bincount(labels)
    return (moments + _POOLING * mean[labels]) / (1 + _POOLING) if own else mean[labels]


def _group(sizes: NDArray[np.int64], strength: Floats, settings: _Round) -> NDArray[np.int64]:
    """Label sets by size and, within a size, by quantile of strength."""
    labels = np.zeros(len(sizes), dtype=np.int64)
    used = 0
    for size in range(int(sizes.max()) + 1):
        sets = np.flatnonzero(sizes == size)
        groups = max(1, min(settings.groups, len(sets) // settings.smallest)) if size > 1 else 1
        rank = np.argsort(np.argsort(strength[sets], kind="stable"), kind="stable")
        labels[sets] = used + rank * groups // len(sets)
        used += groups
    return labels


def _log_law(coefficients: Floats) -> Floats:
    values = walsh_hadamard(coefficients)
    normalised: Floats = values - np.logaddexp.reduce(values)
    return normalised


@lru_cache(maxsize=4)
def _hadamard(size: int) -> Floats:
    matrix: Floats = hadamard(size).astype(np.float64)
    return matrix
