"""From a Qiskit circuit to a `program.Program`: the circuit as the model side takes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import Gate, Operation
from qiskit.quantum_info import Operator

from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import active_qubits, split_measurements
from qdiff.circuit.structural_hash import circuit_hash
from qdiff.errors import InputError
from qdiff.models.noisy_circuit import program as physics
from qdiff.noise.attach import attach_noise
from qdiff.noise.channels import generator
from qdiff.noise.spec import NoiseSpec

VIRTUAL_GATES = ("rz", "p", "u1", "z", "s", "sdg", "t", "tdg", "id")
"""Gates that superconducting and ion-trap devices do by a change of phase reference."""


def program_of(
    circuit: str | Path | QuantumCircuit, noise: NoiseSpec | None = None
) -> physics.Program:
    """The unitary part of `circuit`, on the qubits that its measurements can see.

    Gates named in the `virtual_gates` of `noise` count as noiseless, and take the times that it
    gives them; without `noise`, rotations about Z do.

    Raises `InputError`, with the reason, for a circuit whose outcome is more than one final
    measurement of a unitary evolution (mid-circuit measurement, feed-forward, resets).

    >>> bell = QuantumCircuit(2)
    >>> _ = bell.h(0), bell.cx(0, 1), bell.measure_all()
    >>> [gate.qubits for gate in program_of(bell).gates]
    [(0,), (0, 1)]
    """
    source = load_circuit(circuit)
    virtual = VIRTUAL_GATES if noise is None else noise.virtual_gates
    bare, measured = split_measurements(source)
    written = attach_noise(bare).circuit
    place = {qubit: index for index, qubit in enumerate(written.qubits)}
    seen = sorted(active_qubits(written, set(measured.values())))
    number = {qubit: index for index, qubit in enumerate(seen)}
    gates = []
    for step in written.data:
        qubits = [place[qubit] for qubit in step.qubits]
        if not all(qubit in number for qubit in qubits):
            continue
        numbers = tuple(number[qubit] for qubit in qubits)
        gate = _gate(step.operation, numbers, virtual=step.operation.name in virtual)
        time = None if noise is None else time_of_gate(noise, tuple(qubits))
        gates.append(replace(gate, time=time))
    return physics.Program(
        num_qubits=len(seen),
        num_bits=source.num_clbits,
        gates=tuple(gates),
        measured={bit: number[qubit] for bit, qubit in measured.items()},
        places=tuple(seen),
        name=source.name,
        fingerprint=circuit_hash(source),
    )


def _gate(operation: Operation, qubits: tuple[int, ...], *, virtual: bool) -> physics.Gate:
    if not isinstance(operation, Gate):
        raise InputError(f"instruction {operation.name!r} is not unitary: fit without the circuit")
    phases, basis = generator(np.asarray(Operator(operation).data))
    return physics.Gate(basis=basis, phases=phases, qubits=qubits, virtual=virtual)


def time_of_gate(noise: NoiseSpec, qubits: tuple[int, ...]) -> float | None:
    """How long a gate takes, in units of `time2`; None where nothing relaxes or no time is told."""
    unit = noise.time2
    if not unit or not any(noise.relaxation(qubit, unit) for qubit in qubits):
        return None
    gate, _ = noise.on_gate("", qubits)
    return max((own.time for own in gate.relaxation), default=0.0) / unit
