"""Baselines that count: the histogram, independent bits, and the uniform law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.pair_statistics import bit_counts
from qdiff.data.shots import Shots
from qdiff.models.baselines.base import (
    Baseline,
    FittedBaseline,
    check_not_empty,
    check_pseudocount,
    drawn_in_blocks,
    tabulated,
)
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.law import AnyOrderLaw, Law
from qdiff.models.laws.mixture import Mixture


class ProductLaw(AnyOrderLaw):
    """Independent bits: `one` is the probability of a 1 at each, ``(n,)``.

    >>> ProductLaw([0.5, 0.25]).table().round(3).tolist()
    [0.375, 0.375, 0.125, 0.125]
    """

    def __init__(self, one: ArrayLike) -> None:
        self.one: Floats = np.asarray(one, dtype=np.float64)
        self.num_bits = len(self.one)

    def log_prob(self, bits: Bits) -> Floats:
        with np.errstate(divide="ignore"):
            log_zero, log_one = np.log1p(-self.one), np.log(self.one)
        return np.asarray(np.where(bits, log_one, log_zero).sum(axis=1))

    def table(self) -> Floats:
        return tabulated(self)

    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        def rows(number: int) -> Bits:
            return (generator.random((number, self.num_bits)) < self.one).astype(np.uint8)

        return drawn_in_blocks(self.num_bits, shots, rows)

    def marginal(self, bits: Sequence[int]) -> Floats:
        return ProductLaw(self.one[list(bits)]).table()

    def condition(self, given: Mapping[int, int]) -> tuple[float, ProductLaw]:
        bits = list(given)
        values = np.array([[given[bit] for bit in bits]], dtype=np.uint8)
        one = self.one.copy()
        one[bits] = values[0]
        return float(ProductLaw(self.one[bits]).log_prob(values)[0]), ProductLaw(one)


def with_uniform(law: Law, shots: Shots, pseudocount: float) -> FittedBaseline:
    """A law fitted to `shots`, mixed with the uniform one: `pseudocount` shots a string."""
    uniform = ProductLaw(np.full(shots.num_bits, 0.5))
    weights = [float(shots.num_shots), pseudocount * 2.0**shots.num_bits]
    return FittedBaseline(law=Mixture([law, uniform], weights), registers=shots.registers)


@dataclass(frozen=True, kw_only=True)
class Histogram(Baseline):
    """The histogram, every count raised by `pseudocount` (1/2: Krichevsky-Trofimov).

    ``(c(x) + k) / (N + k 2^n)`` is a mixture of the shots themselves and the uniform law.
    """

    pseudocount: float = 0.5

    def __post_init__(self) -> None:
        check_pseudocount(self.pseudocount, least=0.0)

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        check_not_empty(shots)
        return with_uniform(HistogramLaw(shots), shots, self.pseudocount)


@dataclass(frozen=True, kw_only=True)
class Uniform(Baseline):
    """All strings alike; of the shots only the number of bits is used."""

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        law = ProductLaw(np.full(shots.num_bits, 0.5))
        return FittedBaseline(law=law, registers=shots.registers)


@dataclass(frozen=True, kw_only=True)
class IndependentBits(Baseline):
    """Each bit with its own frequency of ones, ``(c + k) / (N + 2 k)``."""

    pseudocount: float = 0.5

    def __post_init__(self) -> None:
        check_pseudocount(self.pseudocount, least=0.0)

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        check_not_empty(shots)
        return FittedBaseline(law=ProductLaw(self.ones(shots)), registers=shots.registers)

    def ones(self, shots: Shots) -> Floats:
        """The smoothed frequency of ones of each bit, ``(n,)``."""
        return (bit_counts(shots) + self.pseudocount) / (shots.num_shots + 2 * self.pseudocount)
