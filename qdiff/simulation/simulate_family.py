"""Noisy shots of a parametrised circuit at many values and strengths of its noise."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from qiskit import QuantumCircuit

from qdiff.circuit.loading import load_template
from qdiff.data.argument_checks import check_flag, check_is, check_whole
from qdiff.data.bits import Floats
from qdiff.data.family_shots import FamilyShots, as_floats
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError, NoiseWarning
from qdiff.executors.engine import Engine
from qdiff.executors.in_order import in_order
from qdiff.executors.this_process import ThisProcess
from qdiff.noise.attach import attach_noise
from qdiff.noise.spec import NoiseSpec, as_spec
from qdiff.progress import progress_bar
from qdiff.simulation import aer
from qdiff.simulation.aer_method import Method
from qdiff.simulation.fingerprint.fingerprint import structure_hash, with_named_values
from qdiff.simulation.machine import Machine
from qdiff.simulation.provenance import seed_record
from qdiff.simulation.simulate import draw_shots

FamilyNoise = NoiseSpec | str | None | Sequence[NoiseSpec]
"""Noise of strength 1, which each point's strength multiplies; or the noise of each point."""


def simulate_family(
    template: str | Path | QuantumCircuit,
    points: ArrayLike,
    noise: FamilyNoise = None,
    *,
    strengths: ArrayLike | None = None,
    shots: int = 2_000,
    seed: Seed = None,
    method: Method | str | None = None,
    executor: Engine | None = None,
    progress: bool = False,
) -> FamilyShots:
    """Draw `shots` of a circuit with free parameters at each of `points`, with Aer.

    Parameters
    ----------
    template
        The circuit, or its file; OpenQASM 3 says ``input angle a;``.
    points
        ``(k, parameters)``, in the order of ``template.parameters``.
    noise
        A `NoiseSpec` or its text, `NoiseSpec.scaled` by the strength of each point. Or a list of
        ``k``, which `strengths` say the strength of and do not change.
    strengths
        ``(k,)``, positive; all are 1 unless given.
    seed
        Each point has a child seed of its own, so the same seed gives the same shots.
    executor
        Where points are simulated, see `qdiff.ShotStore.shots`; None is this process. The shots
        are the same.

    Raises `InputError` for points that do not fit, and as `qdiff.simulate` does.

    >>> from qiskit.circuit import Parameter
    >>> circuit = QuantumCircuit(1)
    >>> _ = circuit.ry(Parameter("a"), 0), circuit.measure_all()
    >>> simulate_family(circuit, [[0.1], [0.2]], "light", strengths=[1, 10], shots=100, seed=1)
    FamilyShots(a; points=2, num_bits=1, num_shots=200)
    """
    circuit = load_template(template)
    names = tuple(parameter.name for parameter in circuit.parameters)
    values = _checked_points(points, names)
    factors = np.ones(len(values)) if strengths is None else as_floats(strengths, "strengths")
    if factors.shape != (len(values),):
        raise InputError(f"{len(values)} points need as many strengths, got {factors.shape}")
    if not (np.isfinite(factors).all() and (factors > 0).all()):
        raise InputError(
            "strengths must be positive numbers; give noiseless points a small one, such as 0.001"
        )
    noises = _noise_of_each(noise, factors, stated=strengths is not None)
    shots, progress = check_whole(shots, "shots"), check_flag(progress, "progress")
    engine = ThisProcess() if executor is None else check_is(executor, Engine, "executor")
    bound = [
        circuit.assign_parameters(dict(zip(names, point, strict=True))) for point in values.tolist()
    ]
    attach_noise(bound[0], noises[0])  # refuses and warns here, once, and not in workers
    root, machine, drawn = aer.root_seed(seed), Machine.this(cores=1), []
    tasks = (
        _Point(
            circuit=point,
            noise=spec,
            shots=shots,
            seed=child,
            method=method,
            machine=machine,
        )
        for point, spec, child in zip(bound, noises, root.spawn(len(values)), strict=True)
    )
    with progress_bar("simulate", len(values), shown=progress) as tick:
        for found in in_order(engine, methodcaller("draw"), tasks):
            drawn.append(found)
            tick()
    named = with_named_values(circuit)
    record = {
        "template": circuit.name,
        "structure": structure_hash(named),
        **seed_record(root),
        "noise": None
        if isinstance(noise, Sequence) and not isinstance(noise, str)
        else _as_json(as_spec(noise)),
        "versions": drawn[0].provenance["versions"],
    }
    return FamilyShots(
        names=names, values=values, strengths=factors, shots=tuple(drawn), provenance=record
    )


@dataclass(frozen=True, kw_only=True)
class _Point:
    """What a worker is told: a point, and for which machine the way is chosen."""

    circuit: QuantumCircuit
    noise: NoiseSpec | None
    shots: int
    seed: np.random.SeedSequence
    method: Method | str | None
    machine: Machine

    def draw(self) -> Shots:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoiseWarning)
            return draw_shots(
                self.circuit,
                self.noise,
                shots=self.shots,
                seed=self.seed,
                method=self.method,
                machine=self.machine,
            )


def _checked_points(points: ArrayLike, names: Sequence[str]) -> Floats:
    values = as_floats(points, "points")
    if values.ndim != 2 or not len(values) or values.shape[1] != len(names):
        raise InputError(
            f"points need the shape (k, {len(names)}), a column for each of {', '.join(names)}; "
            f"got {values.shape}"
        )
    if not np.isfinite(values).all():
        raise InputError("points must be finite numbers")
    return values


def _noise_of_each(noise: FamilyNoise, factors: Floats, *, stated: bool) -> list[NoiseSpec | None]:
    if isinstance(noise, Sequence) and not isinstance(noise, str):
        if len(noise) != len(factors) or not stated:
            raise InputError(
                f"{len(noise)} noises for {len(factors)} points: give one for each, and strengths "
                "that say how strong each is; or one NoiseSpec, which strengths multiply"
            )
        return [as_spec(each) for each in noise]
    spec = as_spec(noise)
    if spec is None:
        return [None] * len(factors)
    return [spec if factor == 1 else spec.scaled(float(factor)) for factor in factors]


def _as_json(spec: NoiseSpec | None) -> object:
    return None if spec is None else spec.to_dict()
