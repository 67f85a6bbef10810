"""Sketch of a law that fits into a table: random projections of the state vector's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from qdiff.circuit.measurement import active_qubits, split_measurements
from qdiff.noise.attach import attach_noise
from qdiff.simulation import aer

MAX_LAW_BITS = 22
"""Up to so many qubits and classical bits the law is projected; 30 ms at 18 of them, 4 s at 22."""

_SKETCH = 32


def law_sketch(circuit: QuantumCircuit) -> tuple[float, ...] | None:
    """Random projections ``s_k = sum_x p(x) r_k(x)`` of the ideal law, or None where it is dear.

    ``r_k(x)`` is +1 or -1, bit ``k`` of a fixed hash of ``x``. The mean of ``(s_k - t_k)^2`` is an
    unbiased estimate of ``sum_x (p(x) - q(x))^2`` (Johnson and Lindenstrauss), so equal sketches
    mean equal laws.
    """
    if circuit.num_clbits > MAX_LAW_BITS:
        return None
    bare, measured = split_measurements(circuit)
    ideal = attach_noise(bare, None).circuit  # gates on one or two qubits
    if not measured or len(active_qubits(ideal, set(measured.values()))) > MAX_LAW_BITS:
        return None
    table = _ideal_law(ideal, measured, circuit.num_clbits)
    signs = hashed(np.flatnonzero(table))
    weights = table[table != 0]
    return tuple(
        float(weights @ (1.0 - 2.0 * ((signs >> np.uint64(bit)) & np.uint64(1))))
        for bit in range(_SKETCH)
    )


def hashed(index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 fixed hash bits a number: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    state = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))


def _ideal_law(
    ideal: QuantumCircuit, measured: Mapping[int, int], num_bits: int
) -> NDArray[np.float64]:
    """All ``2^n`` probabilities of the classical bits, 0 where nothing is measured into one."""
    qubits = sorted(set(measured.values()))
    run = ideal.copy()
    run.save_probabilities(qubits=qubits)
    data: dict[str, Any] = aer.run(run, method="statevector", shots=1, seed=0)
    table = np.asarray(data["probabilities"], dtype=np.float64)
    place = {qubit: rank for rank, qubit in enumerate(qubits)}
    outcome = np.arange(len(table))
    index = np.zeros(len(table), dtype=np.int64)
    for bit, qubit in measured.items():
        index |= (outcome >> place[qubit] & 1) << bit
    full: NDArray[np.float64] = np.zeros(1 << num_bits)
    full += np.bincount(index, weights=table, minlength=1 << num_bits)
    return full
