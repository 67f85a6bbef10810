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

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import record

import qdiff
from qdiff.comparison.metrics.shot_multiplier import shots_for_kl
from qdiff.comparison.metrics.tables import kl_divergence
from qdiff.fitting.heldout import hold_out
from qdiff.models.baselines.base import Baseline
from qdiff.models.baselines.chow_liu import ChowLiuTree
from qdiff.models.baselines.counting import Histogram, IndependentBits
from qdiff.models.baselines.lstm import LSTM
from qdiff.models.baselines.made import MADE
from qdiff.models.baselines.matrix_product import MatrixProduct
from qdiff.models.surrogate.parts import Part

NOISE = "superconducting"

_FIGURES = ("kl", "cpu_seconds")
"""What a row has for each method."""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Circuits, numbers of shots, and trajectories in the law (None: the exact law)."""

    circuits: tuple[str, ...]
    shots: tuple[int, ...]
    trajectories: int | None = None


SUITES = {
    "q12": Suite(
        circuits=(
            "ising:12",
            "heisenberg:12",
            "qaoa:12,seed=1",
            "ansatz:12,seed=1",
            "iqp:12,seed=1",
            "ghz:12",
            "phase:12",
            "brickwork:12,depth=4,seed=1",
            "brickwork:12,depth=12,seed=1",
        ),
        shots=(1_000, 10_000, 100_000),
    ),
    "q16": Suite(
        circuits=("ising:16", "heisenberg:16", "qaoa:16,seed=1", "brickwork:16,depth=4,seed=1"),
        shots=(10_000, 100_000),
        trajectories=4000,
    ),
    "q20": Suite(
        circuits=("ising:20", "heisenberg:20", "qaoa:20,seed=1", "brickwork:20,depth=4,seed=1"),
        shots=(10_000, 100_000),
        trajectories=300,
    ),
}

BASELINES: dict[str, Baseline] = {
    "histogram": Histogram(),
    "independent_bits": IndependentBits(),
    "chow_liu": ChowLiuTree(),
    "made": MADE(hidden=(64, 256), weight_decay=(0.3,)),
    "lstm": LSTM(hidden=(64, 128), weight_decay=(0.3,)),
    "matrix_product": MatrixProduct(),
}


def truth_of(
    circuit: str,
    trajectories: int | None,
    *,
    noise: str = NOISE,
    spec: qdiff.NoiseSpec | None = None,
) -> qdiff.Distribution:
    """The law that shots are drawn from, computed once and kept outside the repository.

    `noise` names it, and is what `spec` says where it is not the name of a preset.
    """
    record.REFERENCES.mkdir(parents=True, exist_ok=True)
    title = circuit if noise == NOISE else f"{circuit}_{noise}"
    name = "".join(letter if letter.isalnum() else "_" for letter in title)
    path = record.REFERENCES / f"{name}_{trajectories or 'exact'}.safetensors"
    if not path.exists():
        if trajectories is None:
            law = qdiff.exact(circuit, spec or noise)
        else:
            law = qdiff.trajectories(circuit, spec or noise, samples=trajectories, seed=1)
        law.save(path)
    return qdiff.Distribution.load(path)


def measure(cell: dict[str, Any]) -> dict[str, Any]:
    """One circuit, number of shots and seed."""
    record.one_thread()
    truth, shots = _drawn(cell)
    p, seed = truth.probabilities, cell["seed"]
    heldout, _ = hold_out(shots, seed=seed)
    kl: dict[str, float] = {"uniform": float(kl_divergence(p, np.full_like(p, 1 / len(p))))}
    seconds = {}
    for name, baseline in BASELINES.items():
        start = time.process_time()
        fitted = baseline.fit(shots, heldout=heldout, seed=seed)
        seconds[name] = round(time.process_time() - start, 2)
        kl[name] = float(kl_divergence(p, fitted.distribution().probabilities))
    return _with_surrogate(truth, shots, cell, kl, seconds)


def measure_again(row: dict[str, Any]) -> dict[str, Any]:
    """The surrogate of a row fitted anew; the baselines' figures stay, with their revision."""
    record.one_thread()
    names = ("uniform", *BASELINES)
    kl, seconds = ({k: row[what][k] for k in names if k in row[what]} for what in _FIGURES)
    renewed = _with_surrogate(*_drawn(row), row, kl, seconds)
    return {"baselines_revision": row["revision"]} | row | renewed


def _drawn(cell: dict[str, Any]) -> tuple[qdiff.Distribution, qdiff.Shots]:
    """The law, and the shots drawn from it."""
    truth = truth_of(cell["circuit"], cell["trajectories"])
    return truth, truth.sample(cell["shots"], seed=record.shots_seed(cell["seed"]))


def _with_surrogate(
    truth: qdiff.Distribution,
    shots: qdiff.Shots,
    cell: dict[str, Any],
    kl: dict[str, float],
    seconds: dict[str, float],
) -> dict[str, Any]:
    start = time.process_time()
    model = qdiff.fit(shots, seed=cell["seed"])
    taken = round(time.process_time() - start, 2)
    p = truth.probabilities
    kl = kl | {name: float(kl_divergence(p, table)) for name, table in _views(model).items()}
    return {
        "kl": kl,
        "cpu_seconds": seconds | {"surrogate": taken},
        "weights": model.card["weights"],
        "network": model.card["chosen"]["network"],
        "shot_multiplier": shots_for_kl(truth, kl["surrogate"]) / shots.num_shots,
    }


def _views(model: qdiff.Surrogate) -> dict[str, np.ndarray[Any, Any]]:
    """Tables of the surrogate, of it without the shots, and of each part alone."""
    tables = {part: law.table() for part, law in model.parts.items()}
    others = [part for part in tables if part is not Part.SHOTS]
    views = {f"part_{part.value}": tables[part] for part in others}
    for name, kept in (("surrogate", list(tables)), ("without_shots", others)):
        mixed = np.stack([model.weights[part] * tables[part] for part in kept]).sum(axis=0)
        views[name] = mixed / mixed.sum()
    return views


def main() -> None:
    parser = record.arguments(__doc__.splitlines()[0], workers=2)
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument(
        "--refit", action="store_true", help="fit the surrogates of earlier revisions' rows anew"
    )
    options = parser.parse_args()
    suite = SUITES[options.suite]
    cells = [
        {"circuit": circuit, "shots": shots, "seed": seed, "trajectories": suite.trajectories}
        for seed in range(1, options.seeds + 1)
        for shots in suite.shots
        for circuit in suite.circuits
    ]
    cells = record.chosen(cells, options.only)
    for circuit in dict.fromkeys(str(cell["circuit"]) for cell in cells):
        truth_of(circuit, suite.trajectories)
    record.collect(
        f"quality_{options.suite}",
        __doc__.splitlines()[0],
        cells,
        measure,
        {"noise": NOISE, "baselines": {name: repr(value) for name, value in BASELINES.items()}},
        workers=options.workers,
        fresh=options.fresh,
        again=measure_again if options.refit else None,
    )


if __name__ == "__main__":
    main()
