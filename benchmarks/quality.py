"""How close does a default fit come to the truth, beside everything else one could fit?

For each circuit, number of shots and seed: shots are drawn from a known law, a surrogate and the
baselines are fitted to them with the same shots held out, and each one's exact KL divergence
(nats) from that law is taken. At 12 qubits the law is the exact noisy one. At 16 and 20 qubits it
is the average over noise trajectories, kept as the truth that shots are drawn from, so that the
divergence is exact there too. Fits run on one thread, and their processor seconds are kept, which
other work on the machine does not lengthen.

    python benchmarks/quality.py q12 [--seeds 3] [--workers 2] [--only shots=10000 ...] [--fresh]
"""

from __future__ import annotations

import frame
from contenders import (
    BASELINES,
    baselines_against,
    surrogate_again,
    surrogate_against,
    together,
)
from record import Row
from truths import NOISE, SUITES, shots_seed, truth_of

import qdiff


def drawn(cell: Row) -> tuple[qdiff.Distribution, qdiff.Shots, int]:
    """The law, the shots drawn from it, and the seed."""
    truth, seed = truth_of(cell["circuit"], cell["trajectories"]), cell["seed"]
    return truth, truth.sample(cell["shots"], seed=shots_seed(seed)), seed


def measure(cell: Row) -> Row:
    """One circuit, number of shots and seed."""
    given = drawn(cell)
    return together(baselines_against(*given, BASELINES), surrogate_against(*given))


def measure_again(row: Row) -> Row:
    """The surrogate of a row fitted anew."""
    return surrogate_again(row, *drawn(row))


def main() -> None:
    parser = frame.arguments(__doc__, workers=2, refit=True)
    parser.add_argument("suite", choices=SUITES)
    options = parser.parse_args()
    suite = SUITES[options.suite]
    cells = frame.grid(
        seed=options.seeds,
        shots=suite.shots,
        circuit=suite.circuits,
        trajectories=[suite.trajectories],
    )
    settings = {"noise": NOISE, "baselines": {name: repr(b) for name, b in BASELINES.items()}}
    again = measure_again if options.refit else None
    frame.collect(f"quality_{options.suite}", cells, measure, options, settings, again=again)


if __name__ == "__main__":
    main()
