"""``simulate``: noisy shots of a circuit."""

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
    GroupingOption,
    JsonOption,
    NoiseOption,
    SeedOption,
    ShotsOption,
    StoreOption,
    WorkersOption,
)
from qdiff.errors import InputError

DEFAULT_OUT = Path("shots.safetensors")


def simulate(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    shots: ShotsOption = 10_000,
    seed: SeedOption = 0,
    out: Annotated[
        Path | None,
        typer.Option(help=f"Where the shots go: {DEFAULT_OUT}, or with --store only there."),
    ] = None,
    grouping: GroupingOption = None,
    force: ForceOption = False,
    store: StoreOption = None,
    batch: Annotated[
        int | None, typer.Option(help="Shots a batch of the store; 10,000 if not said.")
    ] = None,
    part: Annotated[
        str | None, typer.Option(help="Only these batches: 2/3 is every third from the second on.")
    ] = None,
    executor: ExecutorOption = "local",
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Draw noisy shots, with Aer or by drawing their errors first; with --store in batches that
    may be stopped at any time.

    Example: qdiff simulate ising:12 --shots 20000 --out shots.safetensors
    """
    if store is None:
        if (batch, part, executor, workers) != (None, None, "local", None):
            raise InputError("--batch, --part, --executor and --workers go with --store FOLDER")
        from qdiff.simulation.simulate import simulate as drawn

        out = DEFAULT_OUT if out is None else out
        outputs.check_shots(out, circuit, noise, force=force, as_json=json)
        shown = console.interactive(json)
        found = drawn(circuit, noise, shots=shots, seed=seed, grouping=grouping, progress=shown)
        results.save(found, out, force=force, as_json=json)
        return
    if grouping is not None:
        raise InputError("a store groups shots where it pays; leave --grouping out with --store")
    from qdiff.cli import stored_shots

    if out is not None:
        outputs.check_shots(out, circuit, noise, force=force, as_json=json)
    stored_shots.simulate(
        store,
        {"circuit": circuit, "noise": noise, "shots": shots, "seed": seed},
        batch=batch,
        part=part,
        executor=executor,
        workers=workers,
        out=out,
        force=force,
        json=json,
    )
