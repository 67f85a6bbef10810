"""How long do files of a million shots take?

One million shots of 100 random bits, all distinct, in two registers: from `Shots` to a file on
disk, synced, and from the file to `Shots`, which must be the same. Wall-clock and processor seconds
are the least of three, on one thread.

    python benchmarks/files.py [--fresh]
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import frame
import numpy as np
from costs import least
from record import Row

import qdiff
from qdiff import Register, Shots
from qdiff.data import output
from qdiff.files import formats as forms
from qdiff.files.formats import Form
from qdiff.files.hints import Hints

SHOTS, BITS, REPEATS = 1_000_000, 100, 3
OWN = "safetensors"
ASKED_SECONDS = 5.0
"""What Stim b8 and npz are asked to stay below, each way."""


def made_shots() -> Shots:
    rows = np.random.default_rng(1).integers(0, 2, (SHOTS, BITS), dtype=np.uint8)
    return Shots.from_bits(rows, registers=[Register("low", 40), Register("high", BITS - 40)])


def measure(cell: Row) -> Row:
    made, name = made_shots(), cell["format"]
    form = None if name == OWN else Form(name)
    hints = Hints(registers=made.registers) if form in forms.NAMELESS else Hints()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shots"

        def write() -> None:
            if form is None:
                made.save(path, force=True)
            else:
                output.write_bytes(path, forms.write(made, form), force=True)

        def read() -> None:
            if qdiff.load(path, hints, form=form) != made:
                raise RuntimeError(f"{name} does not give the same shots back")

        spent = {"out": least(write, REPEATS), "in": least(read, REPEATS)}
        times = {way: {"seconds": s.wall, "cpu_seconds": s.cpu} for way, s in spent.items()}
        return {"mebibytes": path.stat().st_size / 2**20, **times}


def main() -> None:
    options = frame.arguments(__doc__, seeds=None).parse_args()
    there = [str(form) for form in Form if form is not Form.PARQUET or find_spec("pyarrow")]
    settings = {"shots": SHOTS, "bits": BITS, "repeats": REPEATS, "asked_seconds": ASKED_SECONDS}
    frame.collect("files", frame.grid(format=[OWN, *there]), measure, options, settings)


if __name__ == "__main__":
    main()
