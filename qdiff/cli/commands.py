"""The commands, one function each: parse, call, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import compare as comparing
from qdiff.cli import console, interrupts, readout
from qdiff.cli import convert as files
from qdiff.cli import score as scoring
from qdiff.cli.descriptions import describe, describe_file
from qdiff.cli.options import (
    CircuitArgument,
    DeviceOption,
    EffortOption,
    ForceOption,
    JsonOption,
    KnownCircuitOption,
    NoiseOption,
    PicturesOption,
    SeedOption,
    ShotsOption,
)
from qdiff.errors import InputError

DEFAULT_NOISE = "superconducting"

app = typer.Typer(
    help="A generative sampler for noisy quantum-circuit outcomes.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


@app.command()
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

    folder = out or Path("runs") / Path(circuit).stem.replace(":", "_").replace(",", "_")
    job = Job(
        circuit=circuit,
        noise=noise,
        shots=shots,
        seed=seed,
        out=folder,
        force=force,
        device=device,
        effort=effort,
        use_circuit=use_circuit,
        progress=console.interactive(json),
        command=console.command(),
        pictures=pictures,
    )
    with console.training_bar(shown=console.interactive(json)) as watch:
        outcome = pipeline.run(job, watch=watch, announce=interrupts.heeding(console.say))
    if json:
        console.print_json({**outcome.to_dict(), "out": str(folder)})
        return
    if outcome.surrogate is not None and outcome.samples is not None:
        console.print_table(outcome.surrogate, "The surrogate's exact law against the reference")
        console.print_table(outcome.samples, f"{shots:,} surrogate shots against the reference")
    for note in outcome.notes:
        console.say(note)
    console.say(f"results are in {folder}; open {folder / 'report.html'}")


@app.command()
def simulate(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    shots: ShotsOption = 10_000,
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where the shots go.")] = Path("shots.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Draw noisy shots with Aer.

    Example: qdiff simulate ising:12 --shots 20000 --out shots.safetensors
    """
    from qdiff.data import storage
    from qdiff.simulation import simulate as simulator

    storage.refuse_existing(out, force=force)
    drawn = simulator.simulate(
        circuit, noise, shots=shots, seed=seed, progress=console.interactive(json)
    )
    drawn.save(out, force=force)
    console.report(describe(drawn), out, json)


@app.command()
def exact(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    trajectories: Annotated[
        int | None, typer.Option(help="Average this many noise trajectories instead.")
    ] = None,
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where it goes.")] = Path("exact.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Compute the exact noisy distribution (or, beyond its reach, a trajectory average).

    Example: qdiff exact ising:10 --noise superconducting --out exact.safetensors
    """
    from qdiff.data import storage
    from qdiff.simulation import exact as reference

    storage.refuse_existing(out, force=force)
    shown = console.interactive(json)
    if trajectories is None:
        law = reference.exact(circuit, noise, progress=shown)
    else:
        law = reference.trajectories(
            circuit, noise, samples=trajectories, seed=seed, progress=shown
        )
    law.save(out, force=force)
    console.report(describe(law), out, json)


@app.command()
def fit(
    shots: Annotated[Path, typer.Argument(help="Shots in any known format, or a distribution.")],
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where the model goes.")] = Path("model.safetensors"),
    force: ForceOption = False,
    device: DeviceOption = None,
    effort: EffortOption = "default",
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Keep the unfinished fit here, and go on from it when it is there."),
    ] = None,
    circuit: KnownCircuitOption = None,
    noise: Annotated[
        str | None, typer.Option(help="Where the fit of the circuit's noise starts from.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fit a surrogate to shots, or compress a distribution.

    Example: qdiff fit shots.safetensors --circuit ising:12 --out model.safetensors
    """
    from qdiff.data import storage
    from qdiff.files import load as formats
    from qdiff.fitting import fit as informed

    storage.refuse_existing(out, force=force)
    data = formats.load_data(shots)
    with console.training_bar(shown=console.interactive(json)) as watch:
        model = informed.fit(
            data,
            circuit=circuit,
            noise=noise,
            seed=seed,
            device=device,
            effort=effort,
            watch=watch,
            checkpoint=checkpoint,
        )
    model.save(out, force=force)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    console.report(describe(model), out, json)
    if not json:
        typer.echo(f"network: {model.card['chosen']['why']}")
        if circuit is not None:
            typer.echo(f"circuit: {model.card['circuit']['verdict']}")


@app.command()
def sample(
    model: Annotated[Path, typer.Argument(help="A fitted surrogate.")],
    shots: ShotsOption = 10_000,
    seed: SeedOption = 0,
    given: Annotated[
        str | None, typer.Option(help="Values that some bits must have, as in '0=1,5=0'.")
    ] = None,
    order: Annotated[
        str, typer.Option(help="fixed (exact), or random: the pure diffusion sampler.")
    ] = "fixed",
    steps: Annotated[
        int | None, typer.Option(help="Decode in so many parallel steps; faster, less exact.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the shots go.")] = Path("samples.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Draw new shots from a surrogate.

    Example: qdiff sample model.safetensors --shots 1000000 --out samples.safetensors
    """
    from qdiff.data import storage
    from qdiff.files import load as formats

    storage.refuse_existing(out, force=force)
    drawn = formats.load_surrogate(model).sample(
        shots, seed=seed, given=_given(given), order=order, steps=steps
    )
    drawn.save(out, force=force)
    console.report(describe(drawn), out, json)


def inspect(
    file: Annotated[str, typer.Argument(help="A circuit, shots, distribution or model file.")],
    seed: Annotated[int, typer.Option(min=0, help="Not used: nothing here is random.")] = 0,
    json: JsonOption = False,
) -> None:
    """Say what a file holds and where it came from.

    Example: qdiff inspect model.safetensors
    """
    found = describe_file(file)
    if json:
        console.print_json(found)
    else:
        console.print_entries(found)


for _each in (
    comparing.compare,
    inspect,
    files.convert,
    readout.calibrate,
    readout.mitigate,
    scoring.score,
):
    app.command()(_each)


def _given(text: str | None) -> dict[int, int] | None:
    """Bits and their values from ``"0=1,5=0"``."""
    if text is None:
        return None
    try:
        pairs = [(int(bit), int(value)) for bit, value in (p.split("=") for p in text.split(","))]
    except ValueError:
        raise InputError(f"--given must look like 0=1,5=0, got {text!r}") from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise InputError(f"--given names a bit twice: {text!r}")
    return given
