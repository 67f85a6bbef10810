"""Sketch of a law of any number of bits, of a state little entangled along them: means of Z."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.quantum_info import Operator

from qdiff.circuit.measurement import active_qubits, split_measurements
from qdiff.noise.attach import attach_noise
from qdiff.simulation.fingerprint.chain_state import ChainState, TooEntangledError
from qdiff.simulation.fingerprint.table_sketch import hashed

CHAIN_TOLERANCE = 1e-7
"""How far any mean of a chain may differ; they are computed to some 1e-9."""

_MAX_BOND = 64
_MAX_WORK = 1e9  # a few seconds
_SETS = ((24, 3.0), (8, 0.25), (8, 0.5))
"""Products of Z: how many, and of how many bits (or of which part of them) on average."""


def chain_sketch(circuit: QuantumCircuit) -> tuple[float, ...] | None:
    """``<Z>`` of each classical bit, and ``<prod Z>`` over 40 fixed sets of bits.

    From the state as a chain of matrices in the order of the bits; None where it is too entangled.
    Two laws that agree in all of them to `CHAIN_TOLERANCE` count as one: of bits that are far more
    than 30 only differences among few bits are seen.
    """
    bare, measured = split_measurements(circuit)
    if not measured:
        return None
    ideal = attach_noise(bare, None).circuit  # gates on one or two qubits
    seen = active_qubits(ideal, set(measured.values()))
    order = dict.fromkeys([measured[bit] for bit in sorted(measured)] + sorted(seen))
    site = {qubit: place for place, qubit in enumerate(order)}
    try:
        state = _chain(ideal, site)
    except TooEntangledError:
        return None
    singles, flags = np.ones(circuit.num_clbits), fixed_sets(circuit.num_clbits)
    marked = np.zeros((len(flags), len(site)), dtype=bool)
    means = state.means_of_z()
    for bit, qubit in measured.items():
        singles[bit] = means[site[qubit]]
        marked[:, site[qubit]] ^= flags[:, bit]
    return (*singles.tolist(), *state.means_of_products(marked).tolist())


def _chain(ideal: QuantumCircuit, site: Mapping[int, int]) -> ChainState:
    state = ChainState(len(site), max_bond=_MAX_BOND, max_work=_MAX_WORK)
    place = {qubit: index for index, qubit in enumerate(ideal.qubits)}
    for step in ideal.data:
        where = [site[place[qubit]] for qubit in step.qubits if place[qubit] in site]
        if len(where) != len(step.qubits) or step.operation.name in ("barrier", "delay", "id"):
            continue
        if not isinstance(step.operation, Gate) or len(where) > 2:
            raise TooEntangledError  # a reset, say: no pure state
        matrix = np.asarray(Operator(step.operation).data)
        if len(where) == 1:
            state.apply_one(matrix, where[0])
        else:
            state.apply_two(matrix, *where)
    return state


def fixed_sets(num_bits: int) -> NDArray[np.bool_]:
    """Fixed sets of bits, ``(40, num_bits)``: each holds a bit by a hash of both."""
    rows: list[NDArray[np.bool_]] = []
    for number, size in _SETS:
        share = size / num_bits if size > 1 else size
        for _ in range(number):
            marks = hashed(np.arange(num_bits) + (len(rows) + 1) * (1 << 32))
            rows.append(marks < np.uint64(min(share, 0.99) * 2**64))
    return np.array(rows)
