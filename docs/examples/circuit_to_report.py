"""From a circuit to a surrogate and a report.

Run it with ``python docs/examples/circuit_to_report.py [FOLDER]``; it takes some ten seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qdiff.cli.job import Job
from qdiff.cli.pipeline import run


def main(folder: Path, *, shots: int = 2000) -> float:
    """Run the whole job, and return how many raw shots each training shot is worth."""
    # 1. Simulate noisy shots, find the exact law, fit, draw, compare, report: one call.
    outcome = run(
        Job(circuit="ising:6", noise="superconducting", shots=shots, seed=1, out=folder,
            effort="fast", force=True)
    )  # fmt: skip
    # 2. The comparison has every number beside what a perfect sampler would have scored.
    assert outcome.surrogate is not None  # noqa: S101 - six bits always have a reference
    print(outcome.surrogate.table("The surrogate against the exact law"))
    # 3. The model is a file of its own, and needs no Qiskit to be loaded.
    print(f"open {folder / 'report.html'}; the model is {folder / 'model.safetensors'}")
    return outcome.surrogate["shot_multiplier"].value


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example"))
