"""How often do 95 % intervals hold what they are for?

An interval is for the mean of its estimator over repeated experiments with as many shots. That mean
is taken from many experiments; then it is counted how often the intervals of further ones hold it.
References are Porter-Thomas laws; the candidate's shots come from the reference itself, or from one
whose every probability is off by 22 %, or that has a tenth of uniform admixed, or one bit of which
flips with probability 0.1.

    python benchmarks/coverage.py [--cases 1000] [--workers 1] [--fresh]
"""

from __future__ import annotations

from math import inf
from typing import Any

import frame
import numpy as np
from costs import timed
from record import Row

from qdiff import Distribution, Shots
from qdiff.comparison import against_law, against_shots
from qdiff.comparison.few_body import estimates as few_body
from qdiff.comparison.few_body.distances import distance_values
from qdiff.comparison.few_body.moments import Moments
from qdiff.comparison.intervals.histogram_estimator import Estimator
from qdiff.comparison.relabelling import Pool

CONFIDENCE = 0.95
REPLICATES = 100
TRUTH = 3000
"""Experiments behind each mean: its error is a 55th of the spread of one experiment."""

LAW, SHOTS = "law", "shots"
KINDS = ("equal", "disturbed", "admixture", "one bit")
CELLS = [
    *frame.grid(reference=[LAW, SHOTS], num_bits=[8], shots=[2000], candidate=KINDS),
    *frame.grid(reference=[LAW], num_bits=[3], shots=[1000], candidate=KINDS),
    *frame.grid(reference=[LAW], num_bits=[12], shots=[10_000], candidate=["equal", "disturbed"]),
    *frame.grid(reference=[SHOTS], num_bits=[20], shots=[1000], candidate=["equal", "one bit"]),
]

Scores = dict[str, float]
Found = dict[str, tuple[float, float] | None]


def laws(num_bits: int, kind: str) -> tuple[Distribution, Distribution]:
    """The reference, and the law that the candidate's shots are from."""
    rng = np.random.default_rng(num_bits)
    reference = rng.exponential(size=1 << num_bits)
    reference /= reference.sum()
    flipped = reference.reshape(-1, 2)[:, ::-1].ravel()  # bit 0
    candidate = {
        "equal": reference,
        "disturbed": reference * rng.gamma(20, size=1 << num_bits),
        "admixture": 0.9 * reference + 0.1 / (1 << num_bits),
        "one bit": 0.9 * reference + 0.1 * flipped,
    }[kind]
    return (
        Distribution(probabilities=reference),
        Distribution(probabilities=candidate / candidate.sum()),
    )


class AgainstLaw:
    """The scores of shots against a table, and their intervals."""

    def __init__(self, reference: Distribution) -> None:
        self.moments = Moments.of(reference)
        self.estimator = Estimator(reference.probabilities)

    def scores(self, shots: Shots) -> Scores:
        layout, ours = self.moments.layout, Moments.of(shots)
        return {
            **self.estimator.plug_in(shots.indices, shots.counts),
            **distance_values(layout, ours.vector - self.moments.vector),
        }

    def intervals(self, shots: Shots, rng: np.random.Generator) -> Found:
        floor = self.estimator.replicates(self.estimator.p, shots.num_shots, REPLICATES, rng)
        ours = Moments.of(shots)
        noise = against_law.few_body_noise(shots, ours, REPLICATES, rng)
        away = ours.vector - self.moments.vector
        return {
            **self.estimator.intervals(shots, floor, CONFIDENCE, rng),
            **few_body.intervals(ours.layout, away, noise, CONFIDENCE),
        }


class AgainstShots:
    """The scores of two sets of shots, and their intervals."""

    def scores(self, ours: Shots, theirs: Shots) -> Scores:
        one, other = Moments.of(ours), Moments.of(theirs)
        pool = Pool.of(ours, theirs)
        few = distance_values(one.layout, one.vector - other.vector)
        if not pool.repeats:
            return few
        return {**against_shots.histogram_scores(pool.first, pool.second), **few}

    def intervals(self, ours: Shots, theirs: Shots, rng: np.random.Generator) -> Found:
        pair = Moments.of(ours), Moments.of(theirs)
        noise = against_shots.few_body_noise((ours, theirs), pair, REPLICATES, rng)
        few = few_body.intervals(pair[0].layout, pair[0].vector - pair[1].vector, noise, CONFIDENCE)
        pool = Pool.of(ours, theirs)
        if not pool.repeats:
            return few
        floor = against_shots.histogram_floor(pool, pool.relabelled(REPLICATES, rng))
        return {**against_shots.histogram_intervals(pool, floor, CONFIDENCE, rng), **few}


def measure(cell: Row) -> Row:
    found, spent = timed(coverage, cell)
    return {"coverage": found, "cpu_seconds": spent.cpu}


def coverage(cell: Row) -> dict[str, float]:
    """The share of intervals that hold the mean, metric by metric."""
    reference, candidate = laws(cell["num_bits"], cell["candidate"])
    shots, rng = cell["shots"], np.random.default_rng(1)

    def draw() -> tuple[Shots, ...]:
        ours = candidate.sample(shots, seed=rng)
        return (ours,) if cell["reference"] == LAW else (ours, reference.sample(shots, seed=rng))

    judge: Any = AgainstLaw(reference) if cell["reference"] == LAW else AgainstShots()
    truth = means([judge.scores(*draw()) for _ in range(TRUTH)])
    hits = dict.fromkeys(truth, 0)
    for _ in range(cell["cases"]):
        data = draw()
        found = judge.intervals(*data, rng)
        for name in truth.keys() & found.keys():
            low, high = found[name] or (inf, -inf)
            hits[name] += low <= truth[name] <= high
    return {name: hit / cell["cases"] for name, hit in hits.items()}


def means(scores: list[Scores]) -> Scores:
    """Of the metrics that every experiment has."""
    names = [name for name in scores[0] if all(name in one for one in scores)]
    return {name: float(np.mean([one[name] for one in scores])) for name in names}


def main() -> None:
    parser = frame.arguments(__doc__, seeds=None)
    parser.add_argument("--cases", type=int, default=1000)
    options = parser.parse_args()
    cells = [{**cell, "cases": options.cases} for cell in CELLS]
    settings = {"confidence": CONFIDENCE, "replicates": REPLICATES, "experiments": TRUTH}
    frame.collect("coverage", cells, measure, options, settings)


if __name__ == "__main__":
    main()
