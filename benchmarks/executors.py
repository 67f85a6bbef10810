"""What do two workers bring over one, for a simulation that is kept in a store?

The same job by one worker and by two, in turn, starting them included; every store must hold the
same shots. On a machine with less than two idle cores the figure is the machine's.

    python benchmarks/executors.py [--fresh] [--only executor=local ...]
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import frame
from costs import timed
from record import Row, mean_interval
from truths import NOISE

import qdiff
from qdiff.executors.engine import Engine

JOB: Row = {"circuit": "ising:12", "noise": NOISE, "shots": 12_000, "seed": 1, "batch": 500}
REPEATS = 3

ENGINES: dict[str, Callable[[int], Engine]] = {
    "local": lambda workers: qdiff.LocalProcesses(workers=workers),
    "ray": lambda workers: qdiff.RayCluster(workers=workers),
    "dask": lambda workers: qdiff.DaskCluster(workers=workers),
}


def measure(cell: Row) -> Row:
    seconds: dict[int, list[float]] = {1: [], 2: []}
    found = []
    for _ in range(REPEATS):
        for workers, spent in seconds.items():
            shots, wall = _drawn(ENGINES[cell["executor"]](workers))
            found.append(shots)
            spent.append(wall)
    ratios = [one / two for one, two in zip(*seconds.values(), strict=True)]
    return {
        "seconds_of_one": mean_interval(seconds[1]),
        "seconds_of_two": mean_interval(seconds[2]),
        "times_faster": mean_interval(ratios),
        "identical": all(shots == found[0] for shots in found),
    }


def _drawn(engine: Engine) -> tuple[qdiff.Shots, float]:
    with TemporaryDirectory() as folder:
        store = qdiff.ShotStore(Path(folder))
        _, spent = timed(store.draw, **JOB, executor=engine)
        return store.shots(**JOB), spent.wall


def main() -> None:
    options = frame.arguments(__doc__, seeds=None).parse_args()
    cells = frame.grid(executor=ENGINES)
    frame.collect("executors", cells, measure, options, {"job": JOB, "repeats": REPEATS})


if __name__ == "__main__":
    main()
