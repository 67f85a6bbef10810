"""What every benchmark's JSON has besides its numbers, and how it is written."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats

RESULTS = Path(__file__).parent / "results"


def environment() -> dict[str, Any]:
    """Revision, versions and device."""
    revision = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    ).stdout.strip()
    packages = ("qdiff", "torch", "numpy", "scipy", "qiskit", "qiskit-aer")
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()
    return {
        "revision": revision,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "device": f"{device}, {torch.get_num_threads()} threads",
    }


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> dict[str, Any]:
    """Mean over seeds with Student's t interval, and the values themselves."""
    array = np.asarray(values, dtype=float)
    mean = float(array.mean())
    low, high = mean, mean
    if len(array) > 1 and array.std() > 0:
        spread = array.std(ddof=1) / np.sqrt(len(array))
        low, high = stats.t.interval(confidence, len(array) - 1, loc=mean, scale=spread)
    return {"mean": mean, "interval": [float(low), float(high)], "values": array.tolist()}


def write(name: str, question: str, rows: list[dict[str, Any]], settings: dict[str, Any]) -> Path:
    """Write ``results/<name>.json``, replacing the last run's."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    content = {"question": question, "settings": settings, **environment(), "rows": rows}
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    return path
