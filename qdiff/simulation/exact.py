"""The exact noisy distribution of a circuit; beyond its reach, an average over trajectories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Reset
from qiskit.quantum_info import PTM, Operator, SuperOp

from qdiff import memory as machine
from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import active_qubits, registers_of, split_measurements
from qdiff.circuit.structural_hash import circuit_hash
from qdiff.data.distribution import Distribution, check_table
from qdiff.data.shots import Provenance, Seed
from qdiff.errors import InputError
from qdiff.noise.attach import NoisyCircuit, prepare
from qdiff.noise.spec import NoiseSpec
from qdiff.progress import progress_bar
from qdiff.simulation import aer
from qdiff.simulation import pauli_contraction as density
from qdiff.simulation.aer_method import Method
from qdiff.simulation.fingerprint.fingerprint import fingerprint

Table = NDArray[np.float64]

_MAX_BATCHES = 50
_AMPLITUDE_BYTES = 16


def exact(
    circuit: str | Path | QuantumCircuit,
    noise: NoiseSpec | str | None = None,
    *,
    progress: bool = False,
) -> Distribution:
    """The exact distribution of all classical bits of `circuit` under `noise`.

    The state before measurement is a state vector when nothing is noisy, else a density matrix
    (in the Pauli basis, `pauli_contraction`); then each measured bit passes its readout, a
    classical channel. Classical bits that nothing is measured into are 0. Qubits and gates that no
    measurement can see cost nothing.

    Raises `InputError`, before memory is taken, when there is too little of it or the classical
    bits are too many for a table; and, with the reason, for circuits with mid-circuit measurement
    or feed-forward, whose shots `simulate` draws.

    >>> bell = QuantumCircuit(2)
    >>> _ = bell.h(0), bell.cx(0, 1), bell.measure_all()
    >>> exact(bell, "depolarizing:p1=0,p2=0.1").probabilities.round(3).tolist()
    [0.475, 0.025, 0.025, 0.475]
    """
    task = _Task.read(circuit, noise)
    plan = density.plan(_steps(task.noisy), task.qubits)
    amplitudes = _AMPLITUDE_BYTES << task.width
    if task.is_pure and amplitudes <= plan.bytes:
        task.check_memory(amplitudes, "a state vector")
        method = Method.STATEVECTOR
        table = task.averaged_probabilities(shots=1, seed=0)
    else:
        task.check_memory(plan.bytes, "a density matrix")
        method = Method.DENSITY_MATRIX
        with progress_bar("exact", len(plan.contractions), shown=progress) as tick:
            table = density.probabilities(plan, task.qubits, tick=tick)
    return task.distribution(
        task.after_readout(table), provenance={"method": method.value, "exact": True}
    )


def trajectories(
    circuit: str | Path | QuantumCircuit,
    noise: NoiseSpec | str | None = None,
    *,
    samples: int,
    seed: Seed = None,
    progress: bool = False,
) -> Distribution:
    """The mean of \\|psi(x)\\|^2 over `samples` noise trajectories, with standard errors.

    Unbiased, with a state vector's memory instead of a density matrix's, and much closer than as
    many shots. The readout error is applied exactly. The samples are run in (at most 50)
    independent batches of equal size; an entry's standard error is the deviation of the batches'
    means over the root of their number, itself good to about 10 %. An outcome that only rare
    errors reach can have a standard error that is too small, even 0.

    Raises `InputError` for fewer than 2 samples and wherever `exact` does, except that memory has
    to hold state vectors only.
    """
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 2:
        raise InputError(f"samples must be a whole number from 2, got {samples!r}")
    task = _Task.read(circuit, noise)
    task.check_memory(_AMPLITUDE_BYTES << task.width, "a state vector")
    root = aer.root_seed(seed)
    batches = min(samples, _MAX_BATCHES)
    size = -(-samples // batches)
    means = _RunningMoments()
    with progress_bar("trajectories", batches, shown=progress) as tick:
        for child in aer.child_seeds(root, batches):
            table = task.averaged_probabilities(shots=size, seed=child)
            means.add(task.after_readout(table))
            tick()
    record = {"method": "trajectories", "samples": size * batches, "batches": batches}
    return task.distribution(
        means.mean,
        standard_error=means.standard_error,
        provenance={**record, **aer.seed_record(root)},
    )


@dataclass(frozen=True)
class _Task:
    """A circuit without its measurements, what it measures, and its noise."""

    source: QuantumCircuit
    noise: NoiseSpec | None
    noisy: NoisyCircuit
    measured: Mapping[int, int]

    @classmethod
    def read(cls, circuit: str | Path | QuantumCircuit, noise: NoiseSpec | str | None) -> _Task:
        spec = as_spec(noise)
        source = load_circuit(circuit)
        bare, measured = split_measurements(source)
        try:
            check_table(source.num_clbits)
        except InputError as error:
            raise InputError(f"{error}; simulate draws shots at any size") from None
        return cls(source, spec, prepare(bare, spec), measured)

    @cached_property
    def qubits(self) -> list[int]:
        """The measured qubits, each once."""
        return sorted(set(self.measured.values()))

    @cached_property
    def width(self) -> int:
        """How many qubits the measurements can see."""
        return len(active_qubits(self.noisy.circuit, self.qubits))

    @property
    def is_pure(self) -> bool:
        resets = any(isinstance(step.operation, Reset) for step in self.noisy.circuit.data)
        return not (self.noisy.has_gate_noise or resets)

    def check_memory(self, needed: int, what: str) -> None:
        free = machine.available_memory()
        needed += 3 * 8 << self.source.num_clbits
        if needed > free:
            raise InputError(
                f"{what} of these {self.width} qubits needs {aer.gibibytes(needed)} of memory, "
                f"{aer.gibibytes(free)} are free; simulate draws shots, and trajectories averages "
                f"over state vectors ({aer.gibibytes(_AMPLITUDE_BYTES << self.width)})"
            )

    def averaged_probabilities(self, *, shots: int, seed: int) -> Table:
        """Mean of the measured qubits' probabilities over trajectories, before readout."""
        circuit = self.noisy.circuit.copy()
        circuit.save_probabilities(qubits=self.qubits)
        data = aer.run(
            circuit, method="statevector", shots=shots, seed=seed, model=self.noisy.model
        )
        return np.asarray(data["probabilities"], dtype=np.float64)

    def after_readout(self, table: Table) -> Table:
        """From probabilities of the measured qubits to those of all classical bits."""
        place = {qubit: bit for bit, qubit in enumerate(self.qubits)}
        outcome = np.arange(len(table))
        index = np.zeros(len(table), dtype=np.int64)
        for clbit, qubit in self.measured.items():
            index |= (outcome >> place[qubit] & 1) << clbit
        full = np.zeros(1 << self.source.num_clbits)
        full[index] = table
        for clbit, qubit in self.measured.items():
            one_given_zero, zero_given_one = (
                (0.0, 0.0) if self.noise is None else self.noise.readout_of(qubit)
            )
            pairs = full.reshape(-1, 2, 1 << clbit)
            zero, one = pairs[:, 0].copy(), pairs[:, 1].copy()
            pairs[:, 0] = (1 - one_given_zero) * zero + zero_given_one * one
            pairs[:, 1] = one_given_zero * zero + (1 - zero_given_one) * one
        return full

    def distribution(
        self, table: Table, *, provenance: Provenance, standard_error: Table | None = None
    ) -> Distribution:
        positive = np.maximum(table, 0.0)  # rounding leaves -1e-17 where nothing can be
        return Distribution(
            probabilities=positive / positive.sum(),
            registers=registers_of(self.source),
            standard_error=standard_error,
            provenance={**describe(self.source, self.noise), **provenance},
        )


