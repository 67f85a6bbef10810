"""What the families share: a blank circuit, its measurement, checked sizes, seeded numbers."""

from __future__ import annotations

import math
import operator

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from qdiff.errors import InputError

MAX_COUNT = 5_000
"""No family is asked for more qubits, layers or steps than this."""

_ANGLE_DECIMALS = 6
"""Random angles are rounded, so that files stay short and equal on every machine."""

Bond = tuple[int, int]


def blank(family: str, num_qubits: int, *, least: int = 1) -> QuantumCircuit:
    """``n`` qubits ``q`` and ``n`` classical bits ``c``; `least` is the family's smallest size."""
    size = count("num_qubits", num_qubits, least=least)
    return QuantumCircuit(size, size, name=f"{family}_{size}")


def measured(circuit: QuantumCircuit) -> QuantumCircuit:
    """`circuit` with qubit ``j`` measured into classical bit ``j``."""
    circuit.measure(range(circuit.num_qubits), range(circuit.num_qubits))
    return circuit


def count(name: str, value: int, *, least: int) -> int:
    """A whole number of at least `least`. Raises `InputError` for any other."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if isinstance(value, bool) or not least <= number <= MAX_COUNT:
        raise InputError(
            f"{name} must be a whole number from {least} to {MAX_COUNT}, got {value!r}"
        )
    return number


def real(name: str, value: float) -> float:
    """A finite number. Raises `InputError` for any other."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{name} must be a finite number, got {value!r}")
    return number


def generator(seed: int) -> np.random.Generator:
    """A generator of which families use `random()` alone: numpy keeps that stream the same."""
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if isinstance(seed, bool) or number < 0:
        raise InputError(f"seed must be a whole number of at least 0, got {seed!r}")
    return np.random.default_rng(number)


def uniform_angles(size: int, generator: np.random.Generator) -> list[float]:
    """``size`` angles, uniform in ``[0, 2 pi)``."""
    angles: list[float] = np.round(2 * math.pi * generator.random(size), _ANGLE_DECIMALS).tolist()
    return angles


def choices(options: int, size: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """``size`` whole numbers, uniform in ``[0, options)``."""
    return (options * generator.random(size)).astype(np.int64)


def haar_rotations(circuit: QuantumCircuit, generator: np.random.Generator) -> None:
    """A Haar-random one-qubit gate ``u(theta, phi, lambda)`` on every qubit.

    ``cos(theta)`` is uniform in ``[-1, 1]``; the other two angles are uniform.
    """
    size = circuit.num_qubits
    heights = (1 - 2 * generator.random(size)).tolist()
    phis, lambdas = uniform_angles(size, generator), uniform_angles(size, generator)
    for qubit, (height, phi, lam) in enumerate(zip(heights, phis, lambdas, strict=True)):
        circuit.u(round(math.acos(height), _ANGLE_DECIMALS), phi, lam, qubit)


def chain(num_qubits: int, *, start: int = 0) -> list[Bond]:
    """Every second bond of an open chain: ``(start, start + 1), (start + 2, start + 3), ...``.

    >>> chain(5), chain(5, start=1)
    ([(0, 1), (2, 3)], [(1, 2), (3, 4)])
    """
    return [(left, left + 1) for left in range(start, num_qubits - 1, 2)]


def measured_fourier(circuit: QuantumCircuit, qubits: range) -> QuantumCircuit:
    """Inverse quantum Fourier transform without its swaps, and measurement: qubit 0 carries the
    highest bit of the Fourier index and, afterwards, the lowest bit of the outcome."""
    for target in qubits:
        for control in range(qubits.start, target):
            circuit.cp(-math.pi / 2 ** (target - control), control, target)
        circuit.h(target)
    circuit.measure(qubits, qubits)
    return circuit
