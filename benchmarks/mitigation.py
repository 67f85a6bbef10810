"""How close to the law without readout errors do shots come, by which method?

Shots of noisy circuits, read with errors of 1 to 8 %: equal, asymmetric, or correlated on
neighbouring pairs. The readout is known to all methods, except HAMMER, which uses none.

    python benchmarks/mitigation.py [--seeds 3] [--workers 1] [--fresh]

mthree is compared where it is installed (``pip install mthree``).
"""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import record

import qdiff
from qdiff import Confusion, Distribution, Shots
from qdiff.models.baselines.hammer import HAMMER
from qdiff.models.readout.unfolding import steps

GATES = "depolarizing:p1=5e-4,p2=4e-3"
CIRCUITS = ("ghz:8", "ising:8", "qaoa:8,seed=1", "ghz:12", "ising:12", "qaoa:12,seed=1")
READOUTS = ("equal", "asymmetric", "correlated")
SHOTS = 10_000
_UNFOLDING_STEPS = 10
"""What users of iterative Bayesian unfolding commonly stop after; see D'Agostini (1995)."""


def confusion_of(name: str, num_bits: int) -> Confusion:
    """Readout errors of each bit, and of neighbouring pairs where they are correlated."""
    draw = np.random.default_rng(len(name))
    up = draw.uniform(0.01, 0.03, num_bits)
    down = up if name == "equal" else draw.uniform(0.03, 0.08, num_bits)
    flips = Confusion.independent(up, down)
    if name != "correlated":
        return flips
    pairs = [(bit, bit + 1) for bit in range(0, num_bits - 1, 2)]
    return flips.with_pair_flips(pairs, draw.uniform(0.01, 0.03, len(pairs)))


def unfolded(confusion: Confusion, shots: Shots) -> np.ndarray[Any, Any]:
    """Iterative Bayesian unfolding from uniform."""
    read = Distribution.from_shots(shots).probabilities
    iterates = steps(confusion, read, np.full(len(read), 1 / len(read)))
    return next(itertools.islice(iterates, _UNFOLDING_STEPS, None))[0]


def hammered(shots: Shots) -> np.ndarray[Any, Any]:
    """HAMMER on the strings that were seen, without any readout."""
    return HAMMER(pseudocount=0).fit(shots).distribution().probabilities


def mthree_law(confusion: Confusion, shots: Shots) -> np.ndarray[Any, Any] | None:
    """M3's nearest probability law, or nothing where it is not installed."""
    try:
        from mthree import M3Mitigation
    except ImportError:
        return None
    mitigator = M3Mitigation()
    singles = [single_bit(confusion, bit) for bit in range(confusion.num_bits)]
    mitigator.single_qubit_cals = singles
    counts = {key.replace(" ", ""): int(n) for key, n in shots.to_counts().items()}
    quasi = mitigator.apply_correction(counts, list(range(confusion.num_bits)))
    nearest = quasi.nearest_probability_distribution()
    table = np.zeros(1 << confusion.num_bits)
    for key, value in nearest.items():
        table[int(key, 2)] = value
    return table


def single_bit(confusion: Confusion, bit: int) -> np.ndarray[Any, Any]:
    """What calibrating one bit alone would see, pairs included, others in 0."""
    columns = []
    for value in (0, 1):
        law = np.zeros(1 << confusion.num_bits)
        law[value << bit] = 1
        read = confusion.apply(law)
        one = read[(np.arange(len(read)) >> bit & 1) == 1].sum()
        columns.append([1 - one, one])
    return np.array(columns).T


def z_error(table: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> float:
    """Root mean square error of all Z strings on one and two bits."""
    index = np.arange(len(table))
    num_bits = len(table).bit_length() - 1
    singles = [1 << bit for bit in range(num_bits)]
    masks = [*singles, *(a | b for a, b in itertools.combinations(singles, 2))]
    errors = [
        float((table - truth) @ (1 - 2.0 * (np.bitwise_count(index & mask) & 1))) for mask in masks
    ]
    return float(np.sqrt(np.mean(np.square(errors))))


def measure(cell: dict[str, Any]) -> dict[str, Any]:
    """All methods on the same shots."""
    law = qdiff.exact(cell["circuit"], GATES)
    truth, confusion = law.probabilities, confusion_of(cell["readout"], law.num_bits)
    read = Distribution(probabilities=confusion.apply(truth))
    shots = read.sample(SHOTS, seed=cell["seed"])
    start = time.process_time()
    alone = qdiff.mitigate(shots, confusion, seed=cell["seed"])
    seconds = {"qdiff": round(time.process_time() - start, 2)}
    start = time.process_time()
    told = qdiff.mitigate(shots, confusion, circuit=cell["circuit"], seed=cell["seed"])
    seconds["qdiff, circuit known"] = round(time.process_time() - start, 2)
    perfect = Distribution.from_shots(law.sample(SHOTS, seed=cell["seed"] + 100))
    tables = {
        "**qdiff, circuit known**": told.distribution().probabilities,
        "**qdiff**": alone.distribution().probabilities,
        "mthree": mthree_law(confusion, shots),
        "matrix inversion": confusion.inverted(Distribution.from_shots(shots).probabilities),
        "Bayesian unfolding": unfolded(confusion, shots),
        "HAMMER": hammered(shots),
        "raw shots": Distribution.from_shots(shots).probabilities,
        "perfect sampler": perfect.probabilities,
    }
    found = {name: table for name, table in tables.items() if table is not None}
    return {
        "total_variation": {n: float(np.abs(t - truth).sum() / 2) for n, t in found.items()},
        "z_error": {name: z_error(table, truth) for name, table in found.items()},
        "weights": alone.card["weights"],
        "cpu_seconds": seconds,
    }


def cells(seeds: int) -> list[dict[str, Any]]:
    return [
        {"circuit": circuit, "readout": readout, "seed": seed}
        for seed in range(1, seeds + 1)
        for circuit in CIRCUITS
        for readout in READOUTS
    ]


def main() -> None:
    options = record.arguments(__doc__.splitlines()[0]).parse_args()
    record.collect(
        "mitigation",
        __doc__.splitlines()[0],
        record.chosen(cells(options.seeds), options.only),
        measure,
        {"gates": GATES},
        workers=options.workers,
        fresh=options.fresh,
    )


if __name__ == "__main__":
    main()
