"""Steps of a noisy circuit as real matrices on Pauli axes, and fewer of them that do the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.floating[Any]]

ZERO_STATE: Real = np.array([[1.0], [0.0], [0.0], [1.0]])
"""<I>, <X>, <Y>, <Z> of |0>, as a map from an axis of size 1."""

OUTCOMES: Real = np.array([[0.5, 0.0, 0.0, 0.5], [0.5, 0.0, 0.0, -0.5]])
"""From <I>, <Z> to the probabilities of 0 and 1."""

TRACE: Real = np.array([[1.0, 0.0, 0.0, 0.0]])
RESET: Real = ZERO_STATE @ TRACE


@dataclass(frozen=True)
class Step:
    """A linear map on the Pauli axes of one qubit, or of two (the first axis most significant)."""

    matrix: Real
    qubits: tuple[int, ...]


def cone(steps: Iterable[Step], measured: Collection[int]) -> list[Step]:
    """The steps that can influence the `measured` qubits; all maps must preserve the trace."""
    kept: list[Step] = []
    seen = set(measured)
    for step in reversed(list(steps)):
        if seen.intersection(step.qubits):
            seen.update(step.qubits)
            kept.append(step)
    return kept[::-1]


def fuse(steps: Iterable[Step]) -> list[Step]:
    """Merge one-qubit steps into the pair steps beside them, and runs on the same pair into one."""
    fused: list[Step] = []
    waiting: dict[int, Real] = {}
    last: dict[int, int] = {}
    for step in steps:
        if len(step.qubits) == 1:
            (qubit,) = step.qubits
            if qubit in last:
                fused[last[qubit]] = _after(fused[last[qubit]], step)
            else:
                waiting[qubit] = step.matrix @ waiting.get(qubit, np.eye(4))
            continue
        a, b = step.qubits
        if a in last and last[a] == last.get(b):
            fused[last[a]] = _after(fused[last[a]], step)
            continue
        before = np.kron(waiting.pop(a, np.eye(4)), waiting.pop(b, np.eye(4)))
        last[a] = last[b] = len(fused)
        fused.append(Step(step.matrix @ before, step.qubits))
    return fused + [Step(matrix, (qubit,)) for qubit, matrix in waiting.items()]


def _after(first: Step, second: Step) -> Step:
    """`first` and then `second`, whose qubits are among those of `first`."""
    if second.qubits == first.qubits:
        matrix = second.matrix
    elif len(second.qubits) == 2:
        matrix = second.matrix.reshape(4, 4, 4, 4).transpose(1, 0, 3, 2).reshape(16, 16)
    elif second.qubits[0] == first.qubits[0]:
        matrix = np.kron(second.matrix, np.eye(4))
    else:
        matrix = np.kron(np.eye(4), second.matrix)
    return Step(matrix @ first.matrix, first.qubits)
