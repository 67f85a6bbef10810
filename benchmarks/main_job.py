"""How much closer than the raw histogram does a default fit come, and at what cost?

For each circuit, noise and seed: simulate shots, fit with defaults, and take the exact KL
divergence (nats) from the exact noisy distribution, beside the smoothed histogram (counts + 1/2)
of the same shots and beside each part of the model alone.

    python benchmarks/main_job.py [--seeds 5] [--shots 10000]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import record

import qdiff
from qdiff.comparison.metrics.shot_multiplier import shots_for_kl
from qdiff.comparison.metrics.tables import kl_divergence
from qdiff.models.surrogate.parts import Part

CIRCUITS = (
    "circuits/ising_10.qasm",
    "circuits/qaoa_12.qasm",
    "circuits/brickwork_shallow_12.qasm",
)
NOISES = ("superconducting",)


def one_seed(circuit: Any, noise: str, truth: qdiff.Distribution, shots: int, seed: int) -> Any:
    drawn = qdiff.simulate(circuit, noise, shots=shots, seed=seed)
    start = time.perf_counter()
    model = qdiff.fit(drawn, seed=seed)
    seconds = time.perf_counter() - start
    p = truth.probabilities
    histogram = qdiff.Distribution.from_shots(drawn, pseudocount=0.5).probabilities
    independent = qdiff.compare(truth, truth, training=drawn)["kl"].independent_bits

    def kl(*parts: Part) -> float:
        law = model.only(*parts) if parts else model
        return float(kl_divergence(p, law.distribution().probabilities))

    return {
        "surrogate": kl(),
        "without_shots": kl(Part.DIFFUSION, Part.INTERACTIONS),
        "diffusion": kl(Part.DIFFUSION),
        "interactions": kl(Part.INTERACTIONS),
        "histogram": float(kl_divergence(p, histogram)),
        "independent_bits": independent,
        "uniform": float(kl_divergence(p, np.full_like(p, 1 / len(p)))),
        "ratio_to_histogram": kl() / float(kl_divergence(p, histogram)),
        "shot_multiplier": shots_for_kl(truth, kl()) / shots,
        "fit_seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--shots", type=int, default=10_000)
    parser.add_argument("--circuits", nargs="+", default=CIRCUITS)
    options = parser.parse_args()
    settings = {"shots": options.shots, "seeds": options.seeds}
    rows = []
    for path in options.circuits:
        circuit = qdiff.load_circuit(path)
        for noise in NOISES:
            truth = qdiff.exact(circuit, noise)
            runs = [
                one_seed(circuit, noise, truth, options.shots, seed)
                for seed in range(1, options.seeds + 1)
            ]
            row = {key: record.mean_interval([run[key] for run in runs]) for key in runs[0]}
            rows.append({"circuit": path, "noise": noise, **row})
            print(
                f"{path} under {noise}: KL {row['surrogate']['mean']:.4f}, "
                f"histogram {row['histogram']['mean']:.4f}, "
                f"ratio {row['ratio_to_histogram']['mean']:.3f} "
                f"{np.round(row['ratio_to_histogram']['interval'], 3)}, "
                f"diffusion {row['diffusion']['mean']:.4f}, "
                f"interactions {row['interactions']['mean']:.4f}, "
                f"multiplier {row['shot_multiplier']['mean']:.1f}, "
                f"fit {row['fit_seconds']['mean']:.0f} s",
                flush=True,
            )
            record.write("main_job", __doc__.splitlines()[0], rows, settings)


if __name__ == "__main__":
    main()
