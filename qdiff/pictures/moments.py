"""First and second moments of a table of probabilities, in time linear in the table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def bit_masses(table: Floats) -> Floats:
    """The probability that each bit is 1, ``(2^n,) -> (n,)``.

    >>> bit_masses(np.array([0.5, 0.25, 0.0, 0.25])).tolist()
    [0.5, 0.25]
    """
    ones = []
    while len(table) > 1:
        low, high = table.reshape(2, -1)  # the last bit is 0, or 1
        ones.append(high.sum())
        table = low + high
    return np.array(ones[::-1])


def pair_masses(table: Floats) -> Floats:
    """The probability that bits i and j are both 1, ``(2^n,) -> (n, n)``; one bit's own on the
    diagonal.

    >>> pair_masses(np.array([0.5, 0.25, 0.0, 0.25])).tolist()
    [[0.5, 0.25], [0.25, 0.25]]
    """
    num_bits = len(table).bit_length() - 1
    both = np.empty((num_bits, num_bits))
    for last in reversed(range(num_bits)):
        low, high = table.reshape(2, -1)
        both[last, :last] = both[:last, last] = bit_masses(high)
        both[last, last] = high.sum()
        table = low + high
    return both


def weight_masses(table: Floats) -> Floats:
    """The probability of each number of ones, ``(2^n,) -> (n + 1,)``.

    >>> weight_masses(np.array([0.5, 0.25, 0.0, 0.25])).tolist()
    [0.5, 0.25, 0.25]
    """
    rows = table[None]  # row k: strings whose bits so far have k ones
    while rows.shape[1] > 1:
        low, high = np.split(rows, 2, axis=1)
        rows = np.pad(low, ((0, 1), (0, 0)))
        rows[1:] += high
    return rows[:, 0]


def correlations(both: Floats) -> Floats:
    """Pearson's coefficient of every pair of bits, from what `pair_masses` returns.

    NaN on the diagonal, and for a bit that never changes, which has none.
    """
    ones = np.diagonal(both)
    spread = np.sqrt(np.maximum(ones * (1 - ones), 0))
    scale = np.outer(spread, spread)
    found = np.full_like(both, np.nan)
    np.divide(both - np.outer(ones, ones), scale, out=found, where=scale > 0)
    np.fill_diagonal(found, np.nan)
    return found
