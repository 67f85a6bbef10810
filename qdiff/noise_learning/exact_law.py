"""The law that errors of gates make at known rates, exactly: a density matrix in the Pauli basis.

Histories of errors give the law at all rates, but each with the noise of having been drawn. Where
the exact law at one set of rates can be had, it takes that noise away: histories then only say by
how much each probability changes with the rates (a control variate by ratios; Owen, *Monte Carlo
theory, methods and examples*, 2013, chapter 8).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from qdiff.data.bits import Floats
from qdiff.models.noisy_circuit.error_groups import ErrorGroup, ErrorKind, Place
from qdiff.models.noisy_circuit.over_rotation import Angles
from qdiff.models.noisy_circuit.program import Matrix, Program
from qdiff.models.noisy_circuit.statevector import PAULIS
from qdiff.noise_learning.device_circuit import DeviceCircuit
from qdiff.simulation.pauli_basis.contraction import probabilities
from qdiff.simulation.pauli_basis.plan import Plan, plan
from qdiff.simulation.pauli_basis.step import Real, Step

_PER_OPERATION = 8.0
"""Multiplications of real numbers that take as long as an operation, a gate on an amplitude."""

_MOST_BYTES = 1 << 30

_LARGEST_RATIO = 10.0
"""By how much histories are corrected at most; what is then missing is added as it is."""


def exact_law(
    circuit: DeviceCircuit, rates: Sequence[float] | Floats, angles: Angles, operations: float
) -> Floats | None:
    """The law before readout, ``(2^n,)``, of a circuit whose groups have `rates`.

    None where that takes longer than `operations`, gates times amplitudes, or over a gibibyte.
    """
    program = circuit.program.over_rotated(*angles)
    qubits = sorted(set(program.measured.values()))
    planned = plan(_steps(program, circuit.groups, rates), qubits)
    if _cost(planned) > _PER_OPERATION * operations or planned.bytes > _MOST_BYTES:
        return None
    table = probabilities(planned, qubits)
    states, reading = np.arange(len(table)), np.zeros(len(table), dtype=np.int64)
    for bit, qubit in program.measured.items():
        reading |= (states >> qubits.index(qubit) & 1) << bit
    law = np.bincount(reading, table.clip(min=0), minlength=1 << program.num_bits)
    return np.asarray(law / law.sum())


@dataclass(frozen=True, eq=False, kw_only=True)
class Anchor:
    """What histories have wrong at rates where the truth is known: ``truth = ratio drawn + rest``.

    Attributes
    ----------
    ratio, rest
        ``(2^n,)`` each.
    """

    ratio: Floats
    rest: Floats

    @classmethod
    def of(cls, truth: Floats, drawn: Floats) -> Anchor:
        """At the rates of both.

        >>> anchor = Anchor.of(np.array([0.5, 0.5, 0.0]), np.array([0.6, 0.0, 0.4]))
        >>> (anchor.ratio * [0.6, 0.0, 0.4] + anchor.rest).tolist()
        [0.5, 0.5, 0.0]
        """
        ratio = np.minimum(truth / np.maximum(drawn, 1e-300), _LARGEST_RATIO)
        return cls(ratio=ratio, rest=truth - ratio * drawn)


def _cost(planned: Plan) -> float:
    """Multiplications."""
    size, total = 1.0, 0.0
    for item in planned.contractions:
        total += size * len(item.matrix)
        size *= item.growth
    return total


def _steps(
    program: Program, groups: Sequence[ErrorGroup], rates: Sequence[float] | Floats
) -> Iterator[Step]:
    """Each gate, and after it the errors of a Poisson process that happen there."""
    errors: dict[int, list[tuple[ErrorKind, Place, float]]] = defaultdict(list)
    for group, rate in zip(groups, rates, strict=True):
        for place in group.places:
            errors[place.gate].append((group.kind, place, float(rate) * place.weight))
    for number, gate in enumerate(program.gates):
        # the first axis of a step is the most significant one
        yield Step(_of_unitary(gate.matrix), gate.qubits[::-1])
        for kind, place, expected in sorted(errors[number], key=lambda error: error[0]):
            yield Step(_of_errors(kind, len(place.qubits), expected), place.qubits[::-1])


def _of_unitary(matrix: Matrix) -> Real:
    """Its Pauli transfer matrix, ``Tr(P_i U P_j U^dagger) / d``."""
    paulis = _paulis(len(matrix).bit_length() - 1)
    turned = matrix @ paulis @ matrix.conj().T
    flat = paulis.reshape(len(paulis), -1)
    return np.asarray((flat.conj() @ turned.reshape(len(paulis), -1).T).real / len(matrix))


def _of_errors(kind: ErrorKind, num_qubits: int, expected: float) -> Real:
    """Of a Poisson number of errors of a kind."""
    if kind is ErrorKind.PAULI:
        size = 4**num_qubits
        kept = np.full(size, np.exp(-expected * size / (size - 1)))
        kept[0] = 1
        return np.diag(kept)
    if kind is ErrorKind.PHASE:
        kept = np.exp(-2 * expected)
        return np.diag([1, kept, kept, 1])
    kept = np.exp(-expected)
    matrix = np.diag([1, kept, kept, kept])
    matrix[3, 0] = 1 - kept
    return matrix


@cache
def _paulis(num_qubits: int) -> Matrix:
    """``(4^k, 2^k, 2^k)``."""
    one = np.stack([PAULIS[name] for name in "IXYZ"])
    if num_qubits == 1:
        return one
    return np.stack([np.kron(a, b) for a in one for b in one])
