"""How well does noise learned from three circuits predict circuits that were never run?

A device's noise is learned from some shots of each of three circuits, or of the first alone. For
eight other circuits of the same qubits, which give no shots at all, the exact KL divergence (nats)
of the predicted law from the true noisy law is taken, beside what a histogram of 1e4, 1e5 and 1e6
shots of that very circuit is expected to have, and the ideal law.

    python benchmarks/learned_noise.py [--seeds 2] [--workers 1] [--fresh]
"""

from __future__ import annotations

import frame
import numpy as np
from circuit_prior import noise_of
from contenders import divergence
from costs import timed
from record import Row
from truths import NOISE, truth_of

import qdiff
from qdiff.comparison.metrics.shot_multiplier import expected_histogram_kl, shots_for_kl

TAUGHT = ("ansatz:12,seed=5", "brickwork:12,depth=4,seed=2", "ising:12")
PREDICTED = (
    "heisenberg:12",
    "qaoa:12,seed=1",
    "ansatz:12,seed=1",
    "iqp:12,seed=1",
    "ghz:12",
    "phase:12",
    "xy:12",
    "brickwork:12,depth=12,seed=1",
)
NOISES = (NOISE, "per_qubit", "depolarizing:p1=3e-4,p2=3e-3,over_rotation=0.03,readout=0.02")
SHOTS = 10_000


def measure(cell: Row) -> list[Row]:
    noise = noise_of(cell["noise"])
    pairs = []
    for place, circuit in enumerate(TAUGHT[: cell["circuits"]]):
        truth = truth_of(circuit, noise=cell["noise"], spec=noise)
        pairs.append((circuit, truth.sample(SHOTS, seed=100 * cell["seed"] + place)))
    # which gates a device does in software is known of any device; rates are not
    start = qdiff.NoiseSpec(virtual_gates=noise.virtual_gates)
    learned, spent = timed(qdiff.learn_noise, pairs, start=start, seed=cell["seed"])
    steps = {step["step"]: step["kept"] for step in learned.lessons[0]["steps"]}
    shared = {"learning_cpu_seconds": round(spent.cpu, 1), "steps": steps}
    return [{**predicted(learned, circuit, cell), **shared} for circuit in PREDICTED]


def predicted(learned: qdiff.LearnedNoise, circuit: str, cell: Row) -> Row:
    """One circuit that was never run."""
    truth = truth_of(circuit, noise=cell["noise"], spec=noise_of(cell["noise"]))
    model, spent = timed(learned.predict, circuit)
    kl = divergence(truth, model.distribution().probabilities)
    ideal = divergence(truth, qdiff.exact(circuit).probabilities)
    histogram = {f"{10**k:.0e}": expected_histogram_kl(truth, 10**k) for k in (4, 5, 6)}
    worth = shots_for_kl(truth, kl)
    return {
        "circuit": circuit,
        "kl": kl,
        "kl_of_histograms": histogram,
        "kl_of_the_ideal_law": ideal if np.isfinite(ideal) else None,
        "worth_shots": worth if np.isfinite(worth) else None,
        "predicting_cpu_seconds": round(spent.cpu, 1),
    }


def main() -> None:
    options = frame.arguments(__doc__, seeds=2).parse_args()
    cells = frame.grid(seed=options.seeds, noise=NOISES, circuits=(3, 1))
    settings = {"taught": list(TAUGHT), "shots": SHOTS}
    frame.collect("learned_noise", cells, measure, options, settings)


if __name__ == "__main__":
    main()
