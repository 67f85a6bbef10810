"""A law of few bits: the table of all its probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.distribution import marginal_table
from qdiff.models.laws.law import AnyOrderLaw


class TableLaw(AnyOrderLaw):
    """A law given by the logarithms of its ``2^n`` probabilities."""

    def __init__(self, log_probabilities: Floats) -> None:
        self.num_bits = len(log_probabilities).bit_length() - 1
        self.log_probabilities = log_probabilities

    @classmethod
    def of(cls, probabilities: Floats) -> TableLaw:
        """The law of a table of probabilities, zeros allowed."""
        with np.errstate(divide="ignore"):
            return cls(np.log(probabilities))

    def log_prob(self, bits: Bits) -> Floats:
        return self.log_probabilities[bitorder.to_indices(bitorder.pack(bits), self.num_bits)]

    def table(self) -> Floats:
        return np.exp(self.log_probabilities)

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Many shots by conditional binomials, few by searching the cumulative sum."""
        if shots >= len(self._probabilities):
            counts = generator.multinomial(shots, self._probabilities)
            seen = np.flatnonzero(counts)
            return bitorder.from_indices(seen), counts[seen]
        return _draw_by_search(self._cumulative, shots, generator)

    def marginal(self, bits: Sequence[int]) -> Floats:
        return marginal_table(self._probabilities, bits)

    def condition(self, given: Mapping[int, int]) -> tuple[float, TableLaw]:
        index = np.arange(len(self.log_probabilities))
        agrees = np.ones(len(index), dtype=bool)
        for bit, value in given.items():
            agrees &= (index >> bit & 1) == value
        logs = np.where(agrees, self.log_probabilities, -np.inf)
        total = float(np.logaddexp.reduce(logs[agrees]))
        return total, TableLaw(logs - total if np.isfinite(total) else logs)

    @cached_property
    def _probabilities(self) -> Floats:
        table = self.table()
        return np.asarray(table / table.sum())  # float64 dust

    @cached_property
    def _cumulative(self) -> Floats:
        return np.cumsum(self._probabilities)


def _draw_by_search(
    cumulative: Floats, shots: int, generator: np.random.Generator
) -> tuple[Words, Counts]:
    """Distinct outcomes in order, and how often each was drawn.

    Sorted uniforms, made of exponential spacings (Devroye, Non-Uniform Random Variate Generation,
    1986, section V.2), walk through the table once instead of jumping about in it.
    """
    spacings = np.cumsum(generator.standard_exponential(shots + 1))
    uniforms = spacings[:-1] * (cumulative[-1] / spacings[-1])
    drawn = np.searchsorted(cumulative, uniforms, side="right")
    drawn = np.minimum(drawn, len(cumulative) - 1)
    starts = np.flatnonzero(np.r_[True, drawn[1:] != drawn[:-1]])
    return bitorder.from_indices(drawn[starts]), np.diff(np.r_[starts, shots])
