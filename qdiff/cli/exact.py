"""``exact``: the noisy distribution of a circuit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import console, outputs, results
from qdiff.cli.options import (
    DEFAULT_NOISE,
    CircuitArgument,
    ExecutorOption,
    ForceOption,
    JsonOption,
    NoiseOption,
    SeedOption,
    WorkersOption,
)
from qdiff.errors import InputError


def exact(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    trajectories: Annotated[
        int | None, typer.Option(help="Average this many noise trajectories instead.")
    ] = None,
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where it goes.")] = Path("exact.safetensors"),
    force: ForceOption = False,
    executor: ExecutorOption = "local",
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Compute the exact noisy distribution (or, beyond its reach, a trajectory average).

    Example: qdiff exact ising:10 --noise superconducting --out exact.safetensors
    """
    from qdiff.executors.by_name import engine_named
    from qdiff.simulation.exact import exact as exact_law
    from qdiff.simulation.trajectories import trajectories as average

    outputs.check(out, circuit, noise, force=force)
    shown = console.interactive(json)
    if trajectories is None:
        if (executor, workers) != ("local", None):
            raise InputError("--executor and --workers go with --trajectories NUMBER")
        law = exact_law(circuit, noise, progress=shown)
    else:
        engine = engine_named(executor, workers, folder=out.parent)
        law = average(
            circuit, noise, samples=trajectories, seed=seed, executor=engine, progress=shown
        )
    results.save(law, out, force=force, as_json=json)
