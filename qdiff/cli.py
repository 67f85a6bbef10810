"""The command line: parses, calls, prints. Everything it does can be done from Python."""

from __future__ import annotations

import json as json_module
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qdiff.errors import InputError

if TYPE_CHECKING:
    from qdiff.comparison import Comparison
    from qdiff.fitting import Watch

DEFAULT_NOISE = "superconducting"

app = typer.Typer(
    help="A generative sampler for noisy quantum-circuit outcomes.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

_NO_MEMORY = "out of memory; use fewer shots, a smaller circuit, or --device cpu"

# the base of every mistake in the use of options; older versions of typer keep it in click
_UsageError: type[Exception] = typer.BadParameter.__bases__[0]

CircuitArgument = Annotated[
    str, typer.Argument(help="An OpenQASM 2 or 3 or QPY file, or a family such as ising:10.")
]
NoiseOption = Annotated[
    str,
    typer.Option(
        help="A preset, a TOML or JSON file, 'depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03', "
        "or ideal."
    ),
]
ShotsOption = Annotated[int, typer.Option(help="How many shots.")]
SeedOption = Annotated[int, typer.Option(help="The root of every random number.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON to standard output.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an existing output.")]
DeviceOption = Annotated[
    str | None, typer.Option(help="cpu, cuda, ...; a CUDA device is chosen when there is one.")
]

KnownCircuitOption = Annotated[
    str | None,
    typer.Option("--circuit", help="The circuit that the shots came from: a file or a family."),
]

EffortOption = Annotated[
    str, typer.Option(help="How much work the fit may take: fast, default or best.")
]


@app.command()
def run(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    shots: ShotsOption = 10_000,
    seed: SeedOption = 0,
    out: Annotated[Path | None, typer.Option(help="Folder; runs/<circuit> if not given.")] = None,
    force: ForceOption = False,
    device: DeviceOption = None,
    effort: EffortOption = "default",
    use_circuit: Annotated[
        bool, typer.Option("--use-circuit", help="Tell the fit the circuit, but not its noise.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Simulate, fit, sample, compare and report: the whole job.

    Example: qdiff run circuits/ising_10.qasm --shots 10000 --out runs/ising
    """
    from qdiff import pipeline

    folder = out or Path("runs") / Path(circuit).stem.replace(":", "_").replace(",", "_")
    job = pipeline.Job(
        circuit=circuit,
        noise=noise,
        shots=shots,
        seed=seed,
        out=folder,
        force=force,
        device=device,
        effort=effort,
        use_circuit=use_circuit,
        progress=_interactive(json),
        command=shlex.join(["qdiff", *sys.argv[1:]]),
    )
    with _training_bar(shown=_interactive(json)) as watch:
        outcome = pipeline.run(job, watch=watch, announce=_announce)
    if json:
        _print_json({**outcome.to_dict(), "out": str(folder)})
        return
    if outcome.surrogate is not None and outcome.samples is not None:
        _print_table(outcome.surrogate, "The surrogate's exact law against the reference")
        _print_table(outcome.samples, f"{shots:,} surrogate shots against the reference")
    for note in outcome.notes:
        _say(note)
    _say(f"results are in {folder}; open {folder / 'report.html'}")


@app.command()
def simulate(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    shots: ShotsOption = 10_000,
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where the shots go.")] = Path("shots.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Draw noisy shots with Aer.

    Example: qdiff simulate ising:12 --shots 20000 --out shots.safetensors
    """
    from qdiff import simulator, storage

    storage.refuse_existing(out, force=force)
    drawn = simulator.simulate(circuit, noise, shots=shots, seed=seed, progress=_interactive(json))
    drawn.save(out, force=force)
    _report(_describe(drawn), out, json)


@app.command()
def exact(
    circuit: CircuitArgument,
    noise: NoiseOption = DEFAULT_NOISE,
    trajectories: Annotated[
        int | None, typer.Option(help="Average this many noise trajectories instead.")
    ] = None,
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where it goes.")] = Path("exact.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Compute the exact noisy distribution (or, beyond its reach, a trajectory average).

    Example: qdiff exact ising:10 --noise superconducting --out exact.safetensors
    """
    from qdiff import reference, storage

    storage.refuse_existing(out, force=force)
    shown = _interactive(json)
    if trajectories is None:
        law = reference.exact(circuit, noise, progress=shown)
    else:
        law = reference.trajectories(
            circuit, noise, samples=trajectories, seed=seed, progress=shown
        )
    law.save(out, force=force)
    _report(_describe(law), out, json)


@app.command()
def fit(
    shots: Annotated[
        Path, typer.Argument(help="Shots (a qdiff file or Qiskit counts JSON), or a distribution.")
    ],
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option(help="Where the model goes.")] = Path("model.safetensors"),
    force: ForceOption = False,
    device: DeviceOption = None,
    effort: EffortOption = "default",
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Keep the unfinished fit here, and go on from it when it is there."),
    ] = None,
    circuit: KnownCircuitOption = None,
    noise: Annotated[
        str | None, typer.Option(help="Where the fit of the circuit's noise starts from.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fit a surrogate to shots, or compress a distribution.

    Example: qdiff fit shots.safetensors --circuit ising:12 --out model.safetensors
    """
    from qdiff import formats, informed, storage

    storage.refuse_existing(out, force=force)
    data = formats.load_data(shots)
    with _training_bar(shown=_interactive(json)) as watch:
        model = informed.fit(
            data,
            circuit=circuit,
            noise=noise,
            seed=seed,
            device=device,
            effort=effort,
            watch=watch,
            checkpoint=checkpoint,
        )
    model.save(out, force=force)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    _report(_describe(model), out, json)
    if not json:
        typer.echo(f"network: {model.card['chosen']['why']}")
        if circuit is not None:
            typer.echo(f"circuit: {model.card['circuit']['verdict']}")


@app.command()
def mitigate(
    shots: Annotated[Path, typer.Argument(help="Shots (a qdiff file or Qiskit counts JSON).")],
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
    _report(_describe(model), out, json)


@app.command()
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
    out: Annotated[Path, typer.Option(help="Where the shots go.")] = Path("samples.safetensors"),
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Draw new shots from a surrogate.

    Example: qdiff sample model.safetensors --shots 1000000 --out samples.safetensors
    """
    from qdiff import formats, storage

    storage.refuse_existing(out, force=force)
    drawn = formats.load_surrogate(model).sample(
        shots, seed=seed, given=_given(given), order=order, steps=steps
    )
    drawn.save(out, force=force)
    _report(_describe(drawn), out, json)


@app.command()
def compare(
    candidate: Annotated[Path, typer.Argument(help="Shots, a distribution or a model.")],
    reference: Annotated[Path, typer.Argument(help="A distribution (see qdiff exact).")],
    training: Annotated[
        Path | None, typer.Option(help="The shots that the candidate was fitted to.")
    ] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Compare shots, a distribution or a model with a reference distribution.

    Example: qdiff compare model.safetensors exact.safetensors --training shots.safetensors
    """
    from qdiff import comparison, formats
    from qdiff.surrogate import Surrogate

    value = formats.load(candidate)
    found = comparison.compare(
        value.distribution() if isinstance(value, Surrogate) else value,
        formats.load_distribution(reference),
        training=None if training is None else formats.load_shots(training),
        seed=seed,
    )
    if json:
        _print_json(found.to_dict())
    else:
        _print_table(found, f"{candidate.name} against {reference.name}")


@app.command()
def inspect(
    file: Annotated[str, typer.Argument(help="A circuit, shots, distribution or model file.")],
    seed: Annotated[int, typer.Option(help="Not used: nothing here is random.")] = 0,
    json: JsonOption = False,
) -> None:
    """Say what a file holds and where it came from.

    Example: qdiff inspect model.safetensors
    """
    found = _inspect(file)
    if json:
        _print_json(found)
    else:
        for key, value in found.items():
            typer.echo(f"{key}: {value if isinstance(value, str) else json_module.dumps(value)}")


def main() -> None:
    """Run the command line. A user's mistake is one line and exit code 2; Ctrl-C is 130."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    try:
        code = app(standalone_mode=False)
    except InputError as error:
        _fail(" ".join(str(error).split()), 2)
    except _UsageError as error:
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        _fail(f"{' '.join(message.split())} (see --help)", 2)
    except typer.Abort:
        _fail("aborted", 130)
    except MemoryError:
        _fail(_NO_MEMORY, 2)
    except RuntimeError as error:
        if type(error).__name__ != "OutOfMemoryError":  # torch's, without importing torch
            raise
        _fail(_NO_MEMORY, 2)
    except KeyboardInterrupt:
        code = 130
    if code == 130:
        _fail("interrupted; results already written are kept", 130)
    sys.exit(code if isinstance(code, int) else 0)


_interrupts: list[int] = []


def _interrupt(number: int, frame: Any) -> None:
    _interrupts.append(number)
    raise KeyboardInterrupt


def _announce(message: str) -> None:
    """Say what comes next, unless a library swallowed an interrupt meanwhile."""
    if _interrupts:
        raise KeyboardInterrupt
    _say(message)


def _fail(message: str, code: int) -> None:
    typer.echo(f"qdiff: {message}", err=True)
    sys.exit(code)


def _inspect(file: str) -> dict[str, Any]:
    from qdiff import formats, storage
    from qdiff.circuit import load_circuit

    path = Path(file)
    if path.exists() and storage.read_header(path) is not None:
        return _describe(formats.load(path))
    try:
        return _describe_circuit(load_circuit(file))
    except InputError as refused:
        if not path.exists():
            raise
        try:
            return _describe(formats.load(path))
        except InputError:
            raise refused from None


def _describe_circuit(circuit: Any) -> dict[str, Any]:
    from qdiff.circuit import circuit_hash, is_dynamic, registers_of

    return {
        "kind": "circuit",
        "name": circuit.name,
        "num_qubits": circuit.num_qubits,
        "num_bits": circuit.num_clbits,
        "registers": {register.name: register.size for register in registers_of(circuit)},
        "depth": circuit.depth(),
        "gates": dict(circuit.count_ops()),
        "dynamic": is_dynamic(circuit),
        "circuit_hash": circuit_hash(circuit),
    }


def _describe(value: Any) -> dict[str, Any]:
    """A summary of shots, a distribution or a surrogate, as JSON."""
    from qdiff.distribution import Distribution
    from qdiff.metrics import entropy
    from qdiff.shots import Shots

    common = {
        "num_bits": value.num_bits,
        "registers": {register.name: register.size for register in value.registers},
    }
    if isinstance(value, Shots):
        return {
            "kind": "shots",
            **common,
            "num_shots": value.num_shots,
            "distinct": len(value.counts),
            "provenance": dict(value.provenance),
        }
    if isinstance(value, Distribution):
        return {
            "kind": "distribution",
            **common,
            "entropy_nats": float(entropy(value.probabilities)),
            "largest": float(value.probabilities.max()),
            "provenance": dict(value.provenance),
        }
    return {"kind": "model", **common, "card": dict(value.card)}


def _given(text: str | None) -> dict[int, int]:
    """Bits and their values from ``"0=1,5=0"``."""
    pairs = [] if text is None else [part.split("=") for part in text.split(",")]
    try:
        return {int(bit): int(value) for bit, value in pairs}
    except ValueError:
        raise InputError(f"--given must look like 0=1,5=0, got {text!r}") from None


def _report(summary: dict[str, Any], out: Path, json: bool) -> None:
    if json:
        _print_json({**summary, "out": str(out)})
        return
    numbers = {key: value for key, value in summary.items() if isinstance(value, int | float)}
    text = ", ".join(
        f"{key} {value:,.6g}" if isinstance(value, float) else f"{key} {value:,}"
        for key, value in numbers.items()
    )
    typer.echo(f"{summary['kind']} written to {out}: {text}")


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json_module.dumps(value, indent=2, allow_nan=False))


def _print_table(comparison: Comparison, title: str) -> None:
    from rich.console import Console

    Console().print(comparison.table(title))


def _say(message: str) -> None:
    typer.echo(message, err=True)


def _interactive(json: bool) -> bool:
    return not json and sys.stderr.isatty()


@contextmanager
def _training_bar(*, shown: bool) -> Iterator[Watch | None]:
    """A progress bar with loss, held-out score and time left, fed by the training loop."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("train"), BarColumn(), TextColumn("{task.fields[score]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("train", total=None, score="")

        def watch(progress: Any) -> None:
            score = f"loss {progress.loss:.4f}, held-out best {progress.best:.4f}"
            bar.update(task, completed=progress.step + 1, total=progress.steps, score=score)

        yield watch
