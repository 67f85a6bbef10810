"""The order in which the gates of a circuit are taken, where their qubits leave a choice."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar


class OnQubits(Protocol):
    """A gate, or what a few of them became."""

    @property
    def qubits(self) -> tuple[int, ...]: ...


Gate = TypeVar("Gate", bound=OnQubits)


def cheapest_first(gates: Sequence[Gate], cost: Callable[[int], float]) -> list[Gate]:
    """Take, of those whose turn has come on all their qubits, the one of least `cost`.

    `cost` is of a gate's number; of equal ones the first comes first.

    >>> from types import SimpleNamespace
    >>> gates = [SimpleNamespace(qubits=qubits) for qubits in [(0,), (1,), (0, 1)]]
    >>> [gate.qubits for gate in cheapest_first(gates, [2.0, 1.0, 0.0].__getitem__)]
    [(1,), (0,), (0, 1)]
    """
    turns: dict[int, deque[int]] = {}
    for place, gate in enumerate(gates):
        for qubit in gate.qubits:
            turns.setdefault(qubit, deque()).append(place)

    def candidates(places: Iterable[int]) -> list[tuple[float, int]]:
        ready = (p for p in set(places) if all(turns[q][0] == p for q in gates[p].qubits))
        return [(cost(place), place) for place in ready]

    heap = candidates(queue[0] for queue in turns.values())
    heapq.heapify(heap)
    ordered = []
    while heap:
        gate = gates[heapq.heappop(heap)[1]]
        ordered.append(gate)
        for qubit in gate.qubits:
            turns[qubit].popleft()
        for entry in candidates(turns[qubit][0] for qubit in gate.qubits if turns[qubit]):
            heapq.heappush(heap, entry)
    return ordered
