"""``mitigate``: readout errors undone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import outputs, results
from qdiff.cli.options import ForceOption, JsonOption, KnownCircuitOption, SeedOption

_RATES = re.compile(r"[\d.]+(?:[eE][-+]?\d+)?(?:/[\d.]+(?:[eE][-+]?\d+)?)?")
"""One probability, or two with a slash between them."""


def mitigate(
    shots: Annotated[Path, typer.Argument(help="Shots in any known format.")],
    readout: Annotated[
        str,
        typer.Option(
            help="What readout does: '0.02/0.03' (P(1|0)/P(0|1)), or a noise specification."
        ),
    ],
    circuit: KnownCircuitOption = None,
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where the law goes.")] = Path("mitigated.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Undo readout errors: the law that the shots had before readout, as a model.

    Example: qdiff mitigate shots.safetensors --readout 0.02/0.03 --out mitigated.safetensors
    """
    from qdiff.files.load import load_shots
    from qdiff.fitting.mitigate import mitigate as mitigated

    outputs.check(out, shots, circuit, readout, force=force)
    spec = f"depolarizing:readout={readout}" if _RATES.fullmatch(readout) else readout
    model = mitigated(load_shots(shots), spec, circuit=circuit, seed=seed)
    results.save(model, out, force=force, as_json=json)
