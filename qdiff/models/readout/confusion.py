"""Readout as a layer: a law before readout in, the law of what is read out.

A `Confusion` is a product of small stochastic matrices, on one bit or on a pair of bits, applied
one after another. Nothing of size ``2^n x 2^n`` is ever built: a table of ``2^n`` probabilities
passes through in ``O(n 2^n)``, and so does the adjoint, which is what derivatives and
expectation-maximisation need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from qdiff.data.argument_checks import (
    check_bit,
    check_bits,
    check_is,
    check_list,
    check_numbers,
    check_whole,
    is_number,
    shown,
)
from qdiff.data.bits import Floats
from qdiff.errors import InputError

Bit = int

_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Factor:
    """A stochastic matrix on one bit or two, ``matrix[read, true]``; columns sum to one.

    The first of `bits` is the least significant one of the matrix's indices.
    """

    bits: tuple[Bit, ...]
    matrix: Floats

    def __post_init__(self) -> None:
        size = 1 << len(self.bits)
        if len(self.bits) not in (1, 2) or len(set(self.bits)) != len(self.bits):
            raise InputError(f"a readout factor acts on one bit or two, got {self.bits}")
        if self.matrix.shape != (size, size):
            raise InputError(f"bits {self.bits} need a {size} x {size} matrix")
        proper = self.matrix.min() >= 0 and np.allclose(
            self.matrix.sum(axis=0), 1, atol=_TOLERANCE, rtol=0
        )
        if not proper:
            raise InputError(f"columns of the readout of bits {self.bits} must sum to one")


@dataclass(frozen=True, eq=False, kw_only=True)
class Confusion:
    """What readout does to ``num_bits`` bits: `factors` in the order they act.

    >>> flips = Confusion.independent([0.1, 0.0], [0.2, 0.0])
    >>> flips.apply(np.array([1.0, 0, 0, 0])).tolist()
    [0.9, 0.1, 0.0, 0.0]
    """

    num_bits: int
    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        check_whole(self.num_bits, "num_bits")
        object.__setattr__(self, "factors", tuple(check_list(self.factors, "factors")))
        for factor in self.factors:
            check_is(factor, Factor, "each of factors")
            if not all(0 <= bit < self.num_bits for bit in factor.bits):
                raise InputError(f"there are no bits {factor.bits} among {self.num_bits}")

    @classmethod
    def independent(cls, one_given_zero: ArrayLike, zero_given_one: ArrayLike) -> Confusion:
        """Each bit by itself: ``P(read 1 | 0)`` and ``P(read 0 | 1)``, one number a bit.

        Raises `InputError` for chances outside 0 to 1 and for lists of different lengths.
        """
        ups = _chances(one_given_zero, "one_given_zero")
        downs = _chances(zero_given_one, "zero_given_one")
        if len(ups) != len(downs):
            raise InputError(
                f"readout needs P(1|0) and P(0|1) of every bit, got {len(ups)} and {len(downs)}"
            )
        matrices = [
            np.array([[1 - up, down], [up, 1 - down]]) for up, down in zip(ups, downs, strict=True)
        ]
        factors = tuple(Factor(bits=(bit,), matrix=m) for bit, m in enumerate(matrices))
        return cls(num_bits=len(factors), factors=factors)

    def with_pair_flips(self, pairs: Sequence[tuple[Bit, Bit]], rates: ArrayLike) -> Confusion:
        """Then both bits of each pair flip together, with the pair's rate.

        Raises `InputError` for rates outside 0 to 1, or of another number than there are pairs.
        """
        together, chances = np.eye(4)[::-1], _chances(rates, "rates")
        for pair in check_list(pairs, "pairs"):
            self._checked(pair)
        if len(chances) != len(pairs):
            raise InputError(f"{len(pairs)} pairs need as many rates, got {len(chances)}")
        extra = tuple(
            Factor(bits=(pair[0], pair[1]), matrix=(1 - rate) * np.eye(4) + rate * together)
            for pair, rate in zip(pairs, chances, strict=True)
        )
        return Confusion(num_bits=self.num_bits, factors=(*self.factors, *extra))

    @property
    def is_independent(self) -> bool:
        """Whether every factor is on one bit."""
        return all(len(factor.bits) == 1 for factor in self.factors)

    def reaching(self, bits: Sequence[Bit]) -> list[Bit]:
        """The bits whose readouts hang together with those of `bits`, themselves included."""
        found = set(self._checked(bits))
        while True:
            touched = [set(factor.bits) for factor in self.factors if found & set(factor.bits)]
            more = found.union(*touched)
            if more == found:
                return sorted(found)
            found = more

    def restricted(self, bits: Sequence[Bit]) -> Confusion:
        """What readout does to `bits` alone, in that order.

        Raises `InputError` where some factor couples them to another bit.
        """
        place = {bit: number for number, bit in enumerate(self._checked(bits))}
        kept = [factor for factor in self.factors if set(factor.bits) & set(place)]
        for factor in kept:
            if not set(factor.bits) <= set(place):
                raise InputError(f"the readout of bits {factor.bits} hangs together")
        moved = [
            Factor(bits=tuple(place[bit] for bit in factor.bits), matrix=factor.matrix)
            for factor in kept
        ]
        return Confusion(num_bits=len(place), factors=tuple(moved))

    def apply(self, law: Floats) -> Floats:
        """``R p``, ``(2^n,) -> (2^n,)``."""
        law = self._table(law, "law")
        for factor in self.factors:
            law = _multiply(factor.matrix, factor.bits, law)
        return law

    def adjoint(self, values: Floats) -> Floats:
        """``R^T v``: the mean of `values` over what is read, for each true string."""
        values = self._table(values, "values")
        for factor in reversed(self.factors):
            values = _multiply(factor.matrix.T, factor.bits, values)
        return values

    def pulled_back(self, values: Floats) -> Floats:
        """``R^-T v``: what to average over read strings to get the mean of `values` before readout.

        Unbiased, with a variance that grows with every inverted bit. Raises `InputError` for a
        readout that loses information.
        """
        values = self._table(values, "values")
        for factor in self.factors:
            values = _multiply(_inverse(factor).T, factor.bits, values)
        return values

    def inverted(self, law: Floats) -> Floats:
        """``R^-1 q``: plain matrix inversion, which may be negative. Raises as `pulled_back`."""
        law = self._table(law, "law")
        for factor in reversed(self.factors):
            law = _multiply(_inverse(factor), factor.bits, law)
        return law

    def of_bit(self, bit: Bit) -> Floats:
        """The product of the one-bit factors on `bit`, ``(2, 2)``."""
        check_bit(bit, self.num_bits)
        matrix = np.eye(2)
        for factor in self.factors:
            if factor.bits == (bit,):
                matrix = factor.matrix @ matrix
        return matrix

    def matrix(self) -> Floats:
        """All of ``R``, ``(2^n, 2^n)``; for tests and a dozen bits at most."""
        columns = np.eye(1 << self.num_bits)
        return np.stack([self.apply(column) for column in columns], axis=1)

    def _checked(self, bits: object) -> list[Bit]:
        return check_bits(bits, self.num_bits)

    def _table(self, values: object, name: str) -> Floats:
        return check_numbers(values, name, shape=(1 << self.num_bits,))


def _chances(values: object, name: str) -> Floats:
    """One-dimensional and between 0 and 1."""
    name = f"{name}, chances between 0 and 1,"
    found = check_numbers([values] if is_number(values) else values, name)
    if not ((found >= 0) & (found <= 1)).all():
        raise InputError(f"{name} must be so, got {shown(values)}")
    return found


def _inverse(factor: Factor) -> Floats:
    try:
        return np.asarray(np.linalg.inv(factor.matrix))
    except np.linalg.LinAlgError:
        raise InputError(f"the readout of bits {factor.bits} cannot be undone") from None


def _multiply(matrix: Floats, bits: tuple[Bit, ...], values: Floats) -> Floats:
    """`matrix` on the bits of a table."""
    size = len(values)
    if len(bits) == 1:
        cube = values.reshape(size >> (bits[0] + 1), 2, 1 << bits[0])
        return np.asarray(np.einsum("ij,ajb->aib", matrix, cube).reshape(size))
    low, high = min(bits), max(bits)
    cube = values.reshape(size >> (high + 1), 2, 1 << (high - low - 1), 2, 1 << low)
    four = matrix.reshape(2, 2, 2, 2)  # (read second, read first, true second, true first)
    if bits[0] == low:
        found = np.einsum("pqrs,arbsc->apbqc", four, cube)
    else:
        found = np.einsum("pqrs,asbrc->aqbpc", four, cube)
    return np.asarray(found.reshape(size))
