"""The known laws that shots are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from qiskit import QuantumCircuit

import qdiff

REFERENCES = Path(__file__).parent.parent / "runs" / "references"
NOISE = "superconducting"


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Circuits, numbers of shots, and trajectories in the law (None: the exact law)."""

    circuits: tuple[str, ...]
    shots: tuple[int, ...]
    trajectories: int | None = None


SUITES = {
    "q12": Suite(
        circuits=(
            "ising:12",
            "heisenberg:12",
            "qaoa:12,seed=1",
            "ansatz:12,seed=1",
            "iqp:12,seed=1",
            "ghz:12",
            "phase:12",
            "brickwork:12,depth=4,seed=1",
            "brickwork:12,depth=12,seed=1",
        ),
        shots=(1_000, 10_000, 100_000),
    ),
    "q16": Suite(
        circuits=("ising:16", "heisenberg:16", "qaoa:16,seed=1", "brickwork:16,depth=4,seed=1"),
        shots=(10_000, 100_000),
        trajectories=4000,
    ),
    "q20": Suite(
        circuits=("ising:20", "heisenberg:20", "qaoa:20,seed=1", "brickwork:20,depth=4,seed=1"),
        shots=(10_000, 100_000),
        trajectories=300,
    ),
}


def truth_of(
    circuit: str,
    trajectories: int | None = None,
    *,
    noise: str = NOISE,
    spec: qdiff.NoiseSpec | None = None,
    written: QuantumCircuit | None = None,
) -> qdiff.Distribution:
    """The exact law or an average over trajectories, computed once and kept outside the repository.

    `noise` names it, and is what `spec` says where it is not the name of a preset; `written` is the
    circuit where it is not as its text has it, laid out on the device that `noise` names, say.
    """
    title = circuit if noise == NOISE else f"{circuit}_{noise}"
    name = "".join(letter if letter.isalnum() else "_" for letter in title)
    path = REFERENCES / f"{name}_{trajectories or 'exact'}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{path}.lock"):  # cells of one circuit run side by side
        if not path.exists():
            if trajectories is None:
                law = qdiff.exact(written or circuit, spec or noise)
            else:
                law = qdiff.trajectories(circuit, spec or noise, samples=trajectories, seed=1)
            law.save(path)
    return qdiff.Distribution.load(path)


def shots_seed(seed: int) -> np.random.SeedSequence:
    """Shots are drawn apart from whatever else a method does with the same seed."""
    return np.random.SeedSequence(seed, spawn_key=(1_000,))
