"""One fixed hash, the same in every process and version."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hashed(index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 hash bits of each number: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    state = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))
