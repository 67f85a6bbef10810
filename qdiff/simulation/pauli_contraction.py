"""The density matrix in the Pauli basis: exact outcome probabilities of a noisy circuit.

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

import heapq
import itertools
import math
import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
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

_BLOCK = 4**9
"""Numbers that one task of the pool handles: they fit the cache, and Python's share is small."""

_BLAS_COLUMNS = 512


@dataclass(frozen=True)
class Step:
    """A linear map on the Pauli axes of one qubit, or of two (the first axis most significant)."""

    matrix: Real
    qubits: tuple[int, ...]


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
    """What to contract, in order, and what that takes.

    Attributes
    ----------
    contractions
        The steps in order.
    peak
        The most numbers held at once.
    work
        Multiplications in all.
    """

    contractions: tuple[Contraction, ...]
    peak: int
    work: int

    @property
    def bytes(self) -> int:
        return 8 * self.peak


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


def plan(steps: Iterable[Step], measured: Collection[int]) -> Plan:
    """How to get from |0...0> through the steps to the outcomes of the `measured` qubits."""
    seen = fuse(cone(steps, measured))
    used = {qubit for step in seen for qubit in step.qubits}
    seen += [Step(np.eye(4), (qubit,)) for qubit in measured if qubit not in used]
    ordered = _ordered(_fitted(seen, measured))
    size = peak = 1
    work = 0
    for item in ordered:
        rows, columns = item.matrix.shape
        grown = size * rows // columns
        peak = max(peak, grown if item.in_place else size + grown)
        work += size * rows
        size = grown
    return Plan(tuple(ordered), peak, work)


def probabilities(
    plan: Plan, measured: Sequence[int], *, tick: Callable[[], None] = lambda: None
) -> NDArray[np.float64]:
    """Carry out a plan, ``-> (2^k,)`` indexed by ``sum_i x_i 2^i`` with x_i of ``measured[i]``.

    `tick` is called after every contraction.
    """
    state: Real = np.ones(())
    axes: list[int] = []
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for item in plan.contractions:
            state, axes = _contracted(state, axes, item, pool)
            tick()
    order = [axes.index(qubit) for qubit in reversed(measured)]
    return np.ascontiguousarray(state.transpose(order), dtype=np.float64).reshape(-1)


def _after(first: Step, second: Step) -> Step:
    """`first` and then `second`, whose qubits are among those of `first`."""
    if second.qubits == first.qubits:
        matrix = second.matrix
    elif len(second.qubits) == 2:
        matrix = _swapped(second.matrix)
    elif second.qubits[0] == first.qubits[0]:
        matrix = np.kron(second.matrix, np.eye(4))
    else:
        matrix = np.kron(np.eye(4), second.matrix)
    return Step(matrix @ first.matrix, first.qubits)


def _swapped(matrix: Real) -> Real:
    return matrix.reshape(4, 4, 4, 4).transpose(1, 0, 3, 2).reshape(16, 16)


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
                matrix=_kron(ends) @ step.matrix @ _kron(starts),
                qubits=step.qubits,
                before=tuple(start.shape[1] for start in starts),
                after=tuple(end.shape[0] for end in ends),
            )
        )
    return fitted


def _kron(factors: Sequence[Real]) -> Real:
    return reduce(lambda a, b: np.kron(a, b), factors)


def _ordered(items: Sequence[Contraction]) -> list[Contraction]:
    """Take, of those whose turn has come on all their qubits, the one that grows least."""
    turns: dict[int, deque[int]] = {}
    for place, item in enumerate(items):
        for qubit in item.qubits:
            turns.setdefault(qubit, deque()).append(place)

    def candidates(places: Iterable[int]) -> list[tuple[float, int]]:
        ready = (p for p in set(places) if all(turns[q][0] == p for q in items[p].qubits))
        return [(items[place].growth, place) for place in ready]

    heap = candidates(queue[0] for queue in turns.values())
    heapq.heapify(heap)
    ordered = []
    while heap:
        item = items[heapq.heappop(heap)[1]]
        ordered.append(item)
        for qubit in item.qubits:
            turns[qubit].popleft()
        for entry in candidates(turns[qubit][0] for qubit in item.qubits if turns[qubit]):
            heapq.heappush(heap, entry)
    return ordered


def _contracted(
    state: Real, axes: list[int], item: Contraction, pool: ThreadPoolExecutor
) -> tuple[Real, list[int]]:
    """Multiply one step into its axes, in place where their sizes stay."""
    fresh = [qubit for qubit in item.qubits if qubit not in axes]
    axes = axes + fresh
    state = state.reshape(state.shape + (1,) * len(fresh))
    places = [axes.index(qubit) for qubit in item.qubits]
    shape: list[int] = list(state.shape)
    for place, size in zip(places, item.after, strict=True):
        shape[place] = size
    result = state if item.in_place else np.empty(shape)
    _multiply(item.matrix, state, result, places, pool)
    kept = [place for place, size in enumerate(shape) if size > 1]
    return result.reshape([shape[place] for place in kept]), [axes[place] for place in kept]


def _multiply(
    matrix: Real, state: Real, result: Real, places: Sequence[int], pool: ThreadPoolExecutor
) -> None:
    """Write ``matrix @ state`` over the axes at `places` into `result`, block by block."""
    sliced = _sliced_axes(state.shape, places)
    rest = [axis for axis in range(state.ndim) if axis not in sliced]
    inner = [rest.index(place) for place in places]
    front = range(len(inner))

    def work(where: tuple[int, ...]) -> None:
        block: list[int | slice] = [slice(None)] * state.ndim
        for axis, index in zip(sliced, where, strict=True):
            block[axis] = index
        source = np.moveaxis(state[tuple(block)], inner, front)
        target = np.moveaxis(result[tuple(block)], inner, front)
        target[...] = _product(matrix, source).reshape(target.shape)

    for _ in pool.map(work, itertools.product(*(range(state.shape[axis]) for axis in sliced))):
        pass


def _product(matrix: Real, source: Real) -> Real:
    """``matrix @ source`` with all axes of `source` but those the matrix takes run together.

    In pieces so small that BLAS starts no threads of its own: beside those of the pool, on a busy
    machine, they wait for each other and take ten times as long.
    """
    columns = source.reshape(matrix.shape[1], -1)
    width = min(_BLAS_COLUMNS, columns.shape[1])  # sizes are powers of two, so this divides
    result = np.empty((len(matrix), columns.shape[1]))
    pieces = columns.reshape(len(columns), -1, width).transpose(1, 0, 2)
    np.matmul(matrix, pieces, out=result.reshape(len(result), -1, width).transpose(1, 0, 2))
    return result


def _sliced_axes(shape: Sequence[int], places: Collection[int]) -> list[int]:
    """The leading axes to loop over, so that what remains of them fits one block."""
    size = math.prod(shape)
    sliced = []
    for axis, length in enumerate(shape):
        if size <= _BLOCK:
            break
        if axis not in places:
            sliced.append(axis)
            size //= length
    return sliced
