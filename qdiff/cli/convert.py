"""``convert``: from one file format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from qdiff.cli import console, option_texts
from qdiff.cli.options import BitsOption, ForceOption, RegistersOption


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
    bit0: Annotated[
        str | None, typer.Option(help="Where bit 0 stands in a key or row: left or right.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Columns of a csv that hold bits, bit 0's first: 'b0,b1'.")
    ] = None,
    shots: Annotated[
        int | None, typer.Option(help="Of how many shots a file of probabilities is.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Convert shots (JSON of many programs, Stim 01 and b8, npz, csv, Parquet) or circuits.

    Example: qdiff convert job.json shots.safetensors
    """
    from qdiff.data.output import is_standard
    from qdiff.files.convert import convert as converted
    from qdiff.files.hints import Hints

    hints = Hints(
        num_bits=bits,
        registers=None if registers is None else option_texts.registers(registers),
        pub=pub,
        index=None if index is None else option_texts.index(index),
        project=project,
        bit0=bit0,
        columns=None if columns is None else tuple(columns.split(",")),
        shots=shots,
    )
    value = converted(source, target, to=to, form=form, hints=hints, force=force)
    console.show(f"{target} written: {_summary(value)}", err=is_standard(target))


def _summary(value: Any) -> str:
    from qdiff.data.distribution import Distribution
    from qdiff.data.shots import Shots

    if isinstance(value, Shots):
        names = ", ".join(f"{register.name}:{register.size}" for register in value.registers)
        return f"{value.num_shots:,} shots of {names}"
    if isinstance(value, Distribution):
        return f"a distribution of {value.num_bits} bits"
    return f"a circuit of {value.num_qubits} qubits and {value.num_clbits} bits"
