"""Shots of independent bits."""

from __future__ import annotations

import numpy as np

from qdiff import Shots


def two_sets(num_bits: int, sizes: tuple[int, int]) -> tuple[Shots, Shots]:
    """Two sets from one law, a fifth of their bits ones."""
    rng = np.random.default_rng(num_bits)
    first, second = (Shots.from_bits(rng.random((size, num_bits)) < 0.2) for size in sizes)
    return first, second
