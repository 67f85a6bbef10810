"""How long do files of a million shots take?

One million shots of 100 random bits, all distinct, in two registers: from `Shots` to a file on
disk, synced, and from the file to `Shots`, which must be the same. Wall-clock and processor seconds
are the least of three, on one thread.

    python benchmarks/files.py [--fresh]
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import record

import qdiff
from qdiff import Register, Shots
from qdiff.data import storage
from qdiff.files import formats as forms
from qdiff.files.formats import Form
from qdiff.files.hints import Hints

SHOTS, BITS, REPEATS = 1_000_000, 100, 3
OWN = "safetensors"
ASKED_SECONDS = 5.0
"""What Stim b8 and npz are asked to stay below, each way."""


@cache
def shots() -> Shots:
    rows = np.random.default_rng(1).integers(0, 2, (SHOTS, BITS), dtype=np.uint8)
    return Shots.from_bits(rows, registers=[Register("low", 40), Register("high", BITS - 40)])


def measure(cell: dict[str, Any]) -> dict[str, Any]:
    made, name = shots(), cell["format"]
    form = None if name == OWN else Form(name)
    hints = Hints(registers=made.registers) if form in forms.NAMELESS else Hints()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shots"

        def write() -> None:
            if form is None:
                made.save(path, force=True)
            else:
                storage.write_bytes(path, forms.write(made, form), force=True)

        def read() -> None:
            if qdiff.load(path, hints, form=form) != made:
                raise RuntimeError(f"{name} does not give the same shots back")

        out, back = _least(write), _least(read)
        return {"mebibytes": path.stat().st_size / 2**20, "out": out, "in": back}


def _least(work: Callable[[], None]) -> dict[str, float]:
    """The least wall-clock and processor seconds of some repeats."""
    times = []
    for _ in range(REPEATS):
        wall, spent = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - wall, time.process_time() - spent))
    seconds, cpu = (min(each) for each in zip(*times, strict=True))
    return {"seconds": seconds, "cpu_seconds": cpu}


def main() -> None:
    options = record.arguments(__doc__.splitlines()[0], seeds=None).parse_args()
    there = [form for form in Form if form is not Form.PARQUET or find_spec("pyarrow")]
    record.collect(
        "files",
        __doc__.splitlines()[0],
        record.chosen([{"format": str(form)} for form in (OWN, *there)], options.only),
        measure,
        {"shots": SHOTS, "bits": BITS, "repeats": REPEATS, "asked_seconds": ASKED_SECONDS},
        workers=options.workers,
        fresh=options.fresh,
    )


if __name__ == "__main__":
    main()
