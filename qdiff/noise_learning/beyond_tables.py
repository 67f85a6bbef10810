"""Clifford circuits of more bits than a table has: shots under learned noise, and a chain of them.

The noisy law of a Clifford circuit is no chain, but its shots are had at any size. A chain about
the circuit's own law is fitted to some, as `qdiff.fit` does with shots of a device.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from qiskit import QuantumCircuit

from qdiff.circuit.clifford_law import affine_of
from qdiff.errors import InputError
from qdiff.fitting.heldout import divided
from qdiff.models.noisy_circuit.fit import MAX_TABLE_QUBITS, fit_circuit
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.noisy_circuit.noise_likelihood import CircuitFitConfig
from qdiff.noise.spec import NoiseSpec
from qdiff.simulation.simulate import simulate

SHOTS = 20_000
_HELDOUT = 0.1


def chain_of_simulated_shots(
    circuit: QuantumCircuit, noise: NoiseSpec, seed: np.random.SeedSequence
) -> CircuitLaw:
    """The law of `circuit` under `noise`, as far as a chain of `SHOTS` simulated shots says it.

    Raises `InputError` for a circuit that is not Clifford.
    """
    try:
        program = affine_of(circuit)
    except InputError as error:
        raise InputError(
            f"{circuit.name} has {circuit.num_clbits} bits; beyond {MAX_TABLE_QUBITS} a circuit "
            f"must be Clifford to be predicted: measure fewer ({error})"
        ) from None
    size = max(noise.num_qubits or 0, circuit.num_qubits)
    drawing, dividing, fitting = seed.spawn(3)
    shots = simulate(circuit, replace(noise, num_qubits=size), shots=SHOTS, seed=drawing)
    heldout, train = divided(shots, _HELDOUT, dividing)
    readout = CircuitFitConfig(readout=noise.readout)
    return fit_circuit(program, train, heldout, seed=fitting, config=readout).law
