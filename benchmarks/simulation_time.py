"""What would the time that drawing the shots took have given as an average over trajectories?

With the circuit at hand, a user need not fit anything: averaging |psi(x)|^2 over noise trajectories
is unbiased and far tighter than counting shots. For each circuit: Aer's time a shot, and a
trajectory, each by its best method; how many trajectories take as long as the shots; and the KL in
nats that their table has, from its own standard errors (sum of variance / 2p, which falls as one
over their number). The surrogate's KL from the same number of shots is in the quality benchmark.

    python benchmarks/simulation_time.py [--fresh]
"""

from __future__ import annotations

import frame
import numpy as np
from costs import timed
from record import Row, read
from truths import NOISE, SUITES, truth_of

import qdiff

SHOTS = 10_000
TIMED_SHOTS, TIMED_TRAJECTORIES = 200, 200


def measure(cell: Row) -> Row:
    circuit = cell["circuit"]
    loaded = qdiff.load_circuit(circuit)
    qdiff.simulate(
        loaded, NOISE, shots=10, seed=2, grouping=False
    )  # transpiles and loads what is loaded once
    _, spent = timed(qdiff.simulate, loaded, NOISE, shots=TIMED_SHOTS, seed=1, grouping=False)
    shot = spent.wall / TIMED_SHOTS
    rough, spent = timed(qdiff.trajectories, loaded, NOISE, samples=TIMED_TRAJECTORIES, seed=3)
    trajectory = spent.wall / TIMED_TRAJECTORIES
    number = SHOTS * shot / trajectory
    kl = _divergence_of_one(rough, truth_of(circuit, SUITES["q16"].trajectories)) / number
    return {
        "shots": SHOTS,
        "seconds_a_shot": shot,
        "seconds_a_trajectory": trajectory,
        "trajectories_in_that_time": number,
        "kl_of_their_table": kl,
        "surrogate": _surrogate(circuit),
    }


def _divergence_of_one(rough: qdiff.Distribution, truth: qdiff.Distribution) -> float:
    """``sum_x Var(x) / 2 p(x)`` of a single trajectory's table, in nats."""
    errors = np.asarray(rough.standard_error, dtype=float)
    variance = np.square(errors) * TIMED_TRAJECTORIES
    return float(0.5 * (variance / np.maximum(truth.probabilities, 1e-300)).sum())


def _surrogate(circuit: str) -> list[float]:
    rows = read("quality_q16").get("rows", [])
    return [
        row["kl"]["surrogate"] for row in rows if (row["circuit"], row["shots"]) == (circuit, SHOTS)
    ]


def main() -> None:
    options = frame.arguments(__doc__, seeds=None).parse_args()
    cells = frame.grid(circuit=SUITES["q16"].circuits)
    frame.collect("simulation_time", cells, measure, options, {"noise": NOISE})


if __name__ == "__main__":
    main()
