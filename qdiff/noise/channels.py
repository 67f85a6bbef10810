"""The error channels of gates, as Aer has them."""

from __future__ import annotations

from functools import lru_cache, reduce

import numpy as np
from numpy.typing import NDArray
from qiskit_aer.noise import QuantumError, depolarizing_error, thermal_relaxation_error
from scipy.linalg import schur

from qdiff.noise.rates import GateNoise

Matrix = NDArray[np.complex128]

_PHASE_TOLERANCE = 1e-9
_PAULI_OPERATIONS = frozenset(["id", "x", "y", "z", "pauli", "reset"])


@lru_cache(maxsize=4096)
def gate_error(noise: GateNoise, num_qubits: int) -> QuantumError | None:
    """Depolarizing and then relaxation, as one channel on `num_qubits`; None when there is none.

    Coherent over-rotation is no part of it: that changes the gate (see `fractional_power`).
    """
    error = None
    if noise.depolarizing > 0:
        error = depolarizing_error(noise.depolarizing, num_qubits)
    if noise.relaxation:
        relaxation = relaxation_error(noise)
        error = relaxation if error is None else error.compose(relaxation)
    return error


def relaxation_error(noise: GateNoise) -> QuantumError:
    """Independent relaxation of the qubits of a gate, its first qubit lowest."""
    singles = [thermal_relaxation_error(own.t1, own.t2, own.time) for own in noise.relaxation]
    return reduce(QuantumError.expand, singles)


def is_pauli_error(error: QuantumError) -> bool:
    """Whether an error is a mixture of Pauli gates and resets."""
    names = (step.operation.name for circuit in error.circuits for step in circuit.data)
    return _PAULI_OPERATIONS.issuperset(names)


def fractional_power(unitary: Matrix, exponent: float) -> Matrix:
    """``U^exponent`` by the shortest generator H, where ``U = e^(i a) e^(i H)``.

    H is chosen, over the global phase a, with the smallest spread of eigenvalues, so the result
    (up to that phase) does not depend on how a gate's matrix spells its phase: ``rx(a)`` becomes
    ``rx(exponent a)`` for every angle in [-pi, pi], a controlled X a fractional controlled X.
    Half turns, where two generators are equally short, take the principal branch.

    >>> x = np.array([[0, 1], [1, 0]], dtype=complex)
    >>> root = fractional_power(x, 0.5)
    >>> bool(np.allclose(root @ root, x))
    True
    """
    phases, basis = generator(unitary)
    result: Matrix = (basis * np.exp(1j * exponent * phases)) @ basis.conj().T
    return result


def generator(unitary: Matrix) -> tuple[NDArray[np.float64], Matrix]:
    """Phases and eigenvectors: ``U = V diag(e^(i phases)) V^dagger``, the phases the shortest."""
    upper, basis = schur(unitary, output="complex")  # unitary: the Schur form is diagonal
    phases = np.angle(np.diag(upper))
    phases[phases < _PHASE_TOLERANCE - np.pi] += 2 * np.pi
    return _shortest(phases), basis


def _shortest(phases: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move whole turns so that the phases lie beyond their widest gap on the circle."""
    order = np.argsort(phases)
    ordered = phases[order]
    gaps = np.diff(ordered)
    outer = 2 * np.pi - (ordered[-1] - ordered[0])
    if len(gaps) == 0 or gaps.max() <= outer + _PHASE_TOLERANCE:
        return phases
    moved = phases.copy()
    moved[order[: int(gaps.argmax()) + 1]] += 2 * np.pi
    return moved
