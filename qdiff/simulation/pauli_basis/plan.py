"""In which order to contract the steps of a circuit, and what that takes.

A state of k qubits is the real tensor of its expectation values <P_1 ... P_k> with an axis
(I, X, Y, Z) for each qubit; a noisy gate is a real Pauli transfer matrix (Greenbaum,
arXiv:1509.02921) on the axes of its qubits. Three things keep the tensor far below 4^n:

* a gate and the one-qubit gates around it become one map on a pair of qubits (`fuse`);
* the axis of a qubit appears at its first gate, and after its last one shrinks to the two
  probabilities of a measured qubit, or to nothing for any other (`plan`);
* gates that no measurement can see are dropped, and commuting gates are taken in the order that
  keeps the tensor small.

So 4^n numbers are needed only where all qubits are entangled at once, and the largest tensor is
known before any memory is taken.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from qdiff.simulation.gate_order import cheapest_first
from qdiff.simulation.pauli_basis.step import OUTCOMES, TRACE, ZERO_STATE, Real, Step, cone, fuse


@dataclass(frozen=True)
class Contraction:
    """A step fitted to the axes it finds and leaves behind.

    An axis has size 1 before a qubit's first step and after an unmeasured one's last, 2 after a
    measured one's last, and 4 in between.
    """

    matrix: Real
    qubits: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def growth(self) -> float:
        return math.prod(self.after) / math.prod(self.before)

    @property
    def in_place(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True)
class Plan:
    """What to contract, in order, and what memory that takes.

    Attributes
    ----------
    contractions
        The steps in order.
    peak
        The most numbers held at once.
    """

    contractions: tuple[Contraction, ...]
    peak: int

    @property
    def bytes(self) -> int:
        return 8 * self.peak


def plan(steps: Iterable[Step], measured: Collection[int]) -> Plan:
    """How to get from |0...0> through the steps to the outcomes of the `measured` qubits."""
    seen = fuse(cone(steps, measured))
    used = {qubit for step in seen for qubit in step.qubits}
    seen += [Step(np.eye(4), (qubit,)) for qubit in measured if qubit not in used]
    fitted = _fitted(seen, measured)
    ordered = cheapest_first(fitted, lambda place: fitted[place].growth)
    size = peak = 1
    for item in ordered:
        rows, columns = item.matrix.shape
        grown = size * rows // columns
        peak = max(peak, grown if item.in_place else size + grown)
        size = grown
    return Plan(tuple(ordered), peak)


def _fitted(steps: Sequence[Step], measured: Collection[int]) -> list[Contraction]:
    """Let each qubit's first step start from |0> and its last one end in what is asked of it."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for place, step in enumerate(steps):
        for qubit in step.qubits:
            first.setdefault(qubit, place)
            last[qubit] = place
    fitted = []
    for place, step in enumerate(steps):
        starts = [ZERO_STATE if first[q] == place else np.eye(4) for q in step.qubits]
        ends = [
            (OUTCOMES if qubit in measured else TRACE) if last[qubit] == place else np.eye(4)
            for qubit in step.qubits
        ]
        fitted.append(
            Contraction(
                matrix=reduce(np.kron, ends) @ step.matrix @ reduce(np.kron, starts),
                qubits=step.qubits,
                before=tuple(start.shape[1] for start in starts),
                after=tuple(end.shape[0] for end in ends),
            )
        )
    return fitted
