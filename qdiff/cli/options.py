"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_NOISE = "superconducting"

CircuitArgument = Annotated[
    str,
    typer.Argument(help="An OpenQASM 2 or 3 or QPY file, a family such as ising:10, or mqt:ghz:8."),
]
NoiseOption = Annotated[
    str,
    typer.Option(
        help="A preset, a TOML or JSON file, 'depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03', "
        "a fake backend such as fake_torino, or ideal."
    ),
]
ShotsOption = Annotated[int, typer.Option(help="How many shots.")]
GroupingOption = Annotated[
    bool | None,
    typer.Option(
        "--grouping/--no-grouping",
        help="Draw errors first and simulate shots that share them together, or leave all to Aer; "
        "by default where it pays.",
    ),
]
SeedOption = Annotated[int, typer.Option(min=0, help="The root of every random number.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]
FullOption = Annotated[bool, typer.Option("--full", help="Print everything, not one screen.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing output.")]
ShotsOutOption = Annotated[Path, typer.Option(help="Where the shots go.")]
DeviceOption = Annotated[
    str | None, typer.Option(help="cpu, cuda, ...; a CUDA device is chosen when there is one.")
]
PicturesOption = Annotated[
    str | None, typer.Option(help="Also save each picture beside the page: png or svg.")
]
EffortOption = Annotated[
    str, typer.Option(help="How much work the fit may take: fast, default or best.")
]
KnownCircuitOption = Annotated[
    str | None,
    typer.Option("--circuit", help="The circuit that the shots came from: a file or a family."),
]
BitsOption = Annotated[
    int | None, typer.Option(help="Bits a shot, for files that do not say (b8, hexadecimal keys).")
]
RegistersOption = Annotated[
    str | None, typer.Option(help="Classical registers, bit 0's first, as in 'a:3,b:2'.")
]
StoreOption = Annotated[
    Path | None,
    typer.Option(
        help="A folder that keeps the shots batch by batch: what is there is not drawn again."
    ),
]
ExecutorOption = Annotated[
    str,
    typer.Option(help="Where the work is done: local, or ray, slurm or dask (extras)."),
]
WorkersOption = Annotated[
    int | None, typer.Option(help="How much is done at a time; locally a process a core.")
]
