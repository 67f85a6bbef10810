"""The numbers that are learned of a device, by name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

PAULI, DEPHASE, RELAX = ("pauli1", "pauli2"), "dephase1", "relax1"
"""Kinds of errors in the time of a gate on two qubits: relaxations, ``time / T1``, and phase errors
beyond those that come with them, ``time (1 / T2 - 1 / 2 T1) / 2``."""

RATES = (*PAULI, DEPHASE, RELAX)

READOUT = ("one_given_zero", "zero_given_one")

PAIR_FLIP, BACKGROUND = "pair_flip", "background"

TURNS = ("turn_one_qubit", "turn_two_qubits", "turn_virtual")
"""``U^(1 + a)`` for gates on one qubit, on two, and for those that devices do in software."""

QUBITS = {
    "pauli1": 1,
    "pauli2": 2,
    DEPHASE: 1,
    RELAX: 1,
    **dict.fromkeys(READOUT, 1),
    PAIR_FLIP: 2,
    BACKGROUND: 0,
    **dict.fromkeys(TURNS, 0),
}
"""On how many qubits each kind differs; 0 where it is shared by all."""

KINDS = tuple(QUBITS)


class Number(NamedTuple):
    """A number of a qubit or a pair, or with no qubits the one that all of a kind share.

    >>> str(Number("pauli2")), str(Number("pauli2", (3, 4)))
    ('pauli2', 'pauli2 3-4')
    """

    kind: str
    qubits: tuple[int, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.kind, "-".join(map(str, self.qubits))]).strip()


def to_scale(kind: str, value: float) -> float:
    """A number on the scale that it is learned on: logarithm, log-odds, or as it is."""
    if kind in TURNS:
        return value
    return float(np.log(value) if kind in RATES else np.log(value / (1 - value)))


def from_scale(kind: str, value: float) -> float:
    """The inverse of `to_scale`.

    >>> round(from_scale("background", to_scale("background", 0.003)), 12)
    0.003
    """
    if kind in TURNS:
        return value
    return float(np.exp(value) if kind in RATES else 1 / (1 + np.exp(-value)))


def slope(kind: str, value: float) -> float:
    """How fast a number changes with its place on the scale, where it is `value`."""
    if kind in TURNS:
        return 1.0
    return value if kind in RATES else value * (1 - value)
