"""``fit``: a surrogate from shots."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import console, outputs, results
from qdiff.cli.option_texts import noise_of
from qdiff.cli.options import (
    DeviceOption,
    EffortOption,
    ForceOption,
    JsonOption,
    KnownCircuitOption,
    SeedOption,
)


def fit(
    shots: Annotated[Path, typer.Argument(help="Shots in any known format, or a distribution.")],
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where the model goes.")] = Path("model.safetensors"),
    force: ForceOption = False,
    device: DeviceOption = None,
    effort: EffortOption = "default",
    any_order: Annotated[
        bool,
        typer.Option(
            "--any-order",
            help="Learn random orders too, which sample needs for --steps and --order random.",
        ),
    ] = False,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Keep the unfinished fit here, and go on from it when it is there."),
    ] = None,
    circuit: KnownCircuitOption = None,
    noise: Annotated[
        str | None,
        typer.Option(help="Where the fit of its noise starts, or learn-noise's file."),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="A model to go on from where held-out shots gain by it."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fit a surrogate to shots, or compress a distribution.

    Several processes train together where torchrun starts them: each draws a part of every batch.

    Example: qdiff fit shots.safetensors --circuit ising:12 --out model.safetensors
    """
    from qdiff.files.load import load_data
    from qdiff.fitting.fit import fit as fitted
    from qdiff.models.diffusion.training.distributed import joined
    from qdiff.models.surrogate.surrogate import Surrogate

    outputs.check(out, shots, circuit, noise, start, force=force)
    if checkpoint is not None:
        outputs.check(checkpoint, out, shots, circuit, noise, start, force=True)
    data, begun = load_data(shots), None if start is None else Surrogate.load(start)
    with (
        joined() as ranks,
        console.training_bar(shown=ranks.is_first and console.interactive(json)) as watch,
    ):
        model = fitted(
            data,
            circuit=circuit,
            noise=noise_of(noise),
            start=begun,
            seed=seed,
            device=device,
            effort=effort,
            any_order=any_order,
            watch=watch,
            checkpoint=checkpoint,
        )
    if not ranks.is_first:
        return
    results.save(model, out, force=force, as_json=json)
    if checkpoint is not None:
        checkpoint.resolve().unlink(missing_ok=True)
    if not json:
        console.show(f"network: {model.card['chosen']['why']}")
        if start is not None:
            kept = ", ".join(model.card["start"]["kept"]).replace("_", " ")
            console.show(f"start: {kept or 'nothing was likelier than what was fitted anew'}")
        if circuit is not None:
            console.show(f"circuit: {model.card['circuit']['verdict']}")
