"""How fast are surrogate shots, beside a ready table and the simulator, and how much memory?

One run, all cores, every side at its best settings: tables and prefix trees of the surrogate,
parallel decoding with its measured cost, numpy drawing from the same ready table, and Aer's shots.
Fit time and the number of shots from which fitting pays stand beside the speeds.

    python benchmarks/sampling_speed.py [--jobs table ...]
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

import numpy as np
import record

import qdiff

NOISE = "superconducting"
TRAINING = {20: 5_000, 40: 2_000, 100: 500}
"""Shots that the surrogates are fitted to, drawn with Aer's matrix product states."""

STATEVECTOR_SHOTS = 20


def seconds(work: Callable[[], Any], repeats: int = 3) -> float:
    """The best of some repeats."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return float(best)


def training_shots(num_bits: int) -> tuple[qdiff.Shots, float]:
    """The shots, and the seconds that they took once the circuit was transpiled."""
    circuit = qdiff.load_circuit(f"ising:{num_bits}")

    def simulate(shots: int, seed: int) -> qdiff.Shots:
        return qdiff.simulate(circuit, NOISE, shots=shots, seed=seed, method="matrix_product_state")

    overhead = seconds(lambda: simulate(1, 2), 2)  # transpiling, and what is loaded once
    start = time.perf_counter()
    shots = simulate(TRAINING[num_bits], 1)
    return shots, time.perf_counter() - start - overhead


def fitted(num_bits: int) -> tuple[qdiff.Surrogate, dict[str, float]]:
    shots, simulating = training_shots(num_bits)
    start = time.perf_counter()
    model = qdiff.fit(shots, seed=1)
    return model, {
        "fit_seconds": time.perf_counter() - start,
        "aer_mps_seconds_a_shot": simulating / TRAINING[num_bits],
    }


def table(shots: int = 1_000_000) -> dict[str, Any]:
    """20 bits, from a table: cold (building it too), warm, and numpy on the same table."""
    model, costs = fitted(20)
    start = time.perf_counter()
    model.sample(shots, seed=1)
    cold = time.perf_counter() - start
    p = model.distribution().probabilities / model.distribution().probabilities.sum()
    cumulative = np.cumsum(p)
    generator = np.random.default_rng(1)
    warm = seconds(lambda: model.sample(shots, seed=1))
    multinomial = seconds(lambda: generator.multinomial(shots, p))
    search = seconds(lambda: np.searchsorted(cumulative, generator.random(shots)))
    return {
        "what": "table",
        "num_bits": 20,
        "shots": shots,
        "cold_seconds": cold,
        "warm_seconds": warm,
        "numpy_multinomial_seconds": multinomial,
        "numpy_search_seconds": search,
        "warm_over_numpy": warm / min(multinomial, search),
        **costs,
        "aer_statevector_seconds_a_shot": _statevector_shot(20),
    }


def wide(num_bits: int, shots: int) -> list[dict[str, Any]]:
    """Beyond tables: prefix splitting and parallel decoding of the same surrogate."""
    model, costs = fitted(num_bits)
    rows = []
    for steps in (None, 8, 16):
        model.sample(1000, seed=2, steps=steps)  # measures the penalty once
        spent = seconds(lambda steps=steps: model.sample(shots, seed=1, steps=steps), 2)  # type: ignore[misc]
        penalty = (0.0, 0.0) if steps is None else model.penalty(steps)
        rate, aer = shots / spent, costs["aer_mps_seconds_a_shot"]
        saved = aer - 1 / rate
        simulated = TRAINING[num_bits] * aer + costs["fit_seconds"]
        rows.append(
            {
                "what": "prefix splitting" if steps is None else f"{steps} parallel steps",
                "num_bits": num_bits,
                "shots": shots,
                "shots_a_second": rate,
                "penalty_nats": list(penalty),
                "weights": model.card["weights"],
                "times_faster_than_aer_mps": aer * rate,
                "break_even_shots": simulated / saved,
                **costs,
            }
        )
    return rows


def memory(num_bits: int, shots: int = 10_000_000) -> dict[str, Any]:
    """Peak memory of a process that loads a model and draws, without Qiskit."""
    path = record.REFERENCES / f"speed_{num_bits}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    fitted(num_bits)[0].save(path, force=True)
    with get_context("spawn").Pool(1) as pool:
        peak, distinct, spent = pool.apply(_draw, (str(path), shots))
    return {
        "what": "memory",
        "num_bits": num_bits,
        "shots": shots,
        "distinct": distinct,
        "seconds": spent,
        "peak_gibibytes": peak,
    }


def _draw(path: str, shots: int) -> tuple[float, int, float]:
    model = qdiff.Surrogate.load(path)
    start = time.perf_counter()
    drawn = model.sample(shots, seed=1)
    spent = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return peak, len(drawn.counts), spent


def _statevector_shot(num_bits: int) -> float:
    circuit = qdiff.load_circuit(f"ising:{num_bits}")

    def simulate(shots: int) -> None:
        qdiff.simulate(circuit, NOISE, shots=shots, seed=1, method="statevector")

    one = seconds(lambda: simulate(1), 2)
    return (seconds(lambda: simulate(1 + STATEVECTOR_SHOTS), 1) - one) / STATEVECTOR_SHOTS


JOBS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "table": lambda: [table()],
    "wide 40": lambda: wide(40, 200_000),
    "wide 100": lambda: wide(100, 50_000),
    "memory 20": lambda: [memory(20)],
    "memory 40": lambda: [memory(40)],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    options = parser.parse_args()
    rows = [
        row
        for row in record.read("sampling_speed").get("rows", [])
        if row.get("job") not in options.jobs and row.get("job") in JOBS
    ]
    for name in options.jobs:
        measured = {"job": name, "revision": record.revision()}
        rows += [{**row, **measured} for row in JOBS[name]()]
        record.write("sampling_speed", __doc__.splitlines()[0], rows, {"noise": NOISE})
        print(rows[-1], flush=True)


if __name__ == "__main__":
    main()
