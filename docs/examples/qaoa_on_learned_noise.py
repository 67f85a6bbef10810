"""A QAOA loop that asks no device: noise learned from three circuits predicts every angle.

Run it with ``python docs/examples/qaoa_on_learned_noise.py``; it takes about a minute. The device
is a simulated one: its exact noise gives the best angles, to compare with those of the loop.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from qiskit import QuantumCircuit
from scipy.optimize import minimize

import qdiff
from qdiff.circuit.families.variational import regular_graph

DEVICE = "superconducting"
"""Known to the simulated device only."""

START = (0.4, 0.5)


class Found(NamedTuple):
    """Cut edges expected under the device's exact noise, at the loop's angles and at the best."""

    cut: float
    best_cut: float
    learning_seconds: float
    loop_seconds: float
    aer_seconds: float


def qaoa(num_qubits: int, angles: np.ndarray) -> QuantumCircuit:
    """One layer for MaxCut on a random 3-regular graph."""
    circuit = QuantumCircuit(num_qubits)
    circuit.h(range(num_qubits))
    for edge in regular_graph(num_qubits, seed=1):
        circuit.rzz(-angles[0], *edge)
    circuit.rx(2 * angles[1], range(num_qubits))
    circuit.measure_all()
    return circuit


def cuts(num_qubits: int) -> np.ndarray:
    """How many edges each string cuts, ``(2^n,)``."""
    index = np.arange(1 << num_qubits)
    edges = regular_graph(num_qubits, seed=1)
    return np.sum([(index >> a ^ index >> b) & 1 for a, b in edges], axis=0)


def main(num_qubits: int = 8, *, shots: int = 10_000) -> Found:
    """Learn the noise, run the loop on predicted laws, and say how good its angles are."""
    taught = [f"ansatz:{num_qubits},seed=1", f"brickwork:{num_qubits}", f"xy:{num_qubits}"]
    pairs = [(text, qdiff.simulate(text, DEVICE, shots=shots, seed=1)) for text in taught]
    began = time.perf_counter()
    learned = qdiff.learn_noise(pairs, seed=1)
    learning = time.perf_counter() - began
    values = cuts(num_qubits)

    def uncut(angles: np.ndarray) -> float:
        """Under learned noise; the same seed draws the same errors, so that it is smooth."""
        law = learned.predict(qaoa(num_qubits, angles), seed=1).distribution()
        return -float(law.probabilities @ values)

    def truly_uncut(angles: np.ndarray) -> float:
        return -float(qdiff.exact(qaoa(num_qubits, angles), DEVICE).probabilities @ values)

    began = time.perf_counter()
    loop = minimize(uncut, START, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-3})
    looped = time.perf_counter() - began
    best = minimize(truly_uncut, START, method="Nelder-Mead")
    began = time.perf_counter()
    qdiff.simulate(qaoa(num_qubits, loop.x), DEVICE, shots=shots, seed=1)
    aer = (time.perf_counter() - began) * loop.nfev
    found = Found(-truly_uncut(loop.x), -float(best.fun), learning, looped, aer)
    error = learned.plausible_laws(qaoa(num_qubits, loop.x), draws=64) @ values
    print(
        f"{loop.nfev} evaluations: {-loop.fun:.3f} +- {error.std():.3f} cut edges predicted, "
        f"{found.cut:.3f} under the device's noise; its best angles give {found.best_cut:.3f}"
    )
    print(
        f"seconds: {learning:.1f} to learn, {looped:.1f} for the loop; {aer:.1f} for as many runs "
        f"of Aer, {shots:,} shots each, if its noise were known"
    )
    return found


if __name__ == "__main__":
    main()
