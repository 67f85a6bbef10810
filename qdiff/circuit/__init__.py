"""Circuits as qdiff uses them: how they are read, what they measure, what identifies them."""

from __future__ import annotations

from qdiff.circuit.hashing import circuit_hash
from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import bits_of_a_job, is_dynamic, registers_of, split_measurements

__all__ = [
    "bits_of_a_job",
    "circuit_hash",
    "is_dynamic",
    "load_circuit",
    "registers_of",
    "split_measurements",
]
