"""Noisy shots, from Aer or by drawing the errors first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TypeAlias

import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer.noise import NoiseModel

from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import is_dynamic, registers_of
from qdiff.data.argument_checks import check_flag, check_whole
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError
from qdiff.noise.attach import NoisyCircuit, attach_aer_model, attach_noise
from qdiff.noise.spec import NoiseSpec, as_spec
from qdiff.progress import progress_bar
from qdiff.simulation import aer
from qdiff.simulation.aer_method import Choice, Method, choose_method, workload_of
from qdiff.simulation.grouped_shots import GROUPING, draw, grouped, grouped_if_it_pays
from qdiff.simulation.machine import Machine
from qdiff.simulation.provenance import circuit_record, seed_record

Noise: TypeAlias = NoiseSpec | str | NoiseModel | None
"""A specification, its text (see `NoiseSpec.parse`), an Aer noise model, or no noise."""


_MOST_SHOTS = 10**10
"""Aer draws them one by one; more would take days."""


def simulate(
    circuit: str | Path | QuantumCircuit,
    noise: Noise = None,
    *,
    shots: int = 10_000,
    seed: Seed = None,
    method: Method | str | None = None,
    grouping: bool | None = None,
    progress: bool = False,
) -> Shots:
    """Draw `shots` of `circuit` under `noise`: with Aer, or the errors first where that pays.

    Aer's method is chosen by size, noise and shots (see `aer_method.choose_method`). Where that
    would take long, and gate errors happen by chance alone (depolarizing, T2 <= T1), the errors of
    each shot are drawn first and shots that share them are simulated together, on one core (see
    `error_patterns`): as independent, and far faster. `grouping` True insists on that, False
    forbids it, and so does asking for one of Aer's methods. What was chosen is recorded with its
    reason in the provenance, as are the seed and the noise. Long work is cut into batches with
    independent child seeds. The same seed gives the same shots on one machine with the same
    versions.

    An Aer `NoiseModel` is used as it is; gates that it has no error for are reported by a
    `NoiseWarning`.

    Raises `InputError` when `shots` is not a positive whole number, for whatever `load_circuit`
    and `NoiseSpec.parse` refuse, when Aer cannot run the circuit, and when `grouping` cannot.

    >>> bell = QuantumCircuit(2)
    >>> _ = bell.h(0), bell.cx(0, 1), bell.measure_all()
    >>> sorted(simulate(bell, shots=100, seed=1).to_counts())
    ['00', '11']
    """
    return draw_shots(
        circuit,
        noise,
        shots=shots,
        seed=seed,
        method=method,
        grouping=grouping,
        progress=progress,
        machine=Machine.this(),
    )


def draw_shots(
    circuit: str | Path | QuantumCircuit,
    noise: Noise,
    *,
    shots: int,
    seed: Seed,
    machine: Machine,
    method: Method | str | None = None,
    grouping: bool | None = None,
    progress: bool = False,
) -> Shots:
    """`simulate` in the way that suits `machine`, so that others can draw the same shots.

    Raises `InputError` as that does, also where this machine is too small for that way.
    """
    shots = check_whole(shots, "shots", most=_MOST_SHOTS)
    check_flag(progress, "progress")
    asked = _method(method)
    _check_grouping(grouping, asked, noise)
    source = load_circuit(circuit)
    spec = None if isinstance(noise, NoiseModel) else as_spec(noise)
    noisy = (
        attach_aer_model(source, noise)
        if isinstance(noise, NoiseModel)
        else attach_noise(source, spec)
    )
    workload = workload_of(noisy, shots=shots, dynamic=is_dynamic(source))
    choice = choose_method(workload, memory=machine.memory, asked=asked)
    sampler, reason = None, choice.reason
    if grouping:
        sampler, reason = grouped(noisy, memory=machine.memory), "asked for"
    elif grouping is None and asked is None and spec is not None:
        found = grouped_if_it_pays(noisy, workload, choice, machine)
        sampler, reason = found or (None, reason)
    root = aer.root_seed(seed)
    record = {
        **circuit_record(source, spec),
        **seed_record(root),
        "method": choice.method.value if sampler is None else GROUPING,
        "why": reason,
    }
    if isinstance(noise, NoiseModel):
        record["noise"] = {"description": f"Aer {noise!r}"}
    if sampler is not None:
        words, times = draw(sampler, shots, root, progress=progress)
        named = registers_of(source)
        return Shots.from_words(words, times, registers=named, provenance=record)
    counts = _counts(noisy, choice, shots, root, progress=progress)
    return Shots.from_counts(counts, registers=registers_of(source), provenance=record)


def _counts(
    noisy: NoisyCircuit, choice: Choice, shots: int, root: np.random.SeedSequence, *, progress: bool
) -> dict[str, int]:
    """Hexadecimal counts, batch by batch."""
    size, rest = divmod(shots, choice.batches)
    total: Counter[str] = Counter()
    with progress_bar("simulate", choice.batches, shown=progress) as tick:
        for batch, child in enumerate(aer.child_seeds(root, choice.batches)):
            data = aer.run(
                noisy.circuit,
                method=choice.method.value,
                shots=size + (batch < rest),
                seed=child,
                model=noisy.model,
            )
            total.update(data["counts"])
            tick()
    return total


def _check_grouping(grouping: bool | None, method: Method | None, noise: Noise) -> None:
    if grouping is None or not check_flag(grouping, "grouping"):
        return
    if method is not None:
        raise InputError(f"method {method.value} is Aer's; leave it out, or leave grouping out")
    if isinstance(noise, NoiseModel):
        raise InputError(
            "an Aer noise model is Aer's alone; give a NoiseSpec, or leave grouping out"
        )


def _method(method: Method | str | None) -> Method | None:
    try:
        return None if method is None else Method(method)
    except ValueError:
        known = ", ".join(item.value for item in Method)
        raise InputError(f"unknown method {method!r}; the methods are {known}") from None
