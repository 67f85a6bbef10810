"""What a picture asks of a law or of shots; of many bits, where no table is, the same of shots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.few_body.moments import Moments
from qdiff.data import bits as bitorder
from qdiff.data import pair_statistics as pairwise
from qdiff.data.bits import Bits, Floats, Words
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.plotting.palette import Role
from qdiff.report.pictures.picture import printable

LogProb = Callable[[Bits], Floats]


class View(ABC):
    """A law or shots, with the name and the role that pictures show it under. See `view`."""

    def __init__(self, data: Shots | Distribution, role: Role, label: str) -> None:
        self.role, self.label = role, printable(label)
        self.num_bits, self.registers = data.num_bits, data.registers

    @abstractmethod
    def probabilities(self, words: Words) -> Floats:
        """Of the strings in packed rows, ``(m, w) -> (m,)``."""

    @abstractmethod
    def likeliest(self, count: int) -> Words:
        """At most `count` strings, the likeliest first."""

    @abstractmethod
    def ranked(self) -> Floats:
        """All probabilities or frequencies from large to small."""

    @abstractmethod
    def pairs(self) -> Floats:
        """How likely bits i and j are both 1, ``(n, n)``."""

    @abstractmethod
    def weights(self) -> Floats:
        """How likely each number of ones is, ``(n + 1,)``."""

    def error(self, probabilities: Floats) -> Floats | None:
        """One standard error of frequencies near `probabilities`; None for a law."""
        return None

    def repeats(self) -> bool:
        """Whether some strings are known to be likelier than others."""
        return True


class TableView(View):
    """A law whose probabilities are all known."""

    def __init__(self, data: Distribution, role: Role, label: str) -> None:
        super().__init__(data, role, label)
        self._data, self._table = data, data.probabilities

    def probabilities(self, words: Words) -> Floats:
        return self._table[bitorder.to_indices(words, self.num_bits)]

    def likeliest(self, count: int) -> Words:
        return self._data.likeliest(count)[0]

    def ranked(self) -> Floats:
        return np.sort(self._table)[::-1]

    def pairs(self) -> Floats:
        return self._moments.both_ones()

    def weights(self) -> Floats:
        return self._moments.spectrum

    @cached_property
    def _moments(self) -> Moments:
        return Moments.of(self._data)


class ShotsView(View):
    """Frequencies among shots; with `log_prob`, single strings have the law's own probability."""

    def __init__(
        self, data: Shots, role: Role, label: str, log_prob: LogProb | None = None
    ) -> None:
        if not data.num_shots:
            raise InputError("there are no shots to draw")
        super().__init__(data, role, label)
        self._shots, self._log_prob = data, log_prob

    def probabilities(self, words: Words) -> Floats:
        if self._log_prob is not None:
            return np.exp(self._log_prob(bitorder.unpack(words, self.num_bits)))
        counts = [self._shots.counts[self._places(row)].sum() for row in words]
        return np.array(counts) / self._shots.num_shots

    def likeliest(self, count: int) -> Words:
        return self._shots.likeliest(count)[0]

    def ranked(self) -> Floats:
        return np.sort(self._shots.counts)[::-1] / self._shots.num_shots

    def pairs(self) -> Floats:
        return pairwise.pair_counts(self._shots) / self._shots.num_shots

    def weights(self) -> Floats:
        ones = np.bitwise_count(self._shots.words).sum(axis=1, dtype=np.int64)
        counts = np.bincount(ones, weights=self._shots.counts, minlength=self.num_bits + 1)
        return counts / self._shots.num_shots

    def error(self, probabilities: Floats) -> Floats | None:
        if self._log_prob is not None:
            return None
        return np.sqrt(probabilities * (1 - probabilities) / self._shots.num_shots)

    def repeats(self) -> bool:
        return self._log_prob is not None or int(self._shots.counts.max()) > 1

    def _places(self, row: Words) -> NDArray[np.intp]:
        return np.flatnonzero((self._shots.words == row).all(axis=1))


def view(
    data: Shots | Distribution, role: Role, label: str, *, log_prob: LogProb | None = None
) -> View:
    """`data` as a picture sees it.

    `log_prob` is that of the law that shots were drawn from, if it is known: single strings are
    then drawn at their own probability rather than at their frequency.

    Raises `InputError` for empty shots.
    """
    if isinstance(data, Distribution):
        return TableView(data, role, label)
    return ShotsView(data, role, label, log_prob)
