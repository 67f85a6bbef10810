"""Carrying out a plan: the tensor of a state in the Pauli basis, step by step on all cores."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from qdiff.simulation.pauli_basis.plan import Contraction, Plan
from qdiff.simulation.pauli_basis.step import Real

_BLOCK = 4**9
"""Numbers that one task of the pool handles: they fit the cache, and Python's share is small."""

_BLAS_COLUMNS = 512


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
