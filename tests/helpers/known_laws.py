"""Laws of a few bits, given by their tables."""

from __future__ import annotations

import numpy as np

from qdiff import Distribution


def normalised(weights: np.ndarray) -> Distribution:
    """The law in proportion to `weights`, one for each string."""
    return Distribution(probabilities=weights / weights.sum())


def porter_thomas(num_bits: int, seed: int = 0, power: float = 1) -> Distribution:
    """Exponential weights, as of a random circuit's outcomes; a `power` above 1 makes peaks."""
    return normalised(np.random.default_rng(seed).exponential(size=1 << num_bits) ** power)


def disturbed(law: Distribution, shape: float, seed: int = 1) -> Distribution:
    """`law` with every probability off by a factor of relative spread ``shape^-1/2``."""
    factor = np.random.default_rng(seed).gamma(shape, size=len(law.probabilities))
    return normalised(law.probabilities * factor)


def ghz(num_bits: int, readout: float = 0.0) -> Distribution:
    """All zeros or all ones, each bit read wrongly with chance `readout`."""
    ones = np.bitwise_count(np.arange(1 << num_bits)).astype(float)
    zeros = num_bits - ones
    table = (readout**ones * (1 - readout) ** zeros + readout**zeros * (1 - readout) ** ones) / 2
    return Distribution(probabilities=table)
