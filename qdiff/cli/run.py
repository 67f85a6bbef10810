"""``run``: the whole job, from a circuit to a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import console, interrupts
from qdiff.cli.options import (
    DEFAULT_NOISE,
    CircuitArgument,
    DeviceOption,
    EffortOption,
    ForceOption,
    JsonOption,
    NoiseOption,
    PicturesOption,
    SeedOption,
    ShotsOption,
)


def run(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    shots: ShotsOption = 10_000,
    seed: SeedOption = 0,
    out: Annotated[Path | None, typer.Option(help="Folder; runs/<circuit> if not given.")] = None,
    force: ForceOption = False,
    device: DeviceOption = None,
    effort: EffortOption = "default",
    use_circuit: Annotated[
        bool, typer.Option("--use-circuit", help="Tell the fit the circuit, but not its noise.")
    ] = False,
    pictures: PicturesOption = None,
    json: JsonOption = False,
) -> None:
    """Simulate, fit, sample, compare and report: the whole job.

    Example: qdiff run circuits/ising_10.qasm --shots 10000 --out runs/ising
    """
    from qdiff.cli import pipeline
    from qdiff.cli.job import Job

    shown = console.interactive(json)
    job = Job(
        circuit=circuit,
        noise=noise,
        shots=shots,
        seed=seed,
        out=out or Path("runs") / Path(circuit).stem.replace(":", "_").replace(",", "_"),
        force=force,
        device=device,
        effort=effort,
        use_circuit=use_circuit,
        progress=shown,
        command=console.command(),
        pictures=pictures,
    )
    with console.training_bar(shown=shown) as watch:
        outcome = pipeline.run(job, watch=watch, announce=interrupts.heeding(console.say))
    if json:
        console.print_json({**outcome.to_dict(), "out": str(job.out)})
        return
    if outcome.surrogate is not None and outcome.samples is not None:
        console.print_table(outcome.surrogate, "The surrogate's exact law against the reference")
        console.print_table(outcome.samples, f"{shots:,} surrogate shots against the reference")
    for note in outcome.notes:
        console.say(note)
    console.say(f"results are in {job.out}; open {job.out / pipeline.REPORT}")
