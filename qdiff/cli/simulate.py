"""``simulate``: noisy shots of a circuit."""

from __future__ import annotations

from pathlib import Path

from qdiff.cli import console, outputs, results
from qdiff.cli.options import (
    DEFAULT_NOISE,
    CircuitArgument,
    ForceOption,
    JsonOption,
    NoiseOption,
    SeedOption,
    ShotsOption,
    ShotsOutOption,
)


def simulate(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    shots: ShotsOption = 10_000,
    seed: SeedOption = 0,
    out: ShotsOutOption = Path("shots.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Draw noisy shots with Aer.

    Example: qdiff simulate ising:12 --shots 20000 --out shots.safetensors
    """
    from qdiff.simulation.simulate import simulate as drawn

    outputs.check_shots(out, circuit, noise, force=force, as_json=json)
    found = drawn(circuit, noise, shots=shots, seed=seed, progress=console.interactive(json))
    results.save(found, out, force=force, as_json=json)
