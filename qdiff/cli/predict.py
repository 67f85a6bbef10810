"""``predict``: the law of a circuit that was never run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import outputs, results
from qdiff.cli.options import CircuitArgument, ForceOption, JsonOption, SeedOption


def predict(
    circuit: CircuitArgument,
    noise: Annotated[Path, typer.Option(help="What learn-noise wrote.")],
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where the model goes.")] = Path("model.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Predict the outcomes of a circuit on a device whose noise was learned, without shots.

    Example: qdiff predict ising:12 --noise device.safetensors --out model.safetensors
    """
    from qdiff.noise_learning.learned_noise import LearnedNoise

    outputs.check(out, circuit, noise, force=force)
    model = LearnedNoise.load(noise).predict(circuit, seed=seed)
    results.save(model, out, force=force, as_json=json)
