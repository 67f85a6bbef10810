"""Commands about readout errors: ``calibrate`` measures them, ``mitigate`` undoes them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import console
from qdiff.cli.descriptions import describe
from qdiff.cli.options import ForceOption, JsonOption, KnownCircuitOption, SeedOption


def calibrate(
    files: Annotated[
        list[Path],
        typer.Argument(help="Shots of |0...0> and of |1...1>, or one JSON file of mthree."),
    ],
    out: Annotated[Path, typer.Option(help="Where the noise goes (.toml or .json).")],
    base: Annotated[
        str | None, typer.Option(help="Noise whose gates are kept; only readout if not given.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Measure readout errors from calibration shots, as noise to use with --noise.

    Example: qdiff calibrate zeros.json ones.json --out readout.toml
    """
    from qdiff import formats, storage
    from qdiff.errors import InputError
    from qdiff.noise import NoiseSpec, calibration

    storage.refuse_existing(out, force=force)
    gates = None if base is None else NoiseSpec.parse(base)
    if len(files) == 1:
        spec = calibration.from_mthree(files[0], base=gates)
    elif len(files) == 2:
        zeros, ones = map(formats.load_shots, files)
        spec = calibration.from_shots(zeros, ones, base=gates)
    else:
        raise InputError("give the shots of |0...0> and of |1...1>, or one file of mthree")
    text = spec.to_json() if out.suffix == ".json" else spec.to_toml()
    storage.write_text(out, text, force=force)
    typer.echo(f"{out} written: readout of {len(spec.qubits)} qubits")


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
    from qdiff import formats, informed, storage

    storage.refuse_existing(out, force=force)
    numbers = readout.replace("/", "").replace(".", "").replace("e-", "").isdecimal()
    spec = f"depolarizing:readout={readout}" if numbers else readout
    model = informed.mitigate(formats.load_shots(shots), spec, circuit=circuit, seed=seed)
    model.save(out, force=force)
    console.report(describe(model), out, json)
