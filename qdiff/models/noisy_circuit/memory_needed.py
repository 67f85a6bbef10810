"""What memory a circuit's fit takes, told before it is taken.

Counted in bytes for each of the ``2^n`` strings: state vectors, the tables of the readout layer
that automatic differentiation keeps, and the laws after errors.
"""

from __future__ import annotations

from qdiff.errors import InputError
from qdiff.memory import available_memory
from qdiff.models.noisy_circuit.program import Program

THOROUGH_QUBITS = 20
"""Up to here every step is tried; scanning angles and spreads takes hundreds of laws."""

BUDGET = 8 * 2**30
"""Bytes that a fit may take; the number of histories of errors gives way."""

_STATE = 64
"""A state vector, and what applying a gate to it needs besides."""

_TABLES = 160
"""The fitted law, its parts and their gradients."""

_PAIR = 8
"""What differentiation keeps of a pair of bits that may flip together."""

_HISTORY = 13
"""A law after errors in single precision, a copy while more are drawn, and one while alike ones
are merged."""


def most_histories(num_bits: int) -> int:
    """How many laws after errors the budget holds, at least 16."""
    return max(16, ((BUDGET >> num_bits) - _STATE - _TABLES) // _HISTORY)


def bytes_needed(program: Program, histories: int) -> int:
    """What a fit takes at its peak, besides what Python and torch take anyway."""
    pairs = len(program.couplings) if program.num_qubits <= THOROUGH_QUBITS else 0
    laws = (_TABLES + _HISTORY * histories + _PAIR * pairs) << program.num_bits
    return laws + (_STATE << program.num_qubits)


def check_memory(program: Program, histories: int) -> None:
    """Raise `InputError`, with the figures, where memory does not suffice."""
    needed, free = bytes_needed(program, histories), available_memory()
    if needed > free:
        raise InputError(
            f"fitting a circuit of {program.num_qubits} qubits takes {needed / 2**30:.1f} GiB and "
            f"{free / 2**30:.1f} GiB are free: fit without the circuit, or free memory"
        )
