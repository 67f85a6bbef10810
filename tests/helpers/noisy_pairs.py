"""Circuits and shots of a device whose noise is known, for tests of what is learned of it."""

from __future__ import annotations

import numpy as np

import qdiff
from qdiff import NoiseSpec, Shots

CIRCUITS = ("ansatz:3,seed=5", "brickwork:3,depth=4,seed=1", "heisenberg:3")
TRUTH = NoiseSpec.parse(
    "depolarizing:p1=1.2e-3,p2=1e-2,readout=0.02/0.03,virtual_gates=rz+p+u1+z+s+sdg+t+tdg"
)


def noisy_pairs(
    shots: int, noise: NoiseSpec = TRUTH, *, circuits: tuple[str, ...] = CIRCUITS, seed: int = 1
) -> list[tuple[str, Shots]]:
    """Exact noisy laws, sampled."""
    laws = [qdiff.exact(circuit, noise) for circuit in circuits]
    return [
        (circuit, law.sample(shots, seed=seed + 100 * place))
        for place, (circuit, law) in enumerate(zip(circuits, laws, strict=True))
    ]


def kl(truth: np.ndarray, law: np.ndarray) -> float:
    """``KL(truth || law)`` in nats."""
    seen = truth > 0
    return float(truth[seen] @ np.log(truth[seen] / law[seen]))
