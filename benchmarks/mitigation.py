"""How close to the law without readout errors do shots come, by which method?

Shots of noisy circuits, read with errors of 1 to 8 %: equal, asymmetric, or correlated on
neighbouring pairs. The readout is known to all methods, except HAMMER, which uses none.

    python benchmarks/mitigation.py [--seeds 3] [--workers 1] [--fresh]

mthree is compared where it is installed (``pip install mthree``).
"""

from __future__ import annotations

import itertools
from functools import partial

import frame
import numpy as np
from costs import timed
from readouts import confusion_of, mthree_law
from record import Row

import qdiff
from qdiff import Confusion, Distribution, Shots
from qdiff.data.bits import Floats
from qdiff.models.baselines.hammer import HAMMER
from qdiff.models.readout.unfolding import steps

GATES = "depolarizing:p1=5e-4,p2=4e-3"
CIRCUITS = ("ghz:8", "ising:8", "qaoa:8,seed=1", "ghz:12", "ising:12", "qaoa:12,seed=1")
READOUTS = ("equal", "asymmetric", "correlated")
SHOTS = 10_000
_UNFOLDING_STEPS = 10
"""What users of iterative Bayesian unfolding commonly stop after; see D'Agostini (1995)."""


def unfolded(confusion: Confusion, shots: Shots) -> Floats:
    """Iterative Bayesian unfolding from uniform."""
    read = Distribution.from_shots(shots).probabilities
    iterates = steps(confusion, read, np.full(len(read), 1 / len(read)))
    return next(itertools.islice(iterates, _UNFOLDING_STEPS, None))[0]


def hammered(shots: Shots) -> Floats:
    """HAMMER on the strings that were seen, without any readout."""
    return HAMMER(pseudocount=0).fit(shots).distribution().probabilities


def mthree_table(confusion: Confusion, shots: Shots) -> Floats | None:
    """M3's law as a table, or nothing where it is not installed."""
    law = mthree_law([single_bit(confusion, bit) for bit in range(confusion.num_bits)], shots)
    if law is None:
        return None
    table = np.zeros(1 << confusion.num_bits)
    table[[int(key, 2) for key in law]] = list(law.values())
    return table


def single_bit(confusion: Confusion, bit: int) -> Floats:
    """What calibrating one bit alone would see, pairs included, others in 0."""
    columns = []
    for value in (0, 1):
        law = np.zeros(1 << confusion.num_bits)
        law[value << bit] = 1
        read = confusion.apply(law)
        one = read[(np.arange(len(read)) >> bit & 1) == 1].sum()
        columns.append([1 - one, one])
    return np.array(columns).T


def z_error(table: Floats, truth: Floats) -> float:
    """Root mean square error of all Z strings on one and two bits."""
    index = np.arange(len(table))
    num_bits = len(table).bit_length() - 1
    singles = [1 << bit for bit in range(num_bits)]
    masks = [*singles, *(a | b for a, b in itertools.combinations(singles, 2))]
    errors = [
        float((table - truth) @ (1 - 2.0 * (np.bitwise_count(index & mask) & 1))) for mask in masks
    ]
    return float(np.sqrt(np.mean(np.square(errors))))


def measure(cell: Row) -> Row:
    """All methods on the same shots."""
    law = qdiff.exact(cell["circuit"], GATES)
    truth, confusion = law.probabilities, confusion_of(cell["readout"], law.num_bits)
    read = Distribution(probabilities=confusion.apply(truth))
    shots = read.sample(SHOTS, seed=cell["seed"])
    fit = partial(qdiff.mitigate, shots, confusion, seed=cell["seed"])
    (alone, spent), (told, spent_told) = timed(fit), timed(fit, circuit=cell["circuit"])
    perfect = Distribution.from_shots(law.sample(SHOTS, seed=cell["seed"] + 100))
    tables = {
        "**qdiff, circuit known**": told.distribution().probabilities,
        "**qdiff**": alone.distribution().probabilities,
        "mthree": mthree_table(confusion, shots),
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
        "cpu_seconds": {
            "qdiff": round(spent.cpu, 2),
            "qdiff, circuit known": round(spent_told.cpu, 2),
        },
    }


def main() -> None:
    options = frame.arguments(__doc__).parse_args()
    cells = frame.grid(seed=options.seeds, circuit=CIRCUITS, readout=READOUTS)
    frame.collect("mitigation", cells, measure, options, {"gates": GATES})


if __name__ == "__main__":
    main()
