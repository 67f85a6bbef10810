"""The main job, end to end: from a noisy circuit to a compared surrogate, in one folder.

Every stage writes its result as soon as it has it, so whatever stops a later one loses nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qdiff.circuit.loading import load_circuit
from qdiff.cli import results
from qdiff.cli.job import Job, Outcome
from qdiff.cli.run_page import run_page
from qdiff.comparison.compare import compare
from qdiff.comparison.scorecard import Comparison
from qdiff.data.distribution import Distribution
from qdiff.data.output import check_output, is_standard, write_text
from qdiff.data.shots import Shots
from qdiff.data.storage import one_line
from qdiff.errors import InputError
from qdiff.executors.by_name import EngineName, engine_named
from qdiff.fitting.circuit_knowledge import known_circuit
from qdiff.fitting.fit import choose_device, fit
from qdiff.fitting.train_networks import Watch
from qdiff.models.clifford.affine_law import AffineLaw
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.part_mixture import MAX_EXACT_BITS
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.noise.spec import NoiseSpec
from qdiff.report.page_files import check_pictures
from qdiff.simulation.exact import exact
from qdiff.simulation.simulate import simulate
from qdiff.simulation.trajectories import trajectories

REPORT = "report.html"

FILES = (
    "shots.safetensors",
    "reference.safetensors",
    "model.safetensors",
    "samples.safetensors",
    "comparison.json",
    REPORT,
)

_EXACT_QUBITS = 13
"""Up to here the exact reference takes seconds; beyond it, trajectories are averaged."""

_TRAJECTORIES = 1000

_TOLD_QUBITS = 16
"""Up to here a circuit's law is fitted in seconds, as often as there are folds of the shots."""


@dataclass(kw_only=True)
class _Stages:
    """Tells of each stage that takes its time as it begins, and notes how long it took."""

    announce: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, announcement: str) -> Iterator[None]:
        if announcement:
            self.announce(announcement)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def run(
    job: Job,
    *,
    watching: Callable[[], AbstractContextManager[Watch | None]] = nullcontext,
    announce: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Simulate, find the reference, fit, sample, compare and report; write `FILES` to the folder.

    `announce` is told of each stage, and what `watching` yields of each training step; it is open
    while the surrogate is fitted. Raises `InputError` for whatever a stage refuses, and when
    results of an earlier run are in the way.
    """
    circuit = load_circuit(job.circuit)
    noise = NoiseSpec.parse(job.noise) if isinstance(job.noise, str) else job.noise
    choose_device(job.device)
    told, untold = _told(job, circuit)
    _prepare_folder(job)
    stages = _Stages(announce=announce)
    seeds = np.random.SeedSequence(job.seed).spawn(5)

    asked = f"{job.shots:,} noisy shots of {circuit.num_clbits} bits"
    with stages.stage("simulate", f"simulating {asked}"):
        shots = simulate(circuit, noise, shots=job.shots, seed=seeds[0], progress=job.progress)
        shots.save(job.out / "shots.safetensors", force=job.force)
    with stages.stage("reference", "computing the reference distribution"):
        truth, notes = _reference(circuit, noise, seeds[1], progress=job.progress)
        if truth is not None:
            truth.save(job.out / "reference.safetensors", force=job.force)
    how = "from shots alone" if told is None else "from shots alone, and told the circuit"
    with stages.stage("fit", f"fitting the surrogate {how}"), watching() as watch:
        model = fit(
            shots,
            circuit=told,
            seed=int(seeds[2].generate_state(1)[0]),
            device=job.device,
            effort=job.effort,
            watch=watch,
        )
        model.save(job.out / "model.safetensors", force=job.force)
    with stages.stage("sample", ""):
        samples = model.sample(job.shots, seed=seeds[3])
        samples.save(job.out / "samples.safetensors", force=job.force)
    with stages.stage("compare", "comparing"):
        found = {} if truth is None else _compare(model, shots, samples, truth, seeds[4])
    outcome = Outcome(model=model, **found, seconds=stages.seconds, notes=(*notes, *untold))
    text = json.dumps(outcome.to_dict(), indent=2, allow_nan=False) + "\n"
    write_text(job.out / "comparison.json", text, force=job.force)
    page = run_page(job, circuit, outcome, truth=truth, shots=shots, samples=samples)
    results.save_page(page, job.out / REPORT, job.pictures, force=job.force)
    return outcome


def _told(job: Job, circuit: QuantumCircuit) -> tuple[Program | AffineLaw | None, tuple[str, ...]]:
    """The law that the fit is told of, or why it is told of none.

    Raises `InputError` where the job asks for one that cannot be had.
    """
    if job.use_circuit is False:
        return None, ()
    large = max(circuit.num_qubits, circuit.num_clbits) > _TOLD_QUBITS
    if large and job.use_circuit is None:
        return None, (
            f"from shots alone: beyond {_TOLD_QUBITS} qubits telling the circuit takes minutes; "
            "ask for it with --use-circuit",
        )
    try:
        known = known_circuit(circuit, None, circuit.num_clbits)
    except InputError as error:
        if job.use_circuit:
            raise
        return None, (f"from shots alone, since the circuit cannot be told: {error}",)
    return None if known is None else known.program, ()


def _prepare_folder(job: Job) -> None:
    """Make the folder, or check that nothing in it is in the way, before any work is done."""
    if is_standard(job.out):
        raise InputError("run writes a folder of files; name one with --out")
    if job.out.exists() and not job.out.is_dir():
        raise InputError(f"{job.out} is not a folder; choose another --out")
    try:
        job.out.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot make the folder {job.out}: {one_line(error)}") from None
    for name in FILES:
        check_output(job.out / name, force=job.force, others=(job.circuit, job.noise))
    if job.pictures is not None:
        check_pictures(job.out / REPORT, job.pictures, force=job.force)


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
        truth = trajectories(
            circuit,
            noise,
            samples=_TRAJECTORIES,
            seed=seed,
            executor=engine_named(EngineName.LOCAL, None, folder=Path()),
            progress=progress,
        )
    except InputError as error:
        return None, (f"no reference: {error}",)
    return truth, (f"the reference is an average over {_TRAJECTORIES} noise trajectories",)


def _compare(
    model: Surrogate,
    shots: Shots,
    samples: Shots,
    truth: Distribution,
    seed: np.random.SeedSequence,
) -> dict[str, Any]:
    """The comparisons of an `Outcome`, by its fields."""

    def compared(candidate: Distribution | Shots) -> Comparison:
        return compare(candidate, truth, training=shots, seed=seed)

    plain = model.without_circuit if model.weights.get(Part.CIRCUIT) else None
    return {
        "surrogate": compared(model.distribution()),
        "samples": compared(samples),
        "parts": {
            part.value: compared(model.only(part).distribution())
            for part in model.parts
            if part is not Part.SHOTS
        },
        "without_circuit": None if plain is None else compared(plain.distribution()),
    }
