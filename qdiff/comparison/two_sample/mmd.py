"""Maximum mean discrepancy of two sets of shots (Gretton et al., JMLR 13, 723 (2012)).

``MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)`` for the kernel on Hamming distance. The estimate
is the unbiased one (no shot is paired with itself): its mean is zero for equal laws, so it is often
negative there. Up to `MOST_PAIRED` distinct strings all pairs are summed. Beyond, the kernel itself
is replaced by that of `Z_STRINGS` random Z strings a bandwidth: the estimate stays unbiased, its
error from the strings drawn is stated, and its time and memory are linear in the strings.

Several bandwidths are tested at once. Each one's values, as labelled and relabelled together, are
brought to mean zero and variance one, and the largest is the statistic; the standardisation does
not know which labelling is the observed one, so the p-value is exact (cf. Schrab et al., JMLR 24,
194 (2023)).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from qdiff.comparison.relabelling import Pool, check_sets, p_value
from qdiff.comparison.two_sample.hamming_kernel import HammingKernel, default_kernels, signs
from qdiff.data.argument_checks import MOST_REPLICATES, check_whole, generator_of
from qdiff.data.bits import Floats, hamming_distances
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError

MOST_PAIRED = 4096
"""Up to so many distinct strings all pairs are summed."""

Z_STRINGS = 1024
"""Random Z strings a bandwidth beyond that."""

_EXACT_SINGLE = 1 << 24
"""Whole numbers below this add up exactly in single precision."""


@dataclass(frozen=True, kw_only=True)
class Discrepancy:
    """The discrepancy at one bandwidth.

    Attributes
    ----------
    bandwidth, mean_weight
        Of the kernel, in bits; and how many bits its Z strings have in the mean.
    squared
        The unbiased estimate of MMD^2, between the mean squares of differences of Z strings.
    string_error
        Its standard error from the random Z strings; 0 where all pairs were summed.
    null_deviation
        Its standard deviation over relabellings, about a mean of zero.
    p_value
        Of this bandwidth alone.
    """

    bandwidth: float
    mean_weight: float
    squared: float
    string_error: float
    null_deviation: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class MMDTest:
    """`p_value` is of all bandwidths together; `estimator` says in words how it was got."""

    p_value: float
    bandwidths: tuple[Discrepancy, ...]
    permutations: int
    estimator: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "bandwidths": [asdict(found) for found in self.bandwidths]}


def mmd_test(
    first: Shots,
    second: Shots,
    *,
    kernels: Sequence[HammingKernel] | None = None,
    permutations: int = 499,
    seed: Seed = 0,
    most_paired: int = MOST_PAIRED,
) -> MMDTest:
    """Test whether two sets of shots are from one law, by their maximum mean discrepancy.

    Parameters
    ----------
    kernels
        `HammingKernel` of the bandwidths; those of Z strings of mean weight 1, 2 and 4 if not given
        (a quarter of the bits where that is less).
    permutations
        Random relabellings; the least p-value is one over one more.
    seed
        Decides relabellings and Z strings.
    most_paired
        Up to so many distinct strings all pairs are summed; beyond, random Z strings are used.

    Raises `InputError` for sets of other bits or of fewer than two shots, and bad options.

    >>> fair = Shots.from_counts({"00": 25, "01": 25, "10": 25, "11": 25})
    >>> mmd_test(fair, Shots.from_counts({"00": 50, "11": 50})).p_value
    0.002
    """
    times = check_whole(permutations, "permutations", most=MOST_REPLICATES)
    generator = generator_of(seed)
    most_paired = check_whole(most_paired, "most_paired", least=0)
    check_sets(first, second)
    pool = Pool.of(first, second)
    tried = default_kernels(pool.num_bits) if kernels is None else _checked(kernels)
    distinct = len(pool.words)
    if distinct <= most_paired:
        found, errors = _all_pairs(pool, tried, times, generator), [0.0] * len(tried)
        estimator = f"all pairs of {distinct:,} distinct strings"
    else:
        found, errors = _random_strings(pool, tried, times, generator)
        estimator = f"{Z_STRINGS:,} random Z strings a bandwidth, {distinct:,} distinct bitstrings"
    each = zip(tried, found.T, errors, strict=True)
    return MMDTest(
        p_value=p_value(_standardised(found).max(axis=1)),
        bandwidths=tuple(_discrepancy(*one, pool.num_bits) for one in each),
        permutations=times,
        estimator=estimator,
    )


def _discrepancy(kernel: HammingKernel, values: Floats, error: float, num_bits: int) -> Discrepancy:
    """From the estimate of one kernel, as labelled and relabelled, ``(times + 1,)``."""
    return Discrepancy(
        bandwidth=kernel.bandwidth,
        mean_weight=kernel.mean_weight(num_bits),
        squared=float(values[0]),
        string_error=error,
        null_deviation=float(values[1:].std()),
        p_value=p_value(values),
    )


def _checked(kernels: object) -> tuple[HammingKernel, ...]:
    tried = tuple(kernels) if isinstance(kernels, Iterable) else ()
    if not tried or not all(isinstance(kernel, HammingKernel) for kernel in tried):
        raise InputError(f"kernels must be a list of one or more HammingKernel, got {kernels!r}")
    return tried


def _all_pairs(
    pool: Pool, kernels: Sequence[HammingKernel], times: int, generator: np.random.Generator
) -> Floats:
    """The estimate as labelled and relabelled, for each kernel, ``(times + 1, kernels)``."""
    first = np.hstack([drawn for _, drawn in pool.relabelled_by_block(times, generator)]).astype(
        float
    )
    counts = pool.together.astype(float)
    apart = hamming_distances(pool.words, pool.words)
    values = []
    for kernel in kernels:
        gram = kernel.of_distance(apart)
        towards_all = gram @ counts
        own = np.einsum("ts,ts->t", first @ gram, first)
        cross = first @ towards_all - own
        values.append(_unbiased(own, counts @ towards_all - own - 2 * cross, cross, pool.sizes))
    return np.stack(values, axis=1)


def _random_strings(
    pool: Pool, kernels: Sequence[HammingKernel], times: int, generator: np.random.Generator
) -> tuple[Floats, list[float]]:
    """The same from random Z strings, and the error of the first row from which were drawn."""
    strings = np.concatenate(
        [kernel.strings(Z_STRINGS, pool.num_bits, generator) for kernel in kernels]
    )
    fine = np.float64 if int(pool.together.sum()) >= _EXACT_SINGLE else np.float32

    def features(part: slice) -> Any:
        return signs(pool.words[part], strings).astype(fine, copy=False)

    first, total = pool.sums(features, times, generator)
    second = total - first
    each = _unbiased(first**2, second**2, first * second, pool.sizes)
    grouped = each.reshape(times + 1, len(kernels), Z_STRINGS)
    errors = grouped[0].std(axis=1, ddof=1) / np.sqrt(Z_STRINGS)
    return grouped.mean(axis=2), errors.tolist()


def _unbiased(own: Floats, other: Floats, cross: Floats, sizes: tuple[int, int]) -> Floats:
    """MMD^2 from sums of the kernel over all pairs; a shot's kernel with itself is 1."""
    m, n = sizes
    return (own - m) / (m * (m - 1)) + (other - n) / (n * (n - 1)) - 2 * cross / (m * n)


def _standardised(values: Floats) -> Floats:
    """Each column at mean zero and variance one; a column that never varies is zero."""
    spread = values.std(axis=0)
    scale = np.where(spread > 1e-12, spread, np.inf)
    return np.asarray((values - values.mean(axis=0)) / scale)
