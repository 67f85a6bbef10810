"""Sketch of a Clifford circuit's law, of any number of bits: a hash of its affine space."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from qdiff.errors import InputError


def affine_sketch(circuit: QuantumCircuit) -> str | None:
    """Hash of the affine space that a Clifford circuit's outcomes are uniform over; exact.

    None for a circuit with other gates.
    """
    from qdiff.circuit.clifford_law import affine_of

    try:
        law = affine_of(circuit)
    except InputError:
        return None
    table = _canonical(law.generators, law.offset)
    return hashlib.sha256(f"{table.shape}".encode() + np.packbits(table).tobytes()).hexdigest()


def _canonical(generators: NDArray[np.uint8], offset: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The one table that all generators and offsets of an affine space over GF(2) reduce to."""
    rows = np.vstack([generators, offset]) & np.uint8(1)
    rank, last = 0, len(rows) - 1
    for column in range(rows.shape[1]):
        found = np.flatnonzero(rows[rank:last, column])
        if not len(found):
            continue
        rows[[rank, rank + found[0]]] = rows[[rank + found[0], rank]]
        others = np.flatnonzero(rows[:, column])
        rows[others[others != rank]] ^= rows[rank]
        rank += 1
    return np.vstack([rows[:rank], rows[last:]])
