"""A device's counts become a surrogate to share; later counts are checked for drift.

Run it with ``python docs/examples/device_counts.py [FOLDER]``; it takes some ten seconds. The
"device" is a simulator here: put your own counts in place of the two files.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

import qdiff


def main(folder: Path) -> tuple[float, float]:
    """Return the p-values of a batch like the first one, and of one after a drift."""
    folder.mkdir(parents=True, exist_ok=True)
    # 1. Files as a device gives them: counts as JSON (a runtime job's JSON would do as well).
    for name, noise, seed in (
        ("monday", "light", 1),
        ("tuesday", "light", 2),
        ("friday", "heavy", 3),
    ):
        counts = qdiff.simulate("ghz:4", noise, shots=4000, seed=seed).to_counts()
        (folder / f"{name}.json").write_text(json.dumps(counts))
    # 2. Fit; nothing about the noise is known. The file can be sent to anybody.
    monday = qdiff.load(folder / "monday.json")
    model = qdiff.fit(monday, seed=1, effort="fast")
    model.save(folder / "device.safetensors", force=True)
    # 3. Is a later batch what the model describes? Compare its mean log-probability with those of
    #    as many shots of the model's own.
    shared = qdiff.load(folder / "device.safetensors")
    values = [drift(shared, qdiff.load(folder / f"{day}.json")) for day in ("tuesday", "friday")]
    print(f"p-value on Tuesday {values[0]:.3f}, on Friday {values[1]:.3f}")
    return values[0], values[1]


def drift(model: qdiff.Surrogate, batch: qdiff.Shots, *, draws: int = 199) -> float:
    """Two-sided Monte Carlo p-value of the batch's mean log-probability under the model."""
    own = [score(model, model.sample(batch.num_shots, seed=seed)) for seed in range(1, draws + 1)]
    middle = float(np.mean(own))
    further = sum(abs(value - middle) >= abs(score(model, batch) - middle) for value in own)
    return (1 + further) / (1 + draws)


def score(model: qdiff.Surrogate, shots: qdiff.Shots) -> float:
    """Mean log-probability a shot, in nats."""
    return float(model.log_prob(shots.bits) @ shots.counts / shots.num_shots)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/device"))
