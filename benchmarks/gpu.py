"""What does a graphics card bring to a default fit and its draws, beside the processor it sits in?

Shots come from random matrix-product laws of bond 8, made here by the project's own code, so that
the divergence is known at any number of bits: exactly up to 20, beyond from draws of the law, with
a standard error. Each row fits the same shots on both, one after the other, at the default effort
and with all of the processor's threads. Draws are counted as single shots.

Needs torch, numpy, scipy and safetensors alone. Without a card it measures the processor twice,
which shows that it runs.

    python benchmarks/gpu.py [--seeds 1] [--only bits=12 bits=40] [--fresh]
"""

from __future__ import annotations

from functools import partial

import frame
import numpy as np
import torch
from costs import least, timed
from record import Row

import qdiff
from qdiff.data.registers import default_registers
from qdiff.models.matrix_product.fit import random_tensors
from qdiff.models.matrix_product.law import MatrixProductLaw

BITS = (12, 16, 20, 24, 40, 64, 127)
SHOTS, BOND, JUDGES = 10_000, 8, 20_000
TABLE_BITS, DRAWS = 20, 1_000_000
DEVICES = {"card": "cuda" if torch.cuda.is_available() else "cpu", "processor": "cpu"}


def law_of(bits: int) -> MatrixProductLaw:
    """A law that a chain of bond 8 has, another for every number of bits."""
    return MatrixProductLaw(random_tensors(bits, BOND, np.random.default_rng(bits)))


def drawn(law: MatrixProductLaw, shots: int, seed: int) -> qdiff.Shots:
    words, counts = law.draw(shots, np.random.default_rng(seed))
    return qdiff.Shots.from_words(words, counts, registers=default_registers([law.num_bits]))


def divergence(law: MatrixProductLaw, model: qdiff.Surrogate, seed: int) -> tuple[float, float]:
    """From the law, in nats, and its standard error: 0 where it is exact."""
    if law.num_bits <= TABLE_BITS:
        truth, found = law.table(), model.distribution().probabilities
        return float(truth @ np.log(truth / found)), 0.0
    judges = drawn(law, JUDGES, seed + 1000)
    ratios = law.log_prob(judges.bits) - model.log_prob(judges.bits)
    mean = float(ratios @ judges.counts) / JUDGES
    spread = float((ratios - mean) ** 2 @ judges.counts) / JUDGES
    return mean, float(np.sqrt(spread / JUDGES))


def measure_fit(cell: Row) -> Row:
    law, seed = law_of(cell["bits"]), cell["seed"]
    shots = drawn(law, SHOTS, seed)
    row: Row = {"kl": {}, "kl_error": {}, "seconds": {}, "draws_a_second": {}}
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    for name, device in DEVICES.items():
        model, spent = timed(qdiff.fit, shots, seed=seed, device=device)
        row["kl"][name], row["kl_error"][name] = divergence(law, model, seed)
        row["seconds"][name] = round(spent.wall, 2)
        model.sample(10, seed=1)  # what is made once is no part of a draw
        draw = least(partial(model.sample, DRAWS, seed=2), repeats=2)
        row["draws_a_second"][name] = DRAWS / draw.wall
    if torch.cuda.is_available():
        row["peak_card_gib"] = round(torch.cuda.max_memory_allocated() / 2**30, 3)
    return row


def main() -> None:
    options = frame.arguments(__doc__, seeds=1).parse_args()
    cells = frame.grid(bits=BITS, seed=options.seeds)
    settings = {"shots": SHOTS, "bond": BOND, "draws": DRAWS}
    frame.collect("gpu", cells, measure_fit, options, settings, threads=None)


if __name__ == "__main__":
    main()
