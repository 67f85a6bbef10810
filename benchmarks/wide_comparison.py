"""What does it take to compare two sets of 100,000 shots of 127 bits?

Shots of a random chain of correlated bits, and of the same chain with one bit misread at 2 %; wall
and processor seconds of `qdiff.compare`, and the process's peak memory, which includes Python and
the libraries. Each comparison has its own process, of one thread.

    python benchmarks/wide_comparison.py [--fresh]
"""

from __future__ import annotations

import frame
import numpy as np
from costs import peak_gibibytes, timed
from record import Row

from qdiff import Shots, compare

CELLS = [
    {"num_bits": num_bits, "shots": shots}
    for num_bits, shots in ((127, 100_000), (64, 100_000), (127, 10_000))
]
MISREAD_BIT, MISREAD = 60, 0.02


def chain(num_bits: int, shots: int, rng: np.random.Generator, misread: float) -> Shots:
    """Bits that repeat the one before with probability 0.7, one of them misread at times."""
    flips = rng.random((shots, num_bits)) > 0.7
    flips[:, 0] = rng.random(shots) < 0.5
    bits = np.bitwise_xor.accumulate(flips, axis=1)
    bits[:, min(MISREAD_BIT, num_bits - 1)] ^= rng.random(shots) < misread
    return Shots.from_bits(bits.astype(np.uint8))


def measure(cell: Row) -> Row:
    rng = np.random.default_rng(1)
    candidate, reference = (
        chain(cell["num_bits"], cell["shots"], rng, misread) for misread in (MISREAD, 0.0)
    )
    found, spent = timed(compare, candidate, reference)
    worst = found["z2_max"]
    return {
        "seconds": spent.wall,
        "cpu_seconds": spent.cpu,
        "peak_gibibytes": peak_gibibytes(),
        "replicates": found.resamples,
        "z2_max": {
            "value": worst.value,
            "interval": list(worst.interval or ()),
            "floor_interval": list(worst.floor_interval or ()),
        },
    }


def main() -> None:
    options = frame.arguments(__doc__, seeds=None).parse_args()
    frame.collect("wide_comparison", CELLS, measure, options, {"threads": 1})


if __name__ == "__main__":
    main()
