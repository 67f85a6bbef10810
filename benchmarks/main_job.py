"""How much closer than the raw histogram does a default fit come, and at what cost?

For each circuit, noise and seed: simulate shots, fit with defaults, and take the exact KL
divergence (nats) from the exact noisy distribution, beside the smoothed histogram (counts + 1/2)
of the same shots and beside each part of the model alone.

    python benchmarks/main_job.py [--seeds 5] [--fresh]
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import frame
import numpy as np
from contenders import divergence
from costs import timed
from record import Row, mean_intervals

import qdiff
from qdiff.comparison.metrics.shot_multiplier import shots_for_kl
from qdiff.models.surrogate.part import Part

CIRCUITS = (
    "circuits/ising_10.qasm",
    "circuits/qaoa_12.qasm",
    "circuits/brickwork_shallow_12.qasm",
)
NOISES = ("superconducting",)
SHOTS = 10_000


def one_seed(circuit: Any, noise: str, truth: qdiff.Distribution, seed: int) -> dict[str, float]:
    drawn = qdiff.simulate(circuit, noise, shots=SHOTS, seed=seed)
    model, spent = timed(qdiff.fit, drawn, seed=seed)

    def kl(*parts: Part) -> float:
        law = model.only(*parts) if parts else model
        return divergence(truth, law.distribution().probabilities)

    histogram = qdiff.Distribution.from_shots(drawn, pseudocount=0.5).probabilities
    surrogate, of_histogram = kl(), divergence(truth, histogram)
    independent = qdiff.compare(truth, truth, training=drawn)["kl"].independent_bits
    return {
        "surrogate": surrogate,
        "without_shots": kl(Part.DIFFUSION, Part.INTERACTIONS),
        "diffusion": kl(Part.DIFFUSION),
        "interactions": kl(Part.INTERACTIONS),
        "histogram": of_histogram,
        "independent_bits": float(independent),
        "uniform": divergence(truth, np.full_like(histogram, 1 / len(histogram))),
        "ratio_to_histogram": surrogate / of_histogram,
        "shot_multiplier": shots_for_kl(truth, surrogate) / SHOTS,
        "fit_seconds": spent.wall,
    }


def measure(cell: Row, seeds: Iterable[int]) -> Row:
    """One circuit and noise: means and intervals over the seeds."""
    circuit, noise = qdiff.load_circuit(cell["circuit"]), cell["noise"]
    truth = qdiff.exact(circuit, noise)
    return mean_intervals([one_seed(circuit, noise, truth, seed) for seed in seeds])


def main() -> None:
    options = frame.arguments(__doc__, seeds=5).parse_args()
    cells = frame.grid(circuit=CIRCUITS, noise=NOISES)
    settings = {"shots": SHOTS, "seeds": len(options.seeds)}
    frame.collect("main_job", cells, partial(measure, seeds=options.seeds), options, settings)


if __name__ == "__main__":
    main()
