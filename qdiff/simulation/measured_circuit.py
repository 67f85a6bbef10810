"""A circuit that is measured at its end, and its noise: what exact laws and averages start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Reset

from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import active_qubits, registers_of, split_measurements
from qdiff.data.distribution import Distribution, check_table
from qdiff.data.shots import Provenance
from qdiff.errors import InputError
from qdiff.memory import available_memory
from qdiff.noise.attach import NoisyCircuit, attach_noise
from qdiff.noise.spec import NoiseSpec, as_spec
from qdiff.simulation import aer
from qdiff.simulation.provenance import circuit_record

Table = NDArray[np.float64]

_AMPLITUDE_BYTES = 16


@dataclass(frozen=True)
class MeasuredCircuit:
    """A circuit without its measurements, what it measures, and its noise."""

    source: QuantumCircuit
    noise: NoiseSpec | None
    noisy: NoisyCircuit
    measured: Mapping[int, int]

    @classmethod
    def read(
        cls, circuit: str | Path | QuantumCircuit, noise: NoiseSpec | str | None
    ) -> MeasuredCircuit:
        """Raises `InputError` for bits beyond a table, and where `split_measurements` does."""
        spec = as_spec(noise)
        source = load_circuit(circuit)
        bare, measured = split_measurements(source)
        try:
            check_table(source.num_clbits)
        except InputError as error:
            raise InputError(f"{error}; simulate draws shots at any size") from None
        return cls(source, spec, attach_noise(bare, spec), measured)

    @cached_property
    def qubits(self) -> list[int]:
        """The measured qubits, each once."""
        return sorted(set(self.measured.values()))

    @cached_property
    def width(self) -> int:
        """How many qubits the measurements can see."""
        return len(active_qubits(self.noisy.circuit, self.qubits))

    @property
    def state_vector_bytes(self) -> int:
        return _AMPLITUDE_BYTES << self.width

    @property
    def is_pure(self) -> bool:
        """Whether nothing but the readout is noisy."""
        resets = any(isinstance(step.operation, Reset) for step in self.noisy.circuit.data)
        return not (self.noisy.has_gate_noise or resets)

    def check_memory(self, needed: int, what: str) -> None:
        """Raise `InputError` where `needed` bytes, and a few tables, are more than are free."""
        free = available_memory()
        needed += 3 * 8 << self.source.num_clbits
        if needed > free:
            raise InputError(
                f"{what} of these {self.width} qubits needs {aer.gibibytes(needed)} of memory, "
                f"{aer.gibibytes(free)} are free; simulate draws shots, and trajectories averages "
                f"over state vectors ({aer.gibibytes(self.state_vector_bytes)})"
            )

    def averaged_probabilities(self, *, shots: int, seed: int, threads: int = 0) -> Table:
        """Mean of the measured qubits' probabilities over trajectories, before readout."""
        circuit = self.noisy.circuit.copy()
        circuit.save_probabilities(qubits=self.qubits)
        data = aer.run(
            circuit,
            method="statevector",
            shots=shots,
            seed=seed,
            model=self.noisy.model,
            threads=threads,
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
            provenance={**circuit_record(self.source, self.noise), **provenance},
        )
