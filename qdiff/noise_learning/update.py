"""What shots of circuits add to what is known of a device."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from qiskit import QuantumCircuit

from qdiff.circuit.loading import load_circuit
from qdiff.data.argument_checks import check_number, root_of
from qdiff.data.data_checks import check_is_shots
from qdiff.data.shots import Shots
from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.models.noisy_circuit.fit import MAX_TABLE_QUBITS
from qdiff.noise_learning.device_circuit import DeviceCircuit
from qdiff.noise_learning.lesson import lesson_rows
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.search import Search
from qdiff.simulation.program import program_of

CircuitLike: TypeAlias = QuantumCircuit | str | Path
_FARTHEST = 0.5
"""Over-rotation that only shots of something else ask for; angles act in first order only."""
Pair: TypeAlias = tuple[CircuitLike, Shots]


@dataclass(frozen=True, eq=False, kw_only=True)
class Updated:
    """What is known now, and a record of how it was learned, as JSON."""

    posterior: Posterior
    record: dict[str, Any]


def updated(known: Posterior, pairs: Iterable[Pair], *, seed: int, operations: float) -> Updated:
    """Learn from all `pairs` together.

    Raises `InputError` for no pairs, anything that is no pair of a circuit and its shots, and for
    circuits whose noisy law has no table here.
    """
    started, root = time.perf_counter(), root_of(seed)
    operations = check_number(operations, "operations", least=1)
    taught = [_checked(pair) for pair in _listed(pairs)]
    circuits = [device_circuit(circuit, known) for circuit, _ in taught]
    shots = [own for _, own in taught]
    for circuit, own in zip(circuits, shots, strict=True):
        _check_bits(circuit, own)
    heldout_seed, history_seed = root.spawn(2)
    search = Search(
        circuits, shots, known, operations, heldout_seed, np.random.default_rng(history_seed)
    )
    search.run(first=not known.parameters)
    joint = search.likelihood(search.best, shots)
    mean = joint.most_probable(search.best.posterior)
    local = joint.local_information(mean)
    posterior = joint.posterior(mean, joint.information(local))
    if (angle := max(map(abs, posterior.angles))) > _FARTHEST:
        raise InputError(
            f"these shots need gates that turn wrong by {angle:.0%}, as no device's do: are they "
            "of these circuits, bit 0 where it should be?"
        )
    record = {
        "circuits": lesson_rows(search, joint, posterior, local),
        "predicted_from": "the other circuits" if len(shots) > 1 else "the other shots",
        "steps": search.steps,
        "seed": seed,
        "seconds": round(time.perf_counter() - started, 3),
        "versions": {"qdiff": __version__, "numpy": np.__version__},
    }
    return Updated(posterior=posterior, record=record)


def device_circuit(circuit: CircuitLike, known: Posterior) -> DeviceCircuit:
    """A circuit with the gates that are virtual by what was known at first.

    Raises `InputError` for one that is not measured once, at its end, or has more than 24 bits.
    """
    loaded, start = load_circuit(circuit), known.prior.start
    if start is not None and start.num_qubits is not None:
        start.check_fits(loaded.num_qubits)
    if loaded.num_clbits > MAX_TABLE_QUBITS:
        raise InputError(
            f"{loaded.name} has {loaded.num_clbits} bits; its noisy law has a table up to "
            f"{MAX_TABLE_QUBITS}: measure fewer"
        )
    found = DeviceCircuit(program=program_of(loaded, start))
    return found if found.has_times else found.timed(known.prior.one_qubit_time)


def _listed(pairs: Iterable[Pair]) -> list[Pair]:
    try:
        listed = list(pairs)
    except TypeError:
        listed = []
    if not listed:
        raise InputError("give pairs of a circuit and its shots: [(circuit, shots), ...]")
    return listed


def _checked(pair: object) -> Pair:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
        raise InputError(
            f"each pair is a circuit and its shots, (circuit, shots), got a {type(pair).__name__}"
        )
    shots = check_is_shots(pair[1], "the second of each pair")
    if not shots.num_shots:
        raise InputError("a circuit without shots teaches nothing: leave it out")
    return pair[0], shots


def _check_bits(circuit: DeviceCircuit, shots: Shots) -> None:
    if circuit.program.num_bits != shots.num_bits:
        raise InputError(
            f"circuit {circuit.program.name} has {circuit.program.num_bits} classical bits, its "
            f"shots {shots.num_bits}"
        )
