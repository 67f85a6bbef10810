"""``calibrate``: readout errors, measured."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qdiff.cli import console, option_texts, outputs
from qdiff.cli.options import BitsOption, ForceOption, RegistersOption
from qdiff.errors import InputError

if TYPE_CHECKING:
    from qdiff.data.shots import Shots
    from qdiff.noise.spec import NoiseSpec


def calibrate(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Shots of |0...0> and of |1...1>: two files, or one job; or mthree's JSON."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where the noise goes (.toml or .json).")],
    base: Annotated[
        str | None, typer.Option(help="Noise whose gates are kept; only readout if not given.")
    ] = None,
    pub: Annotated[
        str | None,
        typer.Option(help="Which results of a job are |0...0> and |1...1>, as in '0,1'."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(help="Which bits to go by, as in '0-3,7', or registers, as in 'meas'."),
    ] = None,
    qubits: Annotated[
        str | None, typer.Option(help="Which qubit each of these bits reads, as in '5,4,12'.")
    ] = None,
    circuit: Annotated[
        str | None,
        typer.Option(help="Or the circuit that ran, whose measurements say so: QPY, OpenQASM."),
    ] = None,
    bits: BitsOption = None,
    registers: RegistersOption = None,
    force: ForceOption = False,
) -> None:
    """Measure readout errors from calibration shots, as noise to use with --noise.

    Example: qdiff calibrate job.json --pub 0,1 --circuit ones_on_device.qpy --out readout.toml
    """
    from qdiff.data.source import seekable
    from qdiff.noise import calibration
    from qdiff.noise.spec import NoiseSpec

    outputs.check(out, *files, base, circuit, force=force)
    gates = None if base is None else NoiseSpec.parse(base)
    with ExitStack() as stack:  # a file may be a pipe, and is asked first what it is
        files = [stack.enter_context(seekable(file)) for file in files]
        if len(files) == 1 and calibration.is_mthree(files[0]):
            if (pub, only, qubits, circuit, bits, registers) != (None,) * 6:
                raise InputError("mthree's calibration is by qubit; only --base goes with it")
            spec = calibration.from_mthree(files[0], base=gates)
        else:
            zeros, ones = _calibration_shots(files, pub, bits, registers)
            places, read = _bits_and_qubits(zeros, only=only, qubits=qubits, circuit=circuit)
            spec = calibration.from_shots(zeros, ones, bits=places, qubits=read, base=gates)
    _write(spec, out, force=force)


def _calibration_shots(
    files: list[Path], pub: str | None, bits: int | None, registers: str | None
) -> tuple[Shots, Shots]:
    """The shots of |0...0> and of |1...1>: two files, or two results of one job."""
    from qdiff.files.hints import Hints
    from qdiff.files.load import load_shots

    named = None if registers is None else option_texts.registers(registers)
    if len(files) > 2:
        raise InputError("give the shots of |0...0> and of |1...1>, or one file of mthree")
    pubs: list[int | None] = [0, 1] if len(files) == 1 else [None, None]
    if pub is not None:
        pubs = [*option_texts.numbers(pub, "--pub")]
    if len(pubs) != 2:
        raise InputError(f"--pub names the results of |0...0> and |1...1>: 0,1, got {pub!r}")
    zeros, ones = (
        load_shots(file, Hints(num_bits=bits, registers=named, pub=which))
        for file, which in zip((files[0], files[-1]), pubs, strict=True)
    )
    if len(files) == 1 and zeros == ones:
        raise InputError(f"{files[0]} holds one set of shots; --pub names two results of a job")
    return zeros, ones


def _bits_and_qubits(
    shots: Shots, *, only: str | None, qubits: str | None, circuit: str | None
) -> tuple[list[int] | None, list[int] | None]:
    """The bits to go by, and the qubits that these read, as far as options or a circuit say so."""
    from qdiff.circuit.loading import load_circuit
    from qdiff.noise.calibration import qubits_read

    bits = None if only is None else option_texts.bits(only, shots)
    read = None if qubits is None else option_texts.numbers(qubits, "--qubits")
    if circuit is None:
        return bits, read
    if read is not None:
        raise InputError("--qubits and --circuit say the same; give one of them")
    measured = qubits_read(load_circuit(circuit))
    chosen = [*measured] if bits is None else bits
    unread = [bit for bit in chosen if bit not in measured]
    if unread:
        raise InputError(f"the circuit measures nothing into bit {unread[0]}")
    return chosen, [measured[bit] for bit in chosen]


def _write(spec: NoiseSpec, out: Path, *, force: bool) -> None:
    """Write the noise, and say whose readout it has."""

    from qdiff.data.output import write_text

    text = spec.to_json() if out.suffix == ".json" else spec.to_toml()
    write_text(out, text, force=force)
    own = [qubit for qubit, noise in spec.qubits.items() if noise.readout is not None]
    console.show(f"{out} written: readout of qubits {option_texts.ranges(own)}")
