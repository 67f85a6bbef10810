"""What a law over bitstrings offers: it is sampled, evaluated and tabulated exactly.

A surrogate is a mixture of such laws. Everything here is float64 and counts, never rows a shot.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from qdiff.data.bits import Bits, Counts, Floats, Words


class Law(ABC):
    """An exactly normalised law over strings of ``num_bits`` bits."""

    num_bits: int

    @abstractmethod
    def log_prob(self, bits: Bits) -> Floats:
        """Natural logarithm of the probability of each row, ``(m, n) -> (m,)``."""

    @abstractmethod
    def table(self) -> Floats:
        """All ``2^n`` probabilities, indexed by ``sum_j x_j 2^j``."""

    @abstractmethod
    def draw(self, shots: int, generator: np.random.Generator) -> tuple[Words, Counts]:
        """Packed strings, not necessarily distinct, and how often each was drawn."""


class AnyOrderLaw(Law):
    """A law that also answers about any subset of its bits."""

    @abstractmethod
    def marginal(self, bits: Sequence[int]) -> Floats:
        """The ``2^k`` probabilities of ``k`` of the bits, indexed in the order asked for."""

    @abstractmethod
    def condition(self, given: Mapping[int, int]) -> tuple[float, AnyOrderLaw]:
        """The log-probability of some bits' values, and the law of all bits given them."""
