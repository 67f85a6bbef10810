r"""The outcome law of a Clifford circuit: uniform over an affine space of bitstrings, at any size.

A stabilizer state measured in the Z basis gives every string of ``offset + span(generators)`` over
GF(2) with the same chance (Dehaene, De Moor, quant-ph/0304125). With the generators in
trellis-oriented form (distinct first and distinct last bits; Kschischang, Sorokine, IEEE Trans.
Inf. Theory 41, 1924 (1995)) it is a chain whose hidden state holds one bit a generator that has
begun and not yet ended: a matrix-product law of the smallest possible bond.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qdiff.errors import InputError
from qdiff.models.matrix_product.law import MatrixProductLaw

Binary = NDArray[np.uint8]

MAX_ACTIVE = 9
"""Generators that may overlap at a cut: a bond of 512."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AffineLaw:
    """Uniform over ``offset + span(generators)``, ``(n,)`` and ``(k, n)`` of 0 and 1.

    >>> ghz = AffineLaw(offset=np.zeros(3, np.uint8), generators=np.ones((1, 3), np.uint8))
    >>> ghz.chain().table().tolist()
    [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]
    """

    offset: Binary
    generators: Binary

    @property
    def num_bits(self) -> int:
        return len(self.offset)

    def chain(self) -> MatrixProductLaw:
        """The law along the bits' own order. Raises `InputError` where the bond exceeds 512."""
        rows = trellis_oriented(self.generators)
        starts = [int(np.flatnonzero(row)[0]) for row in rows]
        ends = [int(np.flatnonzero(row)[-1]) for row in rows]
        active = [
            sum(first <= site < last for first, last in zip(starts, ends, strict=True))
            for site in range(self.num_bits)
        ]
        if max(active, default=0) > MAX_ACTIVE:
            raise InputError(
                f"{max(active)} generators of this Clifford circuit's outcomes overlap, more than "
                f"the {MAX_ACTIVE} that a chain along its bits can carry; fit without the circuit"
            )
        tensors, before = [], list[int]()
        for site in range(self.num_bits):
            fresh = [row for row, start in enumerate(starts) if start == site]
            here = before + fresh
            after = [row for row in here if ends[row] > site]
            tensors.append(self._tensor(rows, site, before, here, after))
            before = after
        return MatrixProductLaw(tensors)

    def _tensor(
        self, rows: Binary, site: int, before: list[int], here: list[int], after: list[int]
    ) -> NDArray[np.float64]:
        """What each state of the generators in use emits, and which state it turns into."""
        tensor = np.zeros((1 << len(before), 2, 1 << len(after)))
        chance = 0.5 ** (len(here) - len(before))
        for state in range(1 << len(here)):
            bits = {row: state >> place & 1 for place, row in enumerate(here)}
            left = sum(bits[row] << place for place, row in enumerate(before))
            right = sum(bits[row] << place for place, row in enumerate(after))
            value = int(self.offset[site]) ^ (sum(bits[r] * int(rows[r, site]) for r in here) & 1)
            tensor[left, value, right] += chance
        return tensor


def trellis_oriented(generators: Binary) -> Binary:
    """Independent rows of the same span, no two of which begin or end at the same bit."""
    rows = [row for row in echelon(generators) if row.any()]
    changed = True
    while changed:
        changed = False
        by_end: dict[int, int] = {}
        for place, row in enumerate(rows):  # by where they begin, the first one first
            end = int(np.flatnonzero(row)[-1])
            if end in by_end:
                rows[by_end[end]] = rows[by_end[end]] ^ row
                changed = True
                break
            by_end[end] = place
    return np.array(rows, dtype=np.uint8).reshape(len(rows), generators.shape[1])


def solve(checks: Binary, values: Binary) -> Binary:
    """Some ``x`` with ``checks x = values`` over GF(2). Raises `InputError` where there is none."""
    joined = echelon(np.column_stack([checks, values]).astype(np.uint8))
    found = np.zeros(checks.shape[1], dtype=np.uint8)
    for row in joined[::-1]:
        places = np.flatnonzero(row[:-1])
        if len(places):
            parity = int(row[:-1] @ found) & 1
            found[places[0]] = int(row[-1]) ^ parity ^ int(found[places[0]])
        elif row[-1]:
            raise InputError("these parity checks contradict each other")
    return found


def echelon(rows: Binary) -> Binary:
    """Reduced row echelon form over GF(2), which is the same for all that span the same space."""
    rows = rows & np.uint8(1)  # a copy
    rank = 0
    for column in range(rows.shape[1]):
        candidates = np.flatnonzero(rows[rank:, column])
        if not len(candidates):
            continue
        pivot = rank + int(candidates[0])
        rows[[rank, pivot]] = rows[[pivot, rank]]
        others = np.flatnonzero(rows[:, column])
        rows[others[others != rank]] ^= rows[rank]
        rank += 1
        if rank == len(rows):
            break
    return rows
