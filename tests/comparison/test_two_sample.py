"""Two-sample tests against brute force, and differences that one alone can see."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from chi_square import FALSE_ALARM
from known_laws import porter_thomas
from quick_fits import FEW_STEPS
from scipy import stats

from qdiff import Distribution, InputError, Shots
from qdiff.comparison import relabelling
from qdiff.comparison.relabelling import Pool, p_value
from qdiff.comparison.two_sample import hamming_kernel
from qdiff.comparison.two_sample.classifier import classifier_test
from qdiff.comparison.two_sample.hamming_kernel import HammingKernel
from qdiff.comparison.two_sample.mmd import mmd_test
from qdiff.data import bits as bitorder

KERNELS = (HammingKernel(bandwidth=0.7), HammingKernel(bandwidth=4.0))


def two_sets(num_bits: int = 4, shots: tuple[int, int] = (40, 60), seed: int = 1) -> list[Shots]:
    law = porter_thomas(num_bits)
    return [law.sample(n, seed=seed + k) for k, n in enumerate(shots)]


def one_by_one(shots: Shots) -> np.ndarray:
    """Every shot as its own row."""
    return np.repeat(shots.bits, shots.counts, axis=0).astype(int)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_kernel_is_its_expansion_in_z_strings(kernel: HammingKernel) -> None:
    strings = bitorder.from_indices(np.arange(32))
    apart = bitorder.hamming_distances(strings, strings)
    signs = hamming_kernel.signs(strings, strings).astype(float)
    ratio = np.exp(-1 / kernel.bandwidth)
    size = np.bitwise_count(np.arange(32))
    weight = ((1 + ratio) / 2) ** (5 - size.astype(int)) * ((1 - ratio) / 2) ** size
    np.testing.assert_allclose((signs * weight) @ signs.T, kernel.of_distance(apart), atol=1e-12)
    assert weight @ size == pytest.approx(kernel.mean_weight(5), abs=1e-12)
    assert weight.sum() == pytest.approx(1, abs=1e-12)


def test_distances_and_signs_across_words() -> None:
    rows = np.random.default_rng(1).integers(0, 2, (20, 130)).astype(np.uint8)
    words = bitorder.pack(rows)
    apart = (rows[:, None] != rows[None, :]).sum(axis=2)
    assert np.array_equal(bitorder.hamming_distances(words, words), apart)
    parity = (rows.astype(int) @ rows.T.astype(int)) % 2
    assert np.array_equal(hamming_kernel.signs(words, words), 1 - 2 * parity)


def test_z_strings_are_drawn_from_the_kernels_weights() -> None:
    kernel = HammingKernel.of_mean_weight(2, 100)
    drawn = bitorder.unpack(kernel.strings(5000, 100, np.random.default_rng(2)), 100)
    weights = drawn.sum(axis=1)
    assert kernel.mean_weight(100) == pytest.approx(2, abs=1e-12)
    observed = np.bincount(np.minimum(weights, 7), minlength=8)
    expected = stats.binom.pmf(np.arange(8), 100, 0.02)
    expected[7] += 1 - expected.sum()
    assert stats.chisquare(observed, 5000 * expected).pvalue > FALSE_ALARM


def test_the_discrepancy_is_the_double_sum_over_shots() -> None:
    first, second = two_sets()
    x, y = one_by_one(first), one_by_one(second)
    found = mmd_test(first, second, kernels=KERNELS, permutations=5)
    for kernel, each in zip(KERNELS, found.bandwidths, strict=True):

        def mean(a: np.ndarray, b: np.ndarray, kernel: HammingKernel = kernel) -> float:
            pairs = [
                np.exp(-(a[i] != b[j]).sum() / kernel.bandwidth)
                for i, j in itertools.product(range(len(a)), range(len(b)))
                if a is not b or i != j
            ]
            return float(np.mean(pairs))

        expected = mean(x, x) + mean(y, y) - 2 * mean(x, y)
        assert each.squared == pytest.approx(expected, abs=1e-12)
        assert each.string_error == 0


def test_random_strings_estimate_the_same_without_bias() -> None:
    first, second = two_sets(5, (300, 200))
    exact = mmd_test(first, second, kernels=KERNELS, permutations=1)
    drawn = [
        mmd_test(first, second, kernels=KERNELS, permutations=1, most_paired=0, seed=seed)
        for seed in range(100)
    ]
    for place, each in enumerate(exact.bandwidths):
        values = np.array([test.bandwidths[place].squared for test in drawn])
        stated = np.mean([test.bandwidths[place].string_error for test in drawn])
        assert abs(values.mean() - each.squared) < 5 * values.std() / 10  # false alarm 6e-7
        assert stated == pytest.approx(values.std(), rel=0.35)  # 5 standard errors of a deviation


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"00": 2, "01": 1, "10": 1}, {"00": 1, "10": 1, "11": 2}),  # few shots a string: shuffled
        ({"00": 1, "01": 9, "10": 1}, {"00": 2, "01": 90, "10": 1, "11": 2}),  # many: drawn
    ],
)
def test_relabellings_are_hypergeometric_across_blocks(
    first: dict[str, int], second: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relabelling, "_BLOCK", 2)
    pooled = Pool.of(Shots.from_counts(first), Shots.from_counts(second))
    parts = list(pooled.relabelled_by_block(20_000, np.random.default_rng(3)))
    drawn = np.hstack([block for _, block in parts])
    size = sum(first.values())
    assert len(parts) == 2
    assert np.array_equal(drawn[0], pooled.first)
    assert (drawn.sum(axis=1) == size).all()
    law = stats.multivariate_hypergeom(pooled.together, size)
    most = np.minimum(pooled.together, size)
    cells = [c for c in itertools.product(*(range(n + 1) for n in most)) if sum(c) == size]
    observed = np.array([(drawn[1:] == cell).all(axis=1).sum() for cell in cells])
    expected = np.array([20_000 * law.pmf(cell) for cell in cells])
    rare = expected < 5
    pooled_cells = [np.r_[each[~rare], each[rare].sum()] for each in (observed, expected)]
    assert rare.sum() < len(cells) - 2
    kept = pooled_cells[1] > 0
    assert stats.chisquare(*(each[kept] for each in pooled_cells)).pvalue > FALSE_ALARM


def test_a_p_value_counts_ties() -> None:
    assert p_value(np.array([1.0, 0.0, 1.0, 2.0])) == 0.75
    assert p_value(np.array([3.0, 0.0, 1.0, 2.0])) == 0.25
    assert p_value(np.zeros(20)) == 1


def test_a_classifier_finds_a_parity_that_no_pair_of_bits_shows() -> None:
    even = np.bitwise_count(np.arange(8)) % 2 == 0
    table = np.where(even, 0.6, 0.4) / 4
    first = Distribution(probabilities=table).sample(10_000, seed=1)
    second = Distribution(probabilities=np.full(8, 1 / 8)).sample(10_000, seed=2)
    found = classifier_test(first, second, seed=3)
    assert found.p_value == 0.001
    assert found.accuracy > found.accuracy_null[1]
    assert found.heldout == (5000, 5000)
    both = 2 * (0.6 * np.log(1.2) + 0.4 * np.log(0.8))  # about the sum of both KL divergences
    assert 0.5 * both < found.logit_difference < 1.5 * both


@pytest.mark.parametrize(
    "test",
    [mmd_test, functools.partial(classifier_test, training=FEW_STEPS)],
    ids=["mmd", "classifier"],
)
def test_the_same_seed_gives_the_same_result(test: Callable[..., object]) -> None:
    first, second = two_sets()
    assert test(first, second, seed=1) == test(first, second, seed=1)
    assert test(first, second, seed=1) != test(first, second, seed=2)


def test_many_bits() -> None:
    rows = np.random.default_rng(9).random((3000, 200)) < 0.3
    first, second = Shots.from_bits(rows[:1500]), Shots.from_bits(rows[1500:])
    shifted = rows[1500:].copy()
    shifted[:, :30] ^= np.random.default_rng(1).random((1500, 30)) < 0.2
    options = {"permutations": 99, "most_paired": 1000}
    assert mmd_test(first, second, **options).p_value > 0.01
    assert mmd_test(first, Shots.from_bits(shifted), **options).p_value == 0.01
    assert "Z strings" in mmd_test(first, second, **options).estimator


def test_one_string_only_is_no_difference() -> None:
    ones = Shots.from_counts({"11": 20})
    assert mmd_test(ones, ones).p_value == 1
    assert classifier_test(ones, ones, training=FEW_STEPS).p_value == 1


def test_what_cannot_be_compared_is_refused() -> None:
    first, second = two_sets()
    single = Shots.from_counts({"0000": 1})
    for test in (mmd_test, classifier_test):
        with pytest.raises(InputError, match="bits"):
            test(first, Shots.from_counts({"0": 5}))
        with pytest.raises(InputError, match="two shots"):
            test(first, single)
        with pytest.raises(InputError, match="Shots"):
            test(first, porter_thomas(4))
        with pytest.raises(InputError, match="permutations"):
            test(first, second, permutations=0)
    with pytest.raises(InputError, match="1e9"):
        mmd_test(first, Shots.from_counts({"0000": 10**9}))
    with pytest.raises(InputError, match="at least 10 shots"):
        classifier_test(first, Shots.from_counts({"0000": 5}))
    with pytest.raises(InputError, match="width"):
        classifier_test(first, second, width=0)
    with pytest.raises(InputError, match="HammingKernel"):
        mmd_test(first, second, kernels=[])
    for wrong in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(InputError, match="bandwidth"):
            HammingKernel(bandwidth=wrong)
    with pytest.raises(InputError, match="mean weight"):
        HammingKernel.of_mean_weight(3, 4)
