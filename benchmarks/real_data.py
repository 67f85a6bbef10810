"""How well does a default fit predict shots of real devices, and a published benchmark's law?

Of each set 80 % of the shots are fitted, and the other 20 % score the surrogate and every baseline:
mean log-likelihood in nats a shot, differences shot by shot. Nothing sees the 20 % before. The
baselines that are tuned hold out the same tenth of the 80 % as the surrogate.

- ``steane``: IBM's ibm_fez, the 7-qubit Steane code kept for some rounds, 40,000 shots a depth.
- ``aquila``: QuEra's Aquila, a chain of 11 atoms after 25 evolution times, 9,345 shots in all.
- ``aquila_times``: the same, each evolution time by itself, some 370 shots.
- ``ising``: 16 spins, a 4x4 Ising model (arXiv:2503.02934), all 5,000 training rows; its law is
  known, so that the scores are the exact KL and the total variation of 5,000 samples. The test rows
  are not used.

    python benchmarks/real_data.py PATH SET [--splits 3] [--workers 1] [--fresh]

PATH is the folder that holds ``ibm_fez_steane7``, ``quera_aquila_chain11`` and ``ising4x4``.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import contenders
import frame
import numpy as np
from contenders import divergence, fit_baselines
from costs import timed
from numpy.typing import NDArray
from record import Row
from truths import shots_seed

import qdiff
from qdiff import Distribution, Shots
from qdiff.comparison.metrics.table_metrics import total_variation
from qdiff.data.bits import all_bits
from qdiff.models.baselines.base import Baseline
from qdiff.models.baselines.hammer import HAMMER
from qdiff.models.baselines.rbm import RBM

BASELINES: dict[str, Baseline] = {**contenders.BASELINES, "rbm": RBM(), "hammer": HAMMER()}
DEPTHS = (0, 20, 40, 60, 80, 100)
TEMPERATURE = 3.0
SAMPLES, DRAWS = 5_000, 100
"""Samples whose total variation is taken, as in arXiv:2503.02934, and how often."""


def steane(path: Path, depth: int) -> Shots:
    """Shots after so many rounds."""
    counts = json.loads((path / "ibm_fez_steane7" / f"depth_{depth}.json").read_text())
    return Shots.from_counts(counts)


def aquila(path: Path, which: int | None = None) -> Shots:
    """Shots after one of the evolution times, or after all of them together."""
    tasks = json.loads((path / "quera_aquila_chain11" / "scar_tasks.json").read_text())
    chosen = list(tasks.values()) if which is None else [list(tasks.values())[which]]
    first, *rest = [Shots.from_counts(counts) for counts in chosen]
    return first.merge(*rest)


def ising(path: Path) -> tuple[Shots, Distribution]:
    """The training rows, and the law that they were drawn from."""
    rows = np.loadtxt(path / "ising4x4" / "train.csv.gz", delimiter=",").astype(np.uint8)
    couplings = np.loadtxt(path / "ising4x4" / "couplings.csv", delimiter=",")
    spins = 2.0 * all_bits(16) - 1
    energy = -0.5 * ((spins @ couplings) * spins).sum(axis=1)
    weight = np.exp(-energy / TEMPERATURE)
    return Shots.from_bits(rows), Distribution(probabilities=weight / weight.sum())


def fitted(shots: Shots, seed: int) -> tuple[dict[str, Any], dict[str, float]]:
    """The surrogate and every baseline, all from the same shots, and their processor seconds."""
    model, spent = timed(qdiff.fit, shots, seed=seed)
    others, seconds = fit_baselines(BASELINES, shots, seed)
    return {"surrogate": model, **others}, {"surrogate": round(spent.cpu, 2), **seconds}


def measure(cell: Row, path: Path) -> Row:
    """One set and split."""
    if cell["set"] == "ising":
        return _against_the_law(*ising(path), seed=cell["split"])
    kind, _, number = cell["set"].partition(" ")
    shots = steane(path, int(number)) if kind == "steane" else aquila(path, *_which(number))
    return _held_out(shots, seed=cell["split"])


def _which(number: str) -> list[int]:
    return [int(number)] if number else []


def _held_out(shots: Shots, seed: int) -> Row:
    test, training = shots.split(0.2, seed=shots_seed(seed))
    models, seconds = fitted(training, seed)
    found = qdiff.heldout_likelihoods(models, test)
    model = models["surrogate"]
    samples = model.sample(100_000, seed=seed)
    return {
        "shots": {"training": training.num_shots, "test": test.num_shots},
        "likelihoods": {name: each.to_dict() for name, each in found.items()},
        "novelty": qdiff.novelty_rate(samples, training, heldout=test).to_dict(),
        "weights": model.card["weights"],
        "cpu_seconds": seconds,
    }


def _against_the_law(shots: Shots, law: Distribution, seed: int) -> Row:
    models, seconds = fitted(shots, seed)
    tables = {name: model.distribution() for name, model in models.items()}
    model = models["surrogate"]
    return {
        "shots": {"training": shots.num_shots},
        "kl": {name: divergence(law, table.probabilities) for name, table in tables.items()},
        "kl_of_parts": {
            part.value: divergence(law, part_law.table())
            for part, part_law in model.parts.items()
            if part.value != "shots"
        },
        "total_variation": {
            name: _variation(law.probabilities, table, seed)
            for name, table in {**tables, "perfect sampler": law}.items()
        },
        "weights": model.card["weights"],
        "cpu_seconds": seconds,
    }


def _variation(truth: NDArray[np.float64], law: Distribution, seed: int) -> Row:
    """Of the histogram of 5,000 samples, mean and deviation over fresh samples."""
    seeds = np.random.SeedSequence(seed).spawn(DRAWS)
    values = [
        total_variation(truth, Distribution.from_shots(law.sample(SAMPLES, seed=own)).probabilities)
        for own in seeds
    ]
    return {"mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1))}


SETS = {
    "steane": [f"steane {depth}" for depth in DEPTHS],
    "aquila": ["aquila"],
    "aquila_times": [f"aquila {which}" for which in range(25)],
    "ising": ["ising"],
}
"""The cells of a command."""


def main() -> None:
    parser = frame.arguments(__doc__, seeds=None)
    parser.add_argument("path", type=Path)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--splits", type=frame.first, default="3")
    options = parser.parse_args()
    cells = frame.grid(split=options.splits, set=SETS[options.set])
    settings = {"baselines": {name: repr(baseline) for name, baseline in BASELINES.items()}}
    measured = partial(measure, path=options.path)
    frame.collect(f"real_{options.set}", cells, measured, options, settings)


if __name__ == "__main__":
    main()
