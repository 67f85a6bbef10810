"""What does a fit gain by going on from another surrogate?

Of each case, a surrogate is fitted to 20,000 shots of one law, and then, with and without it as
``start``, to few shots of another. Exact KL divergence (nats) from the second law, the start's own
beside it. Where a start is worth nothing, the fit has to be as good as without.

    python benchmarks/start.py [--seeds 3] [--workers 2] [--only case=...] [--fresh]
"""

from __future__ import annotations

import frame
from contenders import divergence
from costs import timed
from record import Row
from truths import NOISE, shots_seed, truth_of

import qdiff

STRONGER = "depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03"
CASES = {
    "other noise": (("heisenberg:10", NOISE), ("heisenberg:10", STRONGER)),
    "from the ideal law": (("ising:10", "ideal"), ("ising:10", NOISE)),
    "a neighbour": (("ising:10,steps=3", NOISE), ("ising:10", NOISE)),
    "another circuit": (("brickwork:10,seed=4", NOISE), ("brickwork:10,seed=3", NOISE)),
}
"""The circuit and noise of the start, and of the shots."""

SHOTS, SHOTS_OF_START = (300, 1_000, 10_000), 20_000


def measure(cell: Row) -> list[Row]:
    """A row for each number of shots."""
    before, after = CASES[cell["case"]]
    seed, truth = cell["seed"], truth_of(after[0], noise=after[1])
    earlier = truth_of(before[0], noise=before[1]).sample(
        SHOTS_OF_START, seed=shots_seed(1000 + seed)
    )
    start = qdiff.fit(earlier, seed=seed)
    rows = []
    for number in SHOTS:
        shots = truth.sample(number, seed=shots_seed(seed))
        without, spent = timed(qdiff.fit, shots, seed=seed)
        on, more = timed(qdiff.fit, shots, seed=seed, start=start)
        models = {"start": start, "without": without, "with": on}
        rows.append(
            {
                "shots": number,
                "kl": {
                    name: divergence(truth, model.distribution().probabilities)
                    for name, model in models.items()
                },
                "kept": on.card["start"]["kept"],
                "cpu_seconds": {"without": round(spent.cpu, 2), "with": round(more.cpu, 2)},
            }
        )
    return rows


def main() -> None:
    options = frame.arguments(__doc__, workers=2).parse_args()
    cells = frame.grid(seed=options.seeds, case=CASES)
    cases = {name: [*before, *after] for name, (before, after) in CASES.items()}
    settings = {"cases": cases, "shots_of_start": SHOTS_OF_START}
    frame.collect("start", cells, measure, options, settings)


if __name__ == "__main__":
    main()
