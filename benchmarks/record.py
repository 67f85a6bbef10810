"""What every benchmark's JSON has besides its numbers, and how it is read and written."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats

RESULTS = Path(os.environ.get("QDIFF_RESULTS", Path(__file__).parent / "results"))
"""Where results are kept; another folder keeps a trial apart from what is committed."""

PACKAGES = ("qdiff-sampler", "torch", "numpy", "scipy", "qiskit", "qiskit-aer")

Row = dict[str, Any]


def read(name: str, folder: Path = RESULTS) -> Row:
    """The content of ``<name>.json``, or nothing."""
    path = folder / f"{name}.json"
    found: Row = json.loads(path.read_text()) if path.exists() else {}
    return found


def write(name: str, content: Row, folder: Path = RESULTS) -> None:
    """Write ``<name>.json``, whole or not at all, replacing the last run's."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{name}.part"
    unfinished.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    os.replace(unfinished, folder / f"{name}.json")


def environment(threads: int | None = None) -> Row:
    """Revision, versions and device; so many threads, or all that there are."""
    number = threads or torch.get_num_threads()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else _processor()
    return {
        "revision": revision(),
        "python": platform.python_version(),
        "versions": _versions(),
        "device": f"{device}, {number} thread{'s' if number > 1 else ''}",
    }


def _versions() -> dict[str, str | None]:
    """None of what is not installed: where there is a graphics card there may be no Qiskit."""
    found: dict[str, str | None] = dict.fromkeys(PACKAGES)
    for name in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def revision() -> str:
    """The commit that is measured; ``-dirty`` where files other than results differ from it."""

    def git(*arguments: str) -> str:
        found = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
        return found.stdout.strip()

    changed = git("status", "--porcelain", "--", ":/", ":(top,exclude)benchmarks/results")
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if changed else "")


def same_code(one: str | None, other: str) -> bool:
    """Whether qdiff is alike at two revisions; what was not committed or is unknown never is."""
    if one is None or "-dirty" in one + other:
        return False
    if one == other:
        return True
    found = subprocess.run(
        ["git", "diff", "--quiet", one, other, "--", ":/qdiff"], capture_output=True, check=False
    )
    return found.returncode == 0


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Row:
    """Mean over seeds with Student's t interval, and the values themselves."""
    array = np.asarray(values, dtype=float)
    mean = float(array.mean())
    low, high = mean, mean
    if len(array) > 1 and array.std() > 0:
        spread = array.std(ddof=1) / np.sqrt(len(array))
        low, high = stats.t.interval(confidence, len(array) - 1, loc=mean, scale=spread)
    return {"mean": mean, "interval": [float(low), float(high)], "values": array.tolist()}


def mean_intervals(runs: Sequence[Mapping[str, float]]) -> Row:
    """`mean_interval` of each number, from what every seed found."""
    return {key: mean_interval([run[key] for run in runs]) for key in runs[0]}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{named[0]}, {os.cpu_count()} cores" if named else platform.machine()
