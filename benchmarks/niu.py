"""Is a 12-qubit random circuit learned better than its own histogram from 500,000 ideal shots?

The setting of Niu et al., arXiv:2010.11983, whose LSTM of 256 units reached a KL of 0.0220 (their
table, exact style); the histogram of as many shots has (2^12 - 1) / (2 * 500,000) = 0.0041. Their
LSTM is trained beside the surrogate on the same shots. Exact KL in nats.

    python benchmarks/niu.py [--seeds 3] [--workers 2] [--fresh]
"""

from __future__ import annotations

import frame
from contenders import baselines_against, surrogate_again, surrogate_against, together
from record import Row
from truths import shots_seed

import qdiff
from qdiff.models.baselines.base import Baseline
from qdiff.models.baselines.counting import Histogram
from qdiff.models.baselines.lstm import LSTM

CIRCUIT = "brickwork:12,depth=12,seed=1"
SHOTS = 500_000
BASELINES: dict[str, Baseline] = {
    "histogram": Histogram(),
    "lstm": LSTM(hidden=(256,), weight_decay=(0.03,)),
}


def drawn(cell: Row) -> tuple[qdiff.Distribution, qdiff.Shots, int]:
    """The law, the shots drawn from it, and the seed."""
    truth, seed = qdiff.exact(cell["circuit"], None), cell["seed"]
    return truth, truth.sample(cell["shots"], seed=shots_seed(seed)), seed


def measure(cell: Row) -> Row:
    given = drawn(cell)
    return together(baselines_against(*given, BASELINES), surrogate_against(*given))


def measure_again(row: Row) -> Row:
    """The surrogate of a row fitted anew."""
    return surrogate_again(row, *drawn(row))


def main() -> None:
    options = frame.arguments(__doc__, workers=2, refit=True).parse_args()
    cells = frame.grid(circuit=[CIRCUIT], shots=[SHOTS], seed=options.seeds)
    again = measure_again if options.refit else None
    frame.collect("niu", cells, measure, options, {"noise": "ideal"}, again=again)


if __name__ == "__main__":
    main()
