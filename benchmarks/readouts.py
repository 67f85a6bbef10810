"""Readout errors of a benchmark, and a published method that undoes them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qdiff import Confusion, Shots
from qdiff.data.bits import Floats


def confusion_of(name: str, num_bits: int) -> Confusion:
    """Readout errors of each bit, and of neighbouring pairs where they are correlated."""
    draw = np.random.default_rng(len(name))
    up = draw.uniform(0.01, 0.03, num_bits)
    down = up if name == "equal" else draw.uniform(0.03, 0.08, num_bits)
    flips = Confusion.independent(up, down)
    if name != "correlated":
        return flips
    pairs = [(bit, bit + 1) for bit in range(0, num_bits - 1, 2)]
    return flips.with_pair_flips(pairs, draw.uniform(0.01, 0.03, len(pairs)))


def mthree_law(singles: Sequence[Floats], shots: Shots) -> dict[str, float] | None:
    """M3's nearest probability law, from each bit's readout; nothing where it is not installed."""
    try:
        from mthree import M3Mitigation
    except ImportError:
        return None
    mitigator = M3Mitigation()
    mitigator.single_qubit_cals = list(singles)
    counts = {key.replace(" ", ""): int(n) for key, n in shots.to_counts().items()}
    quasi = mitigator.apply_correction(counts, list(range(len(singles))))
    return {key.replace(" ", ""): p for key, p in quasi.nearest_probability_distribution().items()}
