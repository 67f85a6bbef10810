"""``run``: the whole job, from a circuit to a report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qdiff.cli import console, interrupts
from qdiff.cli.comparison_lines import side_by_side
from qdiff.cli.options import (
    DEFAULT_NOISE,
    CircuitArgument,
    DeviceOption,
    EffortOption,
    ForceOption,
    FullOption,
    JsonOption,
    NoiseOption,
    PicturesOption,
    SeedOption,
    ShotsOption,
)

if TYPE_CHECKING:
    from qdiff.cli.job import Job, Outcome


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
        bool | None,
        typer.Option(
            "--use-circuit/--shots-alone",
            help="Tell the fit the circuit, but not its noise. Told up to 16 qubits if not said.",
        ),
    ] = None,
    pictures: PicturesOption = None,
    full: FullOption = False,
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
    outcome = pipeline.run(
        job,
        watching=partial(console.training_bar, shown=shown),
        announce=interrupts.heeding(console.say),
    )
    if json:
        console.print_json({**outcome.to_dict(), "out": str(job.out)})
        return
    if full:
        _print_all(job, outcome)
    else:
        console.print_lines(_lines(job, outcome))
    for note in outcome.notes:
        console.say(note)


def _lines(job: Job, outcome: Outcome) -> Iterator[str]:
    """The dozen numbers that matter, of each law that was fitted, and where the rest is."""
    from qdiff.cli import pipeline

    card = outcome.model.card
    yield f"{job.circuit}: {card['num_bits']} bits, {job.shots:,} shots, noise {job.noise}"
    if outcome.laws:
        yield from side_by_side(outcome.laws)
        yield f"a perfect sampler: 95 % of draws of {job.shots:,} shots; divergences in nats"
    else:
        yield f"held-out score {card['heldout']['nats_per_shot']:.4f} nats a shot, from shots alone"
    if "circuit" in card:
        told = card["circuit"]
        if not outcome.laws:
            yield f"{told['nats_per_shot_of_the_circuit_alone']:.4f} by the circuit that was told"
        yield f"circuit (its noise is not told): {told['verdict']}"
    yield f"page: {job.out / pipeline.REPORT}; all metrics: --full, --json"


def _print_all(job: Job, outcome: Outcome) -> None:
    """Every metric of every law, and of the drawn shots."""
    from qdiff.cli import pipeline

    for name, found in outcome.laws.items():
        console.print_table(found, f"The surrogate's exact law, {name}, against the reference")
    if outcome.samples is not None:
        title = f"{job.shots:,} surrogate shots against the reference"
        console.print_table(outcome.samples, title)
    console.show(f"page: {job.out / pipeline.REPORT}")
