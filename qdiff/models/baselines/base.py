"""What every baseline offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qdiff.data import bits as bitorder
from qdiff.data.bits import Bits, Counts, Floats, Words
from qdiff.data.distribution import Distribution, check_table
from qdiff.data.registers import Register
from qdiff.data.shots import Seed, Shots
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError
from qdiff.models.laws.law import Law

_ROWS = 1 << 17
"""Strings drawn or evaluated at a time, so that memory stays bounded."""

_HELD_OUT = 0.1


class Baseline(ABC):
    """A way to fit a law to shots; its options are its fields."""

    @abstractmethod
    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        """Fit to `shots`.

        Parameters
        ----------
        heldout
            Those of the `shots` that are held out to choose options and the end of training where
            there is something to choose; the rest is trained on. A tenth of them, drawn by `seed`,
            when not given. Baselines that only count use all shots.
        seed
            Decides all that is random.

        Raises `InputError` when there are no shots, or `heldout` is not a part of them.
        """


@dataclass(frozen=True, eq=False, kw_only=True)
class FittedBaseline:
    """A law with the registers of the shots that it was fitted to."""

    law: Law
    registers: tuple[Register, ...]

    @property
    def num_bits(self) -> int:
        return self.law.num_bits

    def log_prob(self, bits: ArrayLike) -> Floats:
        """Natural logarithm of the probability of each row, ``(m, n) -> (m,)``."""
        rows = bitorder.as_bits(bits, self.num_bits)
        return in_blocks(self.law, rows)

    def sample(self, shots: int, *, seed: Seed) -> Shots:
        """Draw `shots` shots. Raises `InputError` for a negative number."""
        if shots < 0:
            raise InputError(f"shots must not be negative, got {shots}")
        if shots == 0:
            return Shots.from_bits(np.empty((0, self.num_bits), np.uint8), registers=self.registers)
        words, counts = self.law.draw(shots, np.random.default_rng(seed))
        return Shots.from_words(words, counts, registers=self.registers)

    def distribution(self) -> Distribution:
        """The whole table. Raises `InputError` for too many bits."""
        check_table(self.num_bits)
        return Distribution(probabilities=self.law.table(), registers=self.registers)


def drawn_in_blocks(num_bits: int, shots: int, rows: Callable[[int], Bits]) -> tuple[Words, Counts]:
    """Distinct strings and how often each was drawn, `rows` drawing so many at a time."""
    tally = StreamingCounts(num_bits)
    for start in range(0, shots, _ROWS):
        tally.add(rows(min(_ROWS, shots - start)))
    return tally.total()


def in_blocks(law: Law, rows: Bits) -> Floats:
    """Log-probabilities of many rows."""
    parts = [law.log_prob(rows[start : start + _ROWS]) for start in range(0, len(rows), _ROWS)]
    return np.concatenate([np.empty(0), *parts])


def tabulated(law: Law) -> Floats:
    """The table of a law that only evaluates strings. Raises `InputError` for too many bits."""
    check_table(law.num_bits)
    table = np.empty(1 << law.num_bits)
    for start in range(0, len(table), _ROWS):
        index = np.arange(start, min(start + _ROWS, len(table)))
        strings = bitorder.unpack(bitorder.from_indices(index), law.num_bits)
        table[index] = np.exp(law.log_prob(strings))
    return table


def check_not_empty(shots: Shots) -> None:
    if shots.num_shots == 0:
        raise InputError("there are no shots to fit")


def check_pseudocount(value: float, *, least: float) -> None:
    if not least <= value < float("inf"):
        raise InputError(f"pseudocount {value!r} is not a number of at least {least:g}")


def parted(shots: Shots, heldout: Shots | None, seed: int) -> tuple[Shots, Shots]:
    """The shots to train on and those held out; neither is empty: one shot serves as both."""
    check_not_empty(shots)
    if heldout is None:
        size = min(max(round(_HELD_OUT * shots.num_shots), 1), shots.num_shots)
        heldout, train = shots.split(size / shots.num_shots, seed=seed)
    else:
        train = without(shots, heldout)
    check_not_empty(heldout)
    return (train if train.num_shots else heldout), heldout


def without(shots: Shots, part: Shots) -> Shots:
    """The `shots` that are not in `part`. Raises `InputError` when `part` is no part of them.

    >>> shots = Shots.from_counts({"00": 3, "01": 1})
    >>> without(shots, Shots.from_counts({"00": 1, "01": 1})).to_counts()
    {'00': 2}
    """
    if part.num_bits != shots.num_bits:
        raise InputError(f"shots of {shots.num_bits} and {part.num_bits} bits do not fit")
    both = np.concatenate([shots.words, part.words])
    distinct, place = np.unique(both, axis=0, return_inverse=True)
    left = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(left, place[: len(shots.words)], shots.counts)
    np.subtract.at(left, place[len(shots.words) :], part.counts)
    if left.size and left.min() < 0:
        raise InputError("the held-out shots are not a part of the shots")
    return Shots.from_words(distinct, left, registers=shots.registers)
