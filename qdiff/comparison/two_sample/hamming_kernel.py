"""The exponential kernel on Hamming distance, as distances and as Z strings.

``k(x, y) = exp(-d(x, y) / b) = prod_j r^[x_j != y_j]`` with ``r = exp(-1/b)`` is positive definite
and characteristic: its Walsh-Hadamard expansion has a positive weight on every Z string,

    k(x, y) = sum_S ((1 + r)/2)^(n - |S|) ((1 - r)/2)^|S| chi_S(x) chi_S(y),

``chi_S(x) = prod_{j in S} (-1)^{x_j}``. So the squared discrepancy of two laws is the mean squared
difference of their expectation values of Z strings, each bit being in the string with probability
``(1 - r)/2``: a bandwidth is a choice of how many bits are looked at together (for the Gaussian
kernel, which on bits is this one with ``b = 2 sigma^2``: arXiv:2503.02934). Drawing strings from
that law gives an unbiased linear-time estimate (random features: Rahimi and Recht, NIPS 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data.argument_checks import check_whole, is_between
from qdiff.data.bits import Words
from qdiff.errors import InputError

MEAN_WEIGHTS = (1.0, 2.0, 4.0)
"""Mean weights of the Z strings that the default bandwidths look at, if below a quarter of n."""


@dataclass(frozen=True, kw_only=True)
class HammingKernel:
    """``exp(-d / bandwidth)`` of the Hamming distance d, in bits.

    Raises `InputError` unless `bandwidth` is positive and finite.

    >>> kernel = HammingKernel(bandwidth=2.0)
    >>> kernel.of_distance(np.array([0, 2])).round(4).tolist()
    [1.0, 0.3679]
    """

    bandwidth: float

    def __post_init__(self) -> None:
        if not is_between(self.bandwidth, 0, inf):
            raise InputError(f"a bandwidth must be a positive number, got {self.bandwidth!r}")

    @classmethod
    def of_mean_weight(cls, weight: float, num_bits: int) -> HammingKernel:
        """The kernel whose Z strings have so many bits in the mean; below half of all bits."""
        if not is_between(weight, 0, check_whole(num_bits, "num_bits") / 2):
            raise InputError(f"a mean weight lies between 0 and {num_bits / 2:g}, got {weight!r}")
        return cls(bandwidth=-1 / log(1 - 2 * weight / num_bits))

    def mean_weight(self, num_bits: int) -> float:
        """How many bits the Z strings have in the mean."""
        return num_bits * self._inclusion

    def of_distance(self, distance: NDArray[np.integer]) -> NDArray[np.float64]:
        """The kernel at Hamming distances."""
        return np.asarray(np.exp(-distance / self.bandwidth))

    def strings(self, number: int, num_bits: int, generator: np.random.Generator) -> Words:
        """Z strings drawn from the kernel's weights, packed as bits are, ``(number, words)``."""
        chosen = generator.random((number, num_bits)) < self._inclusion
        return bitorder.pack(chosen.astype(np.uint8))

    @property
    def _inclusion(self) -> float:
        return (1 - exp(-1 / self.bandwidth)) / 2


def default_kernels(num_bits: int) -> tuple[HammingKernel, ...]:
    """Kernels of Z strings of mean weight 1, 2 and 4, or a quarter of the bits where that is less.

    >>> [round(kernel.bandwidth, 2) for kernel in default_kernels(16)]
    [7.49, 3.48, 1.44]
    """
    weights = sorted({min(weight, num_bits / 4) for weight in MEAN_WEIGHTS})
    return tuple(HammingKernel.of_mean_weight(weight, num_bits) for weight in weights)


def signs(words: Words, strings: Words) -> NDArray[np.float32]:
    """``chi_S(x)`` of packed bitstrings and Z strings, ``(m, words), (k, words) -> (m, k)``."""
    folded = np.zeros((len(words), len(strings)), dtype=np.uint64)
    for mine, theirs in zip(words.T, strings.T, strict=True):
        folded ^= mine[:, None] & theirs[None, :]
    odd = np.bitwise_count(folded) & 1
    return 1 - 2 * odd.astype(np.float32)
