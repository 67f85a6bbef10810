"""Commands about readout errors: ``calibrate`` measures them, ``mitigate`` undoes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from qdiff.cli import console, selection
from qdiff.cli.convert import BitsOption, RegistersOption
from qdiff.cli.descriptions import describe
from qdiff.cli.options import ForceOption, JsonOption, KnownCircuitOption, SeedOption
from qdiff.errors import InputError

if TYPE_CHECKING:
    from qdiff.data.bits import Register
    from qdiff.data.shots import Shots


_RATES = re.compile(r"[\d.]+(?:[eE][-+]?\d+)?(?:/[\d.]+(?:[eE][-+]?\d+)?)?")
"""One probability, or two with a slash between them."""


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
    from qdiff.circuit.loading import load_circuit
    from qdiff.data import storage
    from qdiff.files.hints import parse_registers
    from qdiff.noise import calibration
    from qdiff.noise.spec import NoiseSpec

    storage.refuse_existing(out, force=force)
    gates = None if base is None else NoiseSpec.parse(base)
    told = (pub, only, qubits, circuit, bits, registers)
    if len(files) == 1 and calibration.is_mthree(files[0]):
        if told != (None,) * len(told):
            raise InputError("mthree's calibration is by qubit; only --base goes with it")
        spec = calibration.from_mthree(files[0], base=gates)
    else:
        named = None if registers is None else parse_registers(registers)
        zeros, ones = _calibration_shots(files, pub, bits, named)
        places = selection.places(only, zeros)
        read = None if qubits is None else selection.numbers(qubits, "--qubits")
        if circuit is not None:
            if read is not None:
                raise InputError("--qubits and --circuit say the same; give one of them")
            places, read = _read_by(calibration.qubits_read(load_circuit(circuit)), places)
        spec = calibration.from_shots(zeros, ones, bits=places, qubits=read, base=gates)
    text = spec.to_json() if out.suffix == ".json" else spec.to_toml()
    storage.write_text(out, text, force=force)
    own = [qubit for qubit, noise in spec.qubits.items() if noise.readout is not None]
    typer.echo(f"{out} written: readout of qubits {selection.ranges(own)}")


def _calibration_shots(
    files: list[Path],
    pub: str | None,
    bits: int | None,
    registers: tuple[Register, ...] | None,
) -> tuple[Shots, Shots]:
    from qdiff.data.shots import Shots
    from qdiff.files import load as formats
    from qdiff.files.hints import Hints

    if len(files) > 2:
        raise InputError("give the shots of |0...0> and of |1...1>, or one file of mthree")
    pubs: list[int | None] = [0, 1] if len(files) == 1 else [None, None]
    if pub is not None:
        pubs = [*selection.numbers(pub, "--pub")]
    if len(pubs) != 2:
        raise InputError(f"--pub names the results of |0...0> and |1...1>: 0,1, got {pub!r}")
    found = []
    for file, which in zip((files[0], files[-1]), pubs, strict=True):
        value = formats.load(file, Hints(num_bits=bits, registers=registers, pub=which))
        if not isinstance(value, Shots):
            raise InputError(f"{file} holds a {type(value).__name__.lower()}, expected shots")
        found.append(value)
    if len(files) == 1 and found[0] == found[1]:
        raise InputError(f"{files[0]} holds one set of shots; --pub names two results of a job")
    return found[0], found[1]


def _read_by(
    read: dict[int, int], places: Sequence[int] | None
) -> tuple[list[int], list[int] | None]:
    """The bits to go by, and the qubits that a circuit measures into them."""
    chosen = [*read] if places is None else [*places]
    unread = [bit for bit in chosen if bit not in read]
    if unread:
        raise InputError(f"the circuit measures nothing into bit {unread[0]}")
    return chosen, [read[bit] for bit in chosen]


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
    from qdiff.data import storage
    from qdiff.files import load as formats
    from qdiff.fitting import fit as informed

    storage.refuse_existing(out, force=force)
    spec = f"depolarizing:readout={readout}" if _RATES.fullmatch(readout) else readout
    model = informed.mitigate(formats.load_shots(shots), spec, circuit=circuit, seed=seed)
    model.save(out, force=force)
    console.report(describe(model), out, json)
