"""``sample``: new shots from a surrogate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import option_texts, outputs, results
from qdiff.cli.options import ForceOption, JsonOption, SeedOption, ShotsOption, ShotsOutOption


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
    out: ShotsOutOption = Path("samples.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Draw new shots from a surrogate.

    Example: qdiff sample model.safetensors --shots 1000000 --out samples.safetensors
    """
    from qdiff.files.load import load_surrogate

    outputs.check_shots(out, model, force=force, as_json=json)
    surrogate = load_surrogate(model)
    values = None if given is None else option_texts.bit_values(given)
    drawn = surrogate.sample(shots, seed=seed, given=values, order=order, steps=steps)
    results.save(drawn, out, force=force, as_json=json)
