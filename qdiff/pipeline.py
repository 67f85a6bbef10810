"""The main job, end to end: from a noisy circuit to a compared surrogate, in one folder.

Every stage writes its result as soon as it has it, so whatever stops a later one loses nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qdiff import report, storage
from qdiff.circuit import load_circuit
from qdiff.comparison import Comparison, compare
from qdiff.distribution import Distribution
from qdiff.errors import InputError
from qdiff.fitting import Watch, choose_device
from qdiff.informed import fit
from qdiff.noise import NoiseSpec
from qdiff.parts import Part
from qdiff.reference import exact, trajectories
from qdiff.shots import Shots
from qdiff.simulator import simulate
from qdiff.surrogate import MAX_EXACT_BITS, Surrogate

FILES = (
    "shots.safetensors",
    "reference.safetensors",
    "model.safetensors",
    "samples.safetensors",
    "comparison.json",
    "report.html",
)

_EXACT_QUBITS = 13
"""Up to here the exact reference takes seconds; beyond it, trajectories are averaged."""

_TRAJECTORIES = 1000


@dataclass(frozen=True, kw_only=True)
class Job:
    """What `run` is to do. Checked when built.

    Attributes
    ----------
    circuit
        A circuit, a file, or a family such as ``ising:10``.
    noise
        A specification or its text; None is ideal.
    shots
        Training shots to simulate, and surrogate shots to draw.
    seed
        The root of every random number in the job.
    out
        The folder for the results; made if missing.
    force
        Whether results of an earlier run in `out` may be replaced.
    device
        Where the network is trained; None chooses.
    effort
        How much work the fit may take, see `qdiff.fit`.
    use_circuit
        Whether the fit is told the circuit (its noise stays unknown to it).
    progress
        Whether to show progress bars on standard error.
    command
        What to type to repeat the job; stated in the report.
    """

    circuit: QuantumCircuit | str | Path
    noise: NoiseSpec | str | None = None
    shots: int = 10_000
    seed: int = 0
    out: Path = Path("runs/run")
    force: bool = False
    device: str | None = None
    effort: str = "default"
    use_circuit: bool = False
    progress: bool = False
    command: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.shots, bool) or not isinstance(self.shots, int) or self.shots < 1:
            raise InputError(f"shots must be a positive whole number, got {self.shots!r}")
        if self.seed < 0:
            raise InputError(f"seed must not be negative, got {self.seed}")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What `run` found. The comparisons are None when there is no reference, and `notes` says why.

    `surrogate` compares the model's exact law with the reference, `samples` its drawn shots, and
    `parts` the law of each part of the model alone.
    """

    model: Surrogate
    surrogate: Comparison | None
    samples: Comparison | None
    parts: Mapping[str, Comparison]
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "surrogate": None if self.surrogate is None else self.surrogate.to_dict(),
            "samples": None if self.samples is None else self.samples.to_dict(),
            "parts": {name: found.to_dict() for name, found in self.parts.items()},
            "heldout": self.model.card["heldout"],
            "weights": self.model.card["weights"],
            "seconds": dict(self.seconds),
            "notes": list(self.notes),
        }


@dataclass
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def run(
    job: Job, *, watch: Watch | None = None, announce: Callable[[str], None] = lambda _: None
) -> Outcome:
    """Simulate, find the reference, fit, sample, compare and report; write `FILES` to the folder.

    `announce` is told of each stage, `watch` of each training step. Raises `InputError` for
    whatever a stage refuses, and when results of an earlier run are in the way.
    """
    circuit = load_circuit(job.circuit)
    noise = NoiseSpec.parse(job.noise) if isinstance(job.noise, str) else job.noise
    choose_device(job.device)
    _prepare_folder(job)
    clock = _Clock()
    seeds = np.random.SeedSequence(job.seed).spawn(5)

    announce(f"simulating {job.shots:,} noisy shots of {circuit.num_clbits} bits")
    with clock.stage("simulate"):
        shots = simulate(circuit, noise, shots=job.shots, seed=seeds[0], progress=job.progress)
        shots.save(job.out / "shots.safetensors", force=job.force)
    announce("computing the reference distribution")
    with clock.stage("reference"):
        truth, notes = _reference(circuit, noise, seeds[1], progress=job.progress)
        if truth is not None:
            truth.save(job.out / "reference.safetensors", force=job.force)
    announce("fitting the surrogate")
    with clock.stage("fit"):
        fit_seed = int(seeds[2].generate_state(1)[0])
        told = circuit if job.use_circuit else None
        model = fit(
            shots,
            circuit=told,
            seed=fit_seed,
            device=job.device,
            effort=job.effort,
            watch=watch,
        )
        model.save(job.out / "model.safetensors", force=job.force)
    announce(f"drawing {job.shots:,} surrogate shots")
    with clock.stage("sample"):
        samples = model.sample(job.shots, seed=seeds[3])
        samples.save(job.out / "samples.safetensors", force=job.force)
    announce("comparing")
    with clock.stage("compare"):
        outcome = _compare(model, shots, samples, truth, notes, clock.seconds, seeds[4])
    storage.write_text(
        job.out / "comparison.json",
        json.dumps(outcome.to_dict(), indent=2, allow_nan=False) + "\n",
        force=job.force,
    )
    _write_report(job, circuit, outcome, truth, shots)
    return outcome


