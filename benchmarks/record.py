"""What every benchmark's JSON has besides its numbers, and how it is written."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats

RESULTS = Path(os.environ.get("QDIFF_RESULTS", Path(__file__).parent / "results"))
"""Where results are kept; another folder keeps a trial apart from what is committed."""

REFERENCES = Path(__file__).parent.parent / "runs" / "references"

Row = dict[str, Any]


def environment() -> dict[str, Any]:
    """Revision, versions and device."""
    packages = ("qdiff", "torch", "numpy", "scipy", "qiskit", "qiskit-aer")
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else _processor()
    return {
        "revision": revision(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "device": f"{device}, {_threads()}",
    }


def revision() -> str:
    """The commit that is measured; ``-dirty`` where files other than results differ from it."""

    def git(*arguments: str) -> str:
        found = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
        return found.stdout.strip()

    changed = git("status", "--porcelain", "--", ":/", ":(top,exclude)benchmarks/results")
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if changed else "")


def arguments(description: str, *, seeds: int | None = 3, workers: int = 1) -> ArgumentParser:
    """What benchmarks of many cells take on their command lines."""
    parser = ArgumentParser(description=description)
    if seeds is not None:
        parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--workers", type=int, default=workers)
    parser.add_argument("--fresh", action="store_true", help="forget the rows of an earlier run")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="KEY=VALUE", help="such cells, as shots=10000"
    )
    return parser


def chosen(cells: Iterable[Row], only: Sequence[str]) -> list[Row]:
    """The cells that have one of the values asked for under every key that is named."""
    wanted: dict[str, set[str]] = {}
    for text in only:
        key, _, value = text.partition("=")
        wanted.setdefault(key, set()).add(value)
    return [cell for cell in cells if all(str(cell.get(k)) in wanted[k] for k in wanted)]


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> dict[str, Any]:
    """Mean over seeds with Student's t interval, and the values themselves."""
    array = np.asarray(values, dtype=float)
    mean = float(array.mean())
    low, high = mean, mean
    if len(array) > 1 and array.std() > 0:
        spread = array.std(ddof=1) / np.sqrt(len(array))
        low, high = stats.t.interval(confidence, len(array) - 1, loc=mean, scale=spread)
    return {"mean": mean, "interval": [float(low), float(high)], "values": array.tolist()}


def write(name: str, question: str, rows: list[Row], settings: dict[str, Any]) -> Path:
    """Write ``results/<name>.json``, whole or not at all, replacing the last run's."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {"question": question, "settings": settings, **environment(), "rows": rows}
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    os.replace(unfinished, path)
    return path


def read(name: str) -> dict[str, Any]:
    """The content of ``results/<name>.json``, or nothing."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def collect(
    name: str,
    question: str,
    cells: Iterable[Row],
    measure: Callable[[Row], Row],
    settings: dict[str, Any],
    *,
    workers: int,
    fresh: bool,
    again: Callable[[Row], Row] | None = None,
) -> None:
    """Measure each cell in its own process of one thread, and write each row as it comes.

    Rows of an earlier run with the same settings are kept unless `fresh`, so a run that was
    stopped goes on where it was. A row is its cell, what `measure` returned, and the revision that
    it was measured at. The cells' rows of other revisions are replaced by what `again` makes of
    them, where it is given.
    """
    earlier = read(name)
    kept = [] if fresh or earlier.get("settings") != settings else earlier["rows"]
    measured_at = revision()
    todo: list[tuple[Callable[[Row], Row], Row]] = []
    for cell in cells:
        row = next((row for row in kept if cell.items() <= row.items()), None)
        if row is None:
            todo.append((measure, cell))
        elif again is not None and row["revision"] != measured_at:
            todo.append((again, row))
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=one_thread
    ) as pool:
        futures = {pool.submit(work, cell): cell for work, cell in todo}
        for future in as_completed(futures):
            cell = futures[future]
            kept = [row for row in kept if row is not cell]
            kept.append({**cell, **future.result(), "revision": measured_at})
            write(name, question, kept, settings)
            print(json.dumps(kept[-1]), flush=True)


def shots_seed(seed: int) -> np.random.SeedSequence:
    """Shots are drawn apart from whatever else a method does with the same seed."""
    return np.random.SeedSequence(seed, spawn_key=(1_000,))


def one_thread() -> None:
    """Cells run side by side; more threads than cores only wait for each other."""
    torch.set_num_threads(1)


def _threads() -> str:
    number = torch.get_num_threads()
    return f"{number} thread{'s' if number > 1 else ''}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{named[0]}, {os.cpu_count()} cores" if named else platform.machine()
