"""How far two laws are apart in what a few bits at a time show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np

from qdiff.comparison.few_body.z_string_sets import Layout, pair_rank
from qdiff.data.bits import Floats

Values = dict[str, Floats]


@dataclass(frozen=True, kw_only=True)
class Distance:
    """A distance as a comparison lists it.

    `function` takes the layout and a difference of vectors, ``(..., size) -> (...)``; it needs at
    least `order` bits. All distances are 0 at best and at most `high`.
    """

    function: Callable[[Layout, Floats], Floats]
    title: str
    order: int
    high: float


def marginal_distances(layout: Layout, difference: Floats, order: int) -> Floats:
    """Total variation of the marginals of each listed set of `order` bits, ``(..., F)``.

    The difference of two marginals is ``2^-k sum_S (-1)^(x.S) d_S`` over the non-empty subsets S of
    the k bits, with `d_S` the difference of the means of their Z strings.
    """
    means = [layout.means(difference, weight) for weight in range(1, order + 1)]
    bits = layout.strings[order - 1].T
    cells: list[Floats] = [np.zeros(1)] * (1 << order)  # by subset, then by outcome
    for place, bit in enumerate(bits):
        cells[1 << place] = means[0][..., bit]
    for i, j in combinations(range(order), 2):
        cells[1 << i | 1 << j] = means[1][..., pair_rank(bits[i], bits[j])]
    if order == 3:
        cells[0b111] = means[2]
    for place in range(order):  # a Walsh-Hadamard transform
        for low in range(1 << order):
            if not low >> place & 1:
                even, odd = cells[low], cells[low | 1 << place]
                cells[low], cells[low | 1 << place] = even + odd, even - odd
    total = np.abs(cells[0])
    for cell in cells[1:]:
        total += np.abs(cell)
    return np.asarray(total / 2 ** (order + 1))


def spectrum_distance(layout: Layout, difference: Floats) -> Floats:
    """Total variation of the laws of the Hamming weight."""
    return np.asarray(np.abs(layout.spectrum(difference)).sum(axis=-1) / 2)


def distances(layout: Layout, difference: Floats) -> Values:
    """Every distance that so many bits have, of differences ``(..., size)``; ``(...)`` each."""
    return {
        name: distance.function(layout, difference)
        for name, distance in DISTANCES.items()
        if distance.order <= layout.num_bits
    }


def distance_values(layout: Layout, difference: Floats) -> dict[str, float]:
    """`distances` of a single difference, ``(size,)``."""
    return {name: float(value) for name, value in distances(layout, difference).items()}


def _summary(
    errors: Callable[[Layout, Floats, int], Floats], order: int, summed: Callable[[Floats], Floats]
) -> Callable[[Layout, Floats], Floats]:
    """One number of the errors of all strings, or of all sets of bits, of one order."""
    return lambda layout, difference: np.asarray(summed(errors(layout, difference, order)))


def _largest(errors: Floats) -> Floats:
    return np.asarray(np.abs(errors).max(axis=-1))


def _all() -> dict[str, Distance]:
    z, marginal = (Layout.means, 2), (marginal_distances, 1)
    kinds = (
        (
            "z{}_rms",
            "Z strings of weight {}, rms error",
            z,
            lambda each: np.sqrt((each**2).mean(axis=-1)),
        ),
        ("z{}_max", "Z strings of weight {}, largest error", z, _largest),
        (
            "marginal{}_mean",
            "Marginals of order {}, mean TV",
            marginal,
            lambda each: each.mean(axis=-1),
        ),
        ("marginal{}_max", "Marginals of order {}, largest TV", marginal, _largest),
    )
    found = {
        name.format(order): Distance(
            function=_summary(errors, order, summed),
            title=title.format(order),
            order=order,
            high=high,
        )
        for order in (1, 2, 3)
        for name, title, (errors, high), summed in kinds
    }
    found["weight_spectrum"] = Distance(
        function=spectrum_distance, title="Hamming weight, TV", order=1, high=1
    )
    return found


DISTANCES: Mapping[str, Distance] = MappingProxyType(_all())
"""The distances of a comparison, in the order in which they are shown."""
