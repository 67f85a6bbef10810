"""How the bits of some shots depend on one another, two at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data.shots import Shots

_ROWS = 1 << 17
"""Rows unpacked at a time, so that memory stays bounded."""


def bit_counts(shots: Shots) -> NDArray[np.float64]:
    """How often each bit is 1, ``(n,)``."""
    return np.asarray(sum(counts @ rows for rows, counts in _weighted_rows(shots)))


def pair_counts(shots: Shots) -> NDArray[np.float64]:
    """How often bits i and j are both 1, ``(n, n)``; each bit's own count on the diagonal."""
    return np.asarray(sum((rows.T * counts) @ rows for rows, counts in _weighted_rows(shots)))


def pair_joint(shots: Shots, pseudocount: float) -> NDArray[np.float64]:
    """Smoothed joint law of every pair of bits, ``(n, n, 2, 2)``: ``[i, j, a, b]``.

    The pseudocount goes to each of the four cells, so that a bit's marginal is the same in all of
    its pairs. On the diagonal, ``[i, i]`` holds that marginal and zeros.
    """
    both = pair_counts(shots)
    total, ones = float(shots.num_shots), np.diagonal(both)
    first, second = ones[:, None] - both, ones[None, :] - both
    neither = total - ones[:, None] - ones[None, :] + both
    cells = np.array([[neither, second], [first, both]]).transpose(2, 3, 0, 1) + pseudocount
    bit = np.arange(len(ones))
    cells[bit, bit] += pseudocount * np.array([[1, -1], [-1, 1]])
    return np.asarray(cells / (total + 4 * pseudocount))


def mutual_information(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mutual information of every pair in nats, ``(n, n, 2, 2) -> (n, n)``; 0 on the diagonal."""
    one = joint.sum(axis=3)  # (n, n, 2): the first bit's law
    product = one[:, :, :, None] * one.transpose(1, 0, 2)[:, :, None, :]
    ratio = np.divide(joint, product, out=np.ones_like(joint), where=joint > 0)
    information = (joint * np.log(ratio)).sum(axis=(2, 3))
    np.fill_diagonal(information, 0)
    return np.asarray(np.maximum(information, 0))


def _weighted_rows(
    shots: Shots,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    for start in range(0, len(shots.counts), _ROWS):
        words = shots.words[start : start + _ROWS]
        rows = bitorder.unpack(words, shots.num_bits).astype(np.float64)
        yield rows, shots.counts[start : start + _ROWS].astype(np.float64)
