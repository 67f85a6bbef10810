"""Few-body statistics by independent routes, and what their replicates are worth."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from known_laws import porter_thomas
from numpy.typing import NDArray

from qdiff import Distribution, Shots
from qdiff.comparison.few_body.distances import DISTANCES, distance_values, distances
from qdiff.comparison.few_body.estimates import affordable_over_rows, intervals, table_replicates
from qdiff.comparison.few_body.moments import Moments, of_table, row_sums
from qdiff.comparison.few_body.z_string_sets import MAX_TRIPLES, Layout, pair_rank, unrank
from qdiff.comparison.metrics import table_metrics as metrics
from qdiff.models.baselines.counting import ProductLaw

Table = NDArray[np.float64]


def brute_z(table: Table, bits: tuple[int, ...]) -> float:
    """The mean of a Z string, one outcome at a time."""
    return sum(p * (-1) ** sum(x >> bit & 1 for bit in bits) for x, p in enumerate(table.tolist()))


def test_unranking_is_the_colexicographic_order() -> None:
    for num_bits, order in product((3, 4, 9), (1, 2, 3)):
        listed = sorted(combinations(range(num_bits), order), key=lambda bits: bits[::-1])
        found = unrank(np.arange(len(listed)), order, num_bits)
        assert found.tolist() == [list(bits) for bits in listed]
    pairs = Layout.of(9).strings[1]
    assert (pair_rank(pairs[:, 0], pairs[:, 1]) == np.arange(36)).all()


@pytest.mark.parametrize("num_bits", [1, 2, 3, 30, 31, 127, 400])
def test_layouts_have_all_singles_and_pairs_and_as_many_triples_as_fit(num_bits: int) -> None:
    layout = Layout.of(num_bits)
    for order, strings in enumerate(layout.strings, start=1):
        assert (np.diff(strings, axis=1) > 0).all()
        assert len(np.unique(strings, axis=0)) == len(strings)
        assert strings.min() >= 0
        assert strings.max() < num_bits
        complete = order < 3 or num_bits <= 30
        assert len(strings) == (layout.existing[order - 1] if complete else MAX_TRIPLES)
    assert len(layout.strings) == min(num_bits, 3)


def test_drawn_triples_are_spread_over_all_bits() -> None:
    times = np.bincount(Layout.of(127).strings[2].ravel(), minlength=127)
    mean = 3 * MAX_TRIPLES / 127
    assert (abs(times - mean) < 6 * mean**0.5).all()  # 127 counts beyond six sigma: 3e-7


@pytest.mark.parametrize("num_bits", [1, 2, 3, 6, 7])
def test_moments_of_a_table_and_of_shots_are_brute_force(num_bits: int) -> None:
    shots = porter_thomas(num_bits, 1).sample(500, seed=2)
    histogram = Distribution.from_shots(shots)
    by_rows, by_table = Moments.of(shots), Moments.of(histogram)
    np.testing.assert_allclose(by_rows.vector, by_table.vector, atol=1e-12)
    for weight in range(1, min(num_bits, 3) + 1):
        strings, means = by_table.z(weight)
        expected = [brute_z(histogram.probabilities, tuple(bits)) for bits in strings.tolist()]
        np.testing.assert_allclose(means, expected, atol=1e-12)
    spectrum = np.zeros(num_bits + 1)
    for key, count in shots.to_counts().items():
        spectrum[key.count("1")] += count / 500
    np.testing.assert_allclose(by_rows.spectrum, spectrum, atol=1e-12)


def test_z_strings_of_shots_are_qiskits_expectation_values() -> None:
    expectation = pytest.importorskip("qiskit.result").sampled_expectation_value
    shots = porter_thomas(5, 3).sample(1000, seed=4)
    for weight in (1, 2, 3):
        for bits, mean in zip(
            *(part.tolist() for part in Moments.of(shots).z(weight)), strict=True
        ):
            pauli = "".join("Z" if bit in bits else "I" for bit in range(5))[::-1]
            assert mean == pytest.approx(expectation(shots.to_counts(), pauli), abs=1e-12)


def test_moments_of_independent_bits_are_those_of_their_table() -> None:
    one = np.random.default_rng(1).random(7)
    table = Distribution(probabilities=ProductLaw(one).table())
    found = Moments.of_independent_bits(one)
    np.testing.assert_allclose(found.vector, Moments.of(table).vector, atol=1e-12)


def test_row_sums_are_exact_beyond_what_float32_holds() -> None:
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2, (5000, 6)).astype(np.uint8)  # two tiles
    layout = Layout.of(6)
    for largest in (10, 1 << 40):
        weights = rng.integers(0, largest, (2, 5000))
        for weight in (1, 2, 3):
            signs = 1 - 2 * (bits[:, layout.strings[weight - 1]].astype(int).sum(axis=2) & 1)
            found = layout.means(row_sums(layout, bits, weights), weight)
            assert (found == weights @ signs).all()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_marginal_distances_are_total_variations_of_marginals(order: int) -> None:
    p, q = porter_thomas(6, 1), porter_thomas(6, 2)
    expected = [
        metrics.total_variation(p.marginal(bits).probabilities, q.marginal(bits).probabilities)
        for bits in combinations(range(6), order)
    ]
    found = distances(Layout.of(6), Moments.of(p).vector - Moments.of(q).vector)
    assert found[f"marginal{order}_mean"] == pytest.approx(np.mean(expected), abs=1e-12)
    assert found[f"marginal{order}_max"] == pytest.approx(np.max(expected), abs=1e-12)


def test_errors_of_z_strings_and_the_spectrum_by_brute_force() -> None:
    p, q = porter_thomas(5, 3), porter_thomas(5, 4)
    found = distances(Layout.of(5), Moments.of(p).vector - Moments.of(q).vector)
    for order in (1, 2, 3):
        errors = [
            brute_z(p.probabilities, bits) - brute_z(q.probabilities, bits)
            for bits in combinations(range(5), order)
        ]
        assert found[f"z{order}_rms"] == pytest.approx(np.sqrt(np.mean(np.square(errors))))
        assert found[f"z{order}_max"] == pytest.approx(max(map(abs, errors)))
    weights = [x.bit_count() for x in range(32)]
    gaps = np.bincount(weights, weights=p.probabilities - q.probabilities)
    assert found["weight_spectrum"] == pytest.approx(np.abs(gaps).sum() / 2)


@pytest.mark.parametrize("num_bits", [1, 2, 3])
def test_few_bits_have_the_distances_that_exist(num_bits: int) -> None:
    layout = Layout.of(num_bits)
    found = distances(layout, np.zeros((4, layout.size)))
    assert len(found) == 1 + 4 * num_bits
    assert found.keys() <= DISTANCES.keys()
    assert all((value == np.zeros(4)).all() for value in found.values())


@pytest.mark.parametrize("num_bits", [6, 13])  # through the table; by rows
def test_replicates_of_a_table_are_draws_from_it(num_bits: int) -> None:
    table = porter_thomas(num_bits, 7).probabilities
    layout = Layout.of(num_bits)
    drawn = table_replicates(layout, table, 100, 2000, np.random.default_rng(8))
    error = (drawn.std(axis=0) + 1e-9) / np.sqrt(2000)
    away = np.abs(drawn.mean(axis=0) - of_table(layout, table)) / error
    assert away.max() < 6.5  # 400 means: once in 3e7, had they no skew
    z = layout.means(of_table(layout, table), 2)
    spread = layout.means(drawn, 2).var(axis=0) / ((1 - z**2) / 100)
    assert abs(spread - 1).max() < 6 * np.sqrt(2 / 2000)


def test_a_difference_without_noise_is_its_own_interval() -> None:
    layout = Layout.of(3)
    difference = np.linspace(-0.2, 0.1, layout.size)
    found = intervals(layout, difference, np.zeros((50, layout.size)), 0.95)
    for name, value in distance_values(layout, difference).items():
        assert found[name] == pytest.approx((value, value))


def test_fewer_replicates_are_drawn_where_rows_and_strings_are_many() -> None:
    assert affordable_over_rows(200, 1000, 300) == 200
    assert affordable_over_rows(200, 200_000, Layout.of(127).size) == 101
    assert affordable_over_rows(200, 10_000_000, 10_000) == 40


def test_values_are_plain_numbers() -> None:
    shots = Shots.from_counts({"00": 500, "11": 500})
    found = distance_values(Layout.of(2), Moments.of(shots).vector * 0)
    assert all(type(value) is float for value in found.values())
