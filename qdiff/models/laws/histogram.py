"""The shots themselves as a law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.distribution import draw_counts
from qdiff.data.shots import Shots
from qdiff.models.laws.law import AnyOrderLaw


class HistogramLaw(AnyOrderLaw):
    """The relative frequencies of a set of shots; strings never seen have probability zero."""

    def __init__(self, shots: Shots) -> None:
        self.num_bits = shots.num_bits
        self.shots = shots

    def log_prob(self, bits: Bits) -> Floats:
        seen = _as_records(self.shots.words)
        asked = _as_records(bitorder.pack(bits))
        order = np.argsort(seen)
        place = np.minimum(np.searchsorted(seen, asked, sorter=order), len(seen) - 1)
        row = order[place]
        found = seen[row] == asked
        with np.errstate(divide="ignore"):
            return np.log(np.where(found, self.shots.counts[row] / self.shots.num_shots, 0.0))

    def table(self) -> Floats:
        table = np.zeros(1 << self.num_bits)
        table[self.shots.indices] = self.shots.counts / self.shots.num_shots
        return table

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        return self.shots.words, draw_counts(
            self.shots.counts / self.shots.num_shots, shots, generator
        )

    def marginal(self, bits: Sequence[int]) -> Floats:
        kept = self.shots.select(bits)
        table = np.zeros(1 << len(bits))
        table[kept.indices] = kept.counts / kept.num_shots
        return table

    def condition(self, given: Mapping[int, int]) -> tuple[float, HistogramLaw]:
        rows = self.shots.bits
        agrees = (rows[:, [*given]] == [*given.values()]).all(axis=1)
        kept = Shots(
            words=self.shots.words[agrees],
            counts=self.shots.counts[agrees],
            registers=self.shots.registers,
        )
        with np.errstate(divide="ignore"):
            return float(np.log(kept.num_shots / self.shots.num_shots)), HistogramLaw(kept)


def _as_records(words: Words) -> NDArray[np.void]:
    """Rows of words as single comparable items."""
    return np.ascontiguousarray(words).view([("", words.dtype)] * words.shape[1])[:, 0]
