"""The command about files of other programs: ``convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qdiff.cli.options import ForceOption

BitsOption = Annotated[
    int | None, typer.Option(help="Bits a shot, for files that do not say (b8, hexadecimal keys).")
]
RegistersOption = Annotated[
    str | None, typer.Option(help="Classical registers, bit 0's first, as in 'a:3,b:2'.")
]


def convert(
    source: Annotated[Path, typer.Argument(help="Shots or a circuit, in any known format.")],
    target: Annotated[Path, typer.Argument(help="The new file; its name says the format.")],
    to: Annotated[
        str | None, typer.Option(help="The new format, where the name does not say it.")
    ] = None,
    form: Annotated[
        str | None, typer.Option("--from", help="The old format, where its content leaves it open.")
    ] = None,
    bits: BitsOption = None,
    registers: RegistersOption = None,
    pub: Annotated[int | None, typer.Option(help="Which result of a job, from 0.")] = None,
    index: Annotated[
        str | None, typer.Option(help="Which point of a parameter sweep, as in '1,2'.")
    ] = None,
    project: Annotated[
        bool, typer.Option("--project", help="Take the distribution nearest to quasi-weights.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Convert shots (JSON, runtime job, Stim 01 and b8, npz, csv, Parquet) or circuits.

    Example: qdiff convert job.json shots.safetensors
    """
    from qdiff.files.convert import convert as convert_file
    from qdiff.files.hints import Hints, parse_index, parse_registers

    hints = Hints(
        num_bits=bits,
        registers=None if registers is None else parse_registers(registers),
        pub=pub,
        index=None if index is None else parse_index(index),
        project=project,
    )
    value = convert_file(source, target, to=to, form=form, hints=hints, force=force)
    typer.echo(f"{target} written: {_summary(value)}")


def _summary(value: Any) -> str:
    from qdiff.data.distribution import Distribution
    from qdiff.data.shots import Shots

    if isinstance(value, Shots):
        names = ", ".join(f"{register.name}:{register.size}" for register in value.registers)
        return f"{value.num_shots:,} shots of {names}"
    if isinstance(value, Distribution):
        return f"a distribution of {value.num_bits} bits"
    return f"a circuit of {value.num_qubits} qubits and {value.num_clbits} bits"
