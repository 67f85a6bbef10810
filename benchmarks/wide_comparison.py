"""What does it take to compare two sets of 100,000 shots of 127 bits?

Shots of a random chain of correlated bits, and of the same chain with one bit misread at 2 %; wall
and processor seconds of `qdiff.compare`, and the process's peak memory, which includes Python and
the libraries. Each comparison has its own process, of one thread.

    python benchmarks/wide_comparison.py
"""

from __future__ import annotations

import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import record

from qdiff import Shots, compare

CASES = [(127, 100_000), (64, 100_000), (127, 10_000)]
MISREAD_BIT, MISREAD = 60, 0.02


def chain(num_bits: int, shots: int, rng: np.random.Generator, misread: float) -> Shots:
    """Bits that repeat the one before with probability 0.7, one of them misread at times."""
    flips = rng.random((shots, num_bits)) > 0.7
    flips[:, 0] = rng.random(shots) < 0.5
    bits = np.bitwise_xor.accumulate(flips, axis=1)
    bits[:, min(MISREAD_BIT, num_bits - 1)] ^= rng.random(shots) < misread
    return Shots.from_bits(bits.astype(np.uint8))


def measure(num_bits: int, shots: int) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    candidate, reference = chain(num_bits, shots, rng, MISREAD), chain(num_bits, shots, rng, 0.0)
    wall, cpu = time.perf_counter(), time.process_time()
    found = compare(candidate, reference)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    worst = found["z2_max"]
    return {
        "num_bits": num_bits,
        "shots": shots,
        "seconds": wall,
        "cpu_seconds": cpu,
        "peak_gibibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "replicates": found.resamples,
        "z2_max": {
            "value": worst.value,
            "interval": list(worst.interval or ()),
            "floor_interval": list(worst.floor_interval or ()),
        },
    }


def main() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes below
    rows = []
    for case in CASES:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rows.append(pool.submit(measure, *case).result())
        print(rows[-1])
    record.write("wide_comparison", __doc__.splitlines()[0], rows, {"threads": 1})


if __name__ == "__main__":
    main()