def as_spec(noise: NoiseSpec | str | None) -> NoiseSpec | None:
    """`noise`, parsed when it is text. Raises `InputError` for anything else."""
    if isinstance(noise, str):
        return NoiseSpec.parse(noise)
    if noise is None or isinstance(noise, NoiseSpec):
        return noise
    raise InputError(f"noise must be a NoiseSpec, its text or None, got {type(noise).__name__}")


def describe(circuit: QuantumCircuit, noise: NoiseSpec | None) -> dict[str, Any]:
    """The provenance that shots and distributions of a circuit share."""
    return {
        "circuit": circuit.name,
        "circuit_hash": circuit_hash(circuit),
        "fingerprint": fingerprint(circuit).to_dict(),
        "noise": None if noise is None else noise.to_dict(),
        "versions": aer.versions(),
    }


class _RunningMoments:
    """Mean and standard error of tables that are not kept (Welford's recurrence)."""

    def __init__(self) -> None:
        self.number = 0
        self.mean: Any = 0.0
        self._squares: Any = 0.0

    def add(self, table: Table) -> None:
        self.number += 1
        before = table - self.mean
        self.mean = self.mean + before / self.number
        self._squares = self._squares + before * (table - self.mean)

    @property
    def standard_error(self) -> Table:
        error: Table = np.sqrt(self._squares / (self.number - 1) / self.number)
        return error


def _steps(noisy: NoisyCircuit) -> Iterator[density.Step]:
    """Every instruction as a Pauli transfer matrix, its noise included."""
    errors = {label: _transfer(SuperOp(error)) for label, error in noisy.errors.items()}
    gates: dict[Any, density.Real] = {}
    index = {qubit: place for place, qubit in enumerate(noisy.circuit.qubits)}
    for step in noisy.circuit.data:
        operation = step.operation
        # Qiskit's first qubit is the least significant one.
        qubits = tuple(index[qubit] for qubit in reversed(step.qubits))
        if isinstance(operation, Reset):
            yield density.Step(density.RESET, qubits)
            continue
        if not isinstance(operation, Gate):
            raise InputError(
                f"instruction {operation.name!r} has no exact distribution here; "
                "simulate draws shots"
            )
        matrix = _transfer_of_gate(operation, gates)
        if operation.label in errors:
            matrix = errors[operation.label] @ matrix
        yield density.Step(matrix, qubits)


def _transfer_of_gate(gate: Gate, known: dict[Any, density.Real]) -> density.Real:
    if gate.name == "unitary":
        return _transfer(Operator(gate))
    key = (gate.name, *map(float, gate.params))
    if key not in known:
        known[key] = _transfer(Operator(gate))
    return known[key]


def _transfer(channel: Operator | SuperOp) -> density.Real:
    matrix: density.Real = PTM(channel).data.real
    return matrix
