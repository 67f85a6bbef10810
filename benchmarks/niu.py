"""Is a 12-qubit random circuit learned better than its own histogram from 500,000 ideal shots?

The setting of Niu et al., arXiv:2010.11983, whose LSTM of 256 units reached a KL of 0.0220 (their
table, exact style); the histogram of as many shots has (2^12 - 1) / (2 * 500,000) = 0.0041. Their
LSTM is trained beside the surrogate on the same shots. Exact KL in nats.

    python benchmarks/niu.py [--seeds 3] [--workers 2] [--fresh]
"""

from __future__ import annotations

import time
from typing import Any

import record

import qdiff
from qdiff.comparison.metrics.tables import kl_divergence
from qdiff.fitting.heldout import hold_out
from qdiff.models.baselines.counting import Histogram
from qdiff.models.baselines.lstm import LSTM
from qdiff.models.surrogate.parts import Part

CIRCUIT = "brickwork:12,depth=12,seed=1"
SHOTS = 500_000


def measure(cell: dict[str, Any]) -> dict[str, Any]:
    record.one_thread()
    seed = cell["seed"]
    truth = qdiff.exact(cell["circuit"], None)
    p = truth.probabilities
    shots = truth.sample(cell["shots"], seed=record.shots_seed(seed))
    heldout, _ = hold_out(shots, seed=seed)
    kl, seconds = {}, {}
    start = time.process_time()
    model = qdiff.fit(shots, seed=seed)
    seconds["surrogate"] = time.process_time() - start
    others = [part for part in model.parts if part is not Part.SHOTS]
    views = {"surrogate": model, "without_shots": model.only(*others)}
    views |= {f"part_{part.value}": model.only(part) for part in others}
    for name, view in views.items():
        kl[name] = float(kl_divergence(p, view.distribution().probabilities))
    histogram = Histogram().fit(shots).distribution()
    kl["histogram"] = float(kl_divergence(p, histogram.probabilities))
    start = time.process_time()
    lstm = LSTM(hidden=(256,), weight_decay=(0.03,)).fit(shots, heldout=heldout, seed=seed)
    seconds["lstm"] = time.process_time() - start
    kl["lstm"] = float(kl_divergence(p, lstm.distribution().probabilities))
    return {"kl": kl, "cpu_seconds": seconds, "weights": model.card["weights"]}


def main() -> None:
    options = record.arguments(__doc__.splitlines()[0], workers=2).parse_args()
    cells = [
        {"circuit": CIRCUIT, "shots": SHOTS, "seed": seed} for seed in range(1, options.seeds + 1)
    ]
    record.collect(
        "niu",
        __doc__.splitlines()[0],
        record.chosen(cells, options.only),
        measure,
        {"noise": "ideal"},
        workers=options.workers,
        fresh=options.fresh,
    )


if __name__ == "__main__":
    main()
