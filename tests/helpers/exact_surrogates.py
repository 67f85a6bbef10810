"""Surrogates whose law is known exactly, without any training."""

from __future__ import annotations

import numpy as np
from qiskit import QuantumCircuit

import qdiff
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.primitives.sampler import SurrogateSampler


def surrogate_of(law: qdiff.Distribution) -> Surrogate:
    """A surrogate with the probabilities of `law`, to 2^-50."""
    counts = np.rint(law.probabilities * 2.0**50).astype(np.int64)
    seen = np.flatnonzero(counts)
    shots = qdiff.Shots.from_indices(seen, counts[seen], registers=law.registers)
    return Surrogate(
        parts={Part.SHOTS: HistogramLaw(shots)},
        weights={Part.SHOTS: 1.0},
        registers=law.registers,
        card={"trained_on": dict(law.provenance)},
    )


def exact_surrogate(circuit: QuantumCircuit, noise: str | None = None) -> Surrogate:
    """A surrogate with exactly the law of `circuit` under `noise`."""
    return surrogate_of(qdiff.exact(circuit, noise))


def sampler(*entries, **options) -> SurrogateSampler:
    """A sampler of the first seed."""
    return SurrogateSampler(entries, seed=1, **options)
