"""How fast are surrogate shots, beside a ready table and the simulator, and how much memory?

One run, all cores, every side at its best settings: tables and prefix trees of the surrogate,
parallel decoding with its measured cost, numpy drawing from the same ready table, and Aer's shots.
Fit time and the number of shots from which fitting pays stand beside the speeds.

    python benchmarks/sampling_speed.py [--fresh] [--only job=table ...]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import frame
import numpy as np
from costs import least, peak_gibibytes, timed
from record import Row
from truths import NOISE

import qdiff

TRAINING = {20: 5_000, 40: 2_000, 100: 500}
"""Shots that the surrogates are fitted to, drawn with Aer's matrix product states."""

STATEVECTOR_SHOTS = 20


def training_shots(num_bits: int) -> tuple[qdiff.Shots, float]:
    """The shots, and the seconds that they took once the circuit was transpiled."""
    circuit = qdiff.load_circuit(f"ising:{num_bits}")

    def simulate(shots: int, seed: int) -> qdiff.Shots:
        return qdiff.simulate(circuit, NOISE, shots=shots, seed=seed, method="matrix_product_state")

    overhead = least(lambda: simulate(1, 2), 2)  # transpiling, and what is loaded once
    shots, spent = timed(simulate, TRAINING[num_bits], 1)
    return shots, spent.wall - overhead.wall


def fitted(num_bits: int) -> tuple[qdiff.Surrogate, dict[str, float]]:
    shots, simulating = training_shots(num_bits)
    model, spent = timed(qdiff.fit, shots, seed=1)
    return model, {
        "fit_seconds": spent.wall,
        "aer_mps_seconds_a_shot": simulating / TRAINING[num_bits],
    }


def table(shots: int = 1_000_000) -> Row:
    """20 bits, from a table: cold (building it too), warm, and numpy on the same table."""
    model, costs = fitted(20)
    _, cold = timed(model.sample, shots, seed=1)
    p = model.distribution().probabilities / model.distribution().probabilities.sum()
    cumulative = np.cumsum(p)
    generator = np.random.default_rng(1)
    warm = least(lambda: model.sample(shots, seed=1)).wall
    multinomial = least(lambda: generator.multinomial(shots, p)).wall
    search = least(lambda: np.searchsorted(cumulative, generator.random(shots))).wall
    return {
        "what": "table",
        "num_bits": 20,
        "shots": shots,
        "cold_seconds": cold.wall,
        "warm_seconds": warm,
        "numpy_multinomial_seconds": multinomial,
        "numpy_search_seconds": search,
        "warm_over_numpy": warm / min(multinomial, search),
        **costs,
        "aer_statevector_seconds_a_shot": _statevector_shot(20),
    }


def wide(num_bits: int, shots: int) -> list[Row]:
    """Beyond tables: prefix splitting and parallel decoding of the same surrogate."""
    model, costs = fitted(num_bits)
    rows = []
    for steps in (None, 8, 16):
        model.sample(1000, seed=2, steps=steps)  # measures the penalty once
        spent = least(partial(model.sample, shots, seed=1, steps=steps), 2).wall
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


def memory(num_bits: int, shots: int = 10_000_000) -> Row:
    """Peak memory of a process that loads a model and draws, without Qiskit."""
    with TemporaryDirectory() as folder, get_context("spawn").Pool(1) as pool:
        path = Path(folder) / "model.safetensors"
        fitted(num_bits)[0].save(path)
        peak, distinct, spent = pool.apply(_draw, (path, shots))
    return {
        "what": "memory",
        "num_bits": num_bits,
        "shots": shots,
        "distinct": distinct,
        "seconds": spent,
        "peak_gibibytes": peak,
    }


def _draw(path: Path, shots: int) -> tuple[float, int, float]:
    model = qdiff.Surrogate.load(path)
    drawn, spent = timed(model.sample, shots, seed=1)
    return peak_gibibytes(), len(drawn.counts), spent.wall


def _statevector_shot(num_bits: int) -> float:
    circuit = qdiff.load_circuit(f"ising:{num_bits}")

    def simulate(shots: int) -> None:
        qdiff.simulate(circuit, NOISE, shots=shots, seed=1, method="statevector")

    one = least(lambda: simulate(1), 2).wall
    return (least(lambda: simulate(1 + STATEVECTOR_SHOTS), 1).wall - one) / STATEVECTOR_SHOTS


JOBS: dict[str, Callable[[], Row | list[Row]]] = {
    "table": table,
    "wide 40": partial(wide, 40, 200_000),
    "wide 100": partial(wide, 100, 50_000),
    "memory 20": partial(memory, 20),
    "memory 40": partial(memory, 40),
}


def measure(cell: Row) -> Row | list[Row]:
    return JOBS[cell["job"]]()


def main() -> None:
    options = frame.arguments(__doc__, seeds=None).parse_args()
    cells = frame.grid(job=JOBS)
    frame.collect("sampling_speed", cells, measure, options, {"noise": NOISE}, threads=None)


if __name__ == "__main__":
    main()