def _prepare_folder(job: Job) -> None:
    """Make the folder, or check that nothing in it is in the way, before any work is done."""
    if job.out.exists() and not job.out.is_dir():
        raise InputError(f"{job.out} is not a folder; choose another --out")
    for name in FILES:
        storage.refuse_existing(job.out / name, force=job.force)
    try:
        job.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {job.out}: {error.strerror}") from None


def _reference(
    circuit: QuantumCircuit,
    noise: NoiseSpec | None,
    seed: np.random.SeedSequence,
    *,
    progress: bool,
) -> tuple[Distribution | None, tuple[str, ...]]:
    """The exact law; beyond its reach a trajectory average; beyond that None, with the reason."""
    if circuit.num_clbits > MAX_EXACT_BITS:
        return None, (f"no reference: {circuit.num_clbits} bits are too many for a table",)
    try:
        if noise is None or circuit.num_qubits <= _EXACT_QUBITS:
            return exact(circuit, noise, progress=progress), ()
        truth = trajectories(circuit, noise, samples=_TRAJECTORIES, seed=seed, progress=progress)
    except InputError as error:
        return None, (f"no reference: {error}",)
    return truth, (f"the reference is an average over {_TRAJECTORIES} noise trajectories",)


def _compare(
    model: Surrogate,
    shots: Shots,
    samples: Shots,
    truth: Distribution | None,
    notes: tuple[str, ...],
    seconds: Mapping[str, float],
    seed: np.random.SeedSequence,
) -> Outcome:
    if truth is None:
        return Outcome(
            model=model, surrogate=None, samples=None, parts={}, seconds=seconds, notes=notes
        )
    alone = [part for part in model.parts if part is not Part.SHOTS]
    return Outcome(
        model=model,
        surrogate=compare(model.distribution(), truth, training=shots, seed=seed),
        samples=compare(samples, truth, training=shots, seed=seed),
        parts={
            part.value: compare(model.only(part).distribution(), truth, training=shots, seed=seed)
            for part in alone
        },
        seconds=seconds,
        notes=notes,
    )


def _write_report(
    job: Job,
    circuit: QuantumCircuit,
    outcome: Outcome,
    truth: Distribution | None,
    shots: Shots,
) -> None:
    comparisons = {
        "The surrogate's exact law": outcome.surrogate,
        f"{job.shots:,} surrogate shots": outcome.samples,
        **{f"The {name} part alone": found for name, found in outcome.parts.items()},
    }
    tabulated = shots.num_bits <= MAX_EXACT_BITS
    report.write_report(
        job.out / "report.html",
        title=f"qdiff: {circuit.name}",
        facts=_facts(job, circuit, outcome),
        comparisons={name: found for name, found in comparisons.items() if found is not None},
        pictures=report.draw(truth, outcome.model.distribution(), shots) if tabulated else (),
        force=job.force,
    )


def _facts(job: Job, circuit: QuantumCircuit, outcome: Outcome) -> dict[str, str]:
    card = outcome.model.card
    weights = ", ".join(f"{name} {weight:.3f}" for name, weight in card["weights"].items())
    return {
        "command": job.command,
        "circuit": f"{circuit.name}: {circuit.num_qubits} qubits, {circuit.num_clbits} bits",
        "noise": "none" if job.noise is None else str(job.noise),
        "shots": f"{job.shots:,}",
        "seed": str(job.seed),
        "fit": f"{card['seconds']} s on {card['device']}",
        "weights of the model's parts": weights,
        "held-out score": f"{card['heldout']['nats_per_shot']:.4f} nats a shot",
        **_told_facts(card.get("circuit")),
        "versions": ", ".join(f"{name} {text}" for name, text in card["versions"].items()),
        **{f"note {number}": note for number, note in enumerate(outcome.notes, 1)},
    }


def _told_facts(told: Mapping[str, Any] | None) -> dict[str, str]:
    """What the circuit brought to the fit: prior, what was added to it, and the verdict."""
    if told is None:
        return {}
    steps = {}
    for number, step in enumerate(told["steps"], 1):  # a step may be tried more than once
        gain = "" if step["gain"] is None else f", {step['gain']:+.2g}"
        kept = "kept" if step["kept"] else "not kept"
        score = f"{step['heldout_nats_per_shot']:.4f} nats a held-out shot"
        steps[f"circuit, step {number}, {step['step']}"] = f"{score}{gain} ({kept})"
    return {"the circuit": str(told["verdict"]), **steps}
