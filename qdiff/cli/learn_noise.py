"""``learn-noise``: a device's noise from circuits and their shots."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import console, outputs
from qdiff.cli.noise_lines import noise_lines
from qdiff.cli.options import ForceOption, FullOption, JsonOption, SeedOption
from qdiff.errors import InputError


def learn_noise(
    pairs: Annotated[
        list[str], typer.Argument(help="Circuits and their shots, each as circuit=shots.")
    ],
    start: Annotated[
        str | None,
        typer.Option(help="Noise that is about right, such as a calibration: a preset or a file."),
    ] = None,
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where the noise goes.")] = Path("noise.safetensors"),
    force: ForceOption = False,
    full: FullOption = False,
    json: JsonOption = False,
) -> None:
    """Learn what a device does wrong from the shots of a few circuits.

    Example: qdiff learn-noise a.qasm=a.json b.qasm=b.json --out device.safetensors
    """
    from qdiff.files.load import load_shots
    from qdiff.noise_learning.learn import learn_noise as learned

    named = [_parted(pair) for pair in pairs]
    outputs.check(out, *(file for pair in named for file in pair), start, force=force)
    found = learned(
        [(circuit, load_shots(shots)) for circuit, shots in named], start=start, seed=seed
    )
    found.save(out, force=force)
    if json:
        console.print_json({**found.to_dict(), "out": str(out)})
        return
    console.show(f"noise written to {out}: {found!r}")
    console.print_lines(noise_lines(found.to_dict(), full=full))


def _parted(pair: str) -> tuple[str, Path]:
    """A circuit, whose own name may hold an equals sign, and its shots."""
    circuit, equals, shots = pair.rpartition("=")
    if not (circuit and equals and shots):
        raise InputError(f"a circuit and its shots are given as circuit=shots, got {pair!r}")
    return circuit, Path(shots)
