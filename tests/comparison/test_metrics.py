"""Every metric against a second route, its zero rules, and the scores that nothing earns."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from known_laws import porter_thomas
from numpy.typing import NDArray
from scipy.spatial import distance
from scipy.stats import entropy as scipy_entropy

from qdiff.comparison.metrics import table_metrics as metrics
from qdiff.comparison.metrics.table_metrics import METRICS
from qdiff.errors import InputError

Table = NDArray[np.float64]


def dirichlet(num_bits: int, seed: int) -> Table:
    return np.random.default_rng(seed).dirichlet(np.ones(1 << num_bits))


@pytest.fixture(params=range(3))
def pair(request: pytest.FixtureRequest) -> tuple[Table, Table]:
    return dirichlet(5, 10 + request.param), dirichlet(5, 20 + request.param)


def test_entropy_and_kl_are_scipys(pair: tuple[Table, Table]) -> None:
    p, q = pair
    assert metrics.entropy(p) == pytest.approx(scipy_entropy(p), rel=1e-12)
    assert metrics.kl_divergence(p, q) == pytest.approx(scipy_entropy(p, q), rel=1e-12)
    assert METRICS["kl"].function(p, q) == pytest.approx(scipy_entropy(p, q), rel=1e-12)
    assert METRICS["reverse_kl"].function(p, q) == pytest.approx(scipy_entropy(q, p), rel=1e-12)


def test_jensen_shannon_is_scipys_distance_squared(pair: tuple[Table, Table]) -> None:
    p, q = pair
    assert metrics.jensen_shannon(p, q) == pytest.approx(distance.jensenshannon(p, q) ** 2)


def test_total_variation_is_the_largest_gap_of_any_event() -> None:
    p, q = dirichlet(3, 1), dirichlet(3, 2)
    events = (np.arange(1 << 8)[:, None] >> np.arange(8)) & 1
    assert metrics.total_variation(p, q) == pytest.approx(np.abs(events @ (p - q)).max())


def test_hellinger_fidelity_is_qiskits(pair: tuple[Table, Table]) -> None:
    quantum_info = pytest.importorskip("qiskit.quantum_info")
    p, q = ({f"{x:05b}": float(v) for x, v in enumerate(table)} for table in pair)
    expected = quantum_info.hellinger_fidelity(p, q)
    assert metrics.hellinger_fidelity(*pair) == pytest.approx(expected, rel=1e-9)


def test_linear_xeb_is_its_textbook_formula(pair: tuple[Table, Table]) -> None:
    p, q = pair
    expected = (32 * (p * q).sum() - 1) / (32 * (p * p).sum() - 1)
    assert metrics.linear_xeb(p, q) == pytest.approx(expected, rel=1e-10)


def test_log_xeb_is_a_ratio_of_cross_entropies(pair: tuple[Table, Table]) -> None:
    p, q = pair
    of_uniform = -np.log(p).mean()
    expected = (of_uniform + (q * np.log(p)).sum()) / (of_uniform - metrics.entropy(p))
    assert metrics.log_xeb(p, q) == pytest.approx(expected, rel=1e-10)


def test_heavy_outputs_are_the_upper_half(pair: tuple[Table, Table]) -> None:
    p, q = pair
    median = statistics.median(p.tolist())
    expected = sum(b for a, b in zip(p.tolist(), q.tolist(), strict=True) if a > median)
    assert metrics.heavy_output(p, q) == pytest.approx(expected, rel=1e-12)
    assert metrics.heavy_output(p, np.full(32, 1 / 32)) == 0.5
    assert metrics.heavy_output(np.full(32, 1 / 32), q) == 0
    assert metrics.heavy_output(np.array([0.6, 0.4, 0.0, 0.0]), np.full(4, 0.25)) == 0.5


def test_normalized_fidelity_by_hand() -> None:
    p, q = np.array([0.64, 0.36]), np.array([0.36, 0.64])
    of_uniform = 0.5 * (0.8 + 0.6) ** 2
    expected = ((2 * 0.48) ** 2 - of_uniform) / (1 - of_uniform)
    assert expected < 0
    assert metrics.normalized_fidelity(p, q) == 0
    q = np.array([0.5184, 0.4816])
    expected = ((0.8 * 0.72 + 0.6 * 0.4816**0.5) ** 2 - of_uniform) / (1 - of_uniform)
    assert metrics.normalized_fidelity(p, q) == pytest.approx(expected)


@pytest.mark.parametrize("name", METRICS)
def test_a_law_scores_the_best_value_against_itself(name: str) -> None:
    p = dirichlet(6, 3)
    best = METRICS[name].best
    if best is None:  # the reference's own score
        best = p[np.argsort(p)[32:]].sum()
    assert METRICS[name].function(p, p) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_leading_axes_are_a_batch(name: str) -> None:
    p, q = dirichlet(4, 1), np.stack([dirichlet(4, seed) for seed in (2, 3, 4)])
    function = METRICS[name].function
    np.testing.assert_allclose(function(p, q), [function(p, row) for row in q], rtol=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_renaming_the_strings_changes_nothing(name: str) -> None:
    p, q = dirichlet(5, 1), dirichlet(5, 2)
    order = np.random.default_rng(0).permutation(32)
    function = METRICS[name].function
    assert function(p[order], q[order]) == pytest.approx(function(p, q), rel=1e-12)


def test_what_uniform_scores_against_porter_thomas() -> None:
    p = porter_thomas(20, 7).probabilities
    uniform = np.full_like(p, 1 / len(p))
    # Five standard errors of each statistic over 2^20 exponential variables.
    assert metrics.hellinger_fidelity(p, uniform) == pytest.approx(np.pi / 4, abs=2e-3)
    assert metrics.kl_divergence(p, uniform) == pytest.approx(1 - np.euler_gamma, abs=4e-3)
    assert metrics.normalized_fidelity(p, uniform) == pytest.approx(0, abs=1e-12)
    assert metrics.linear_xeb(p, uniform) == pytest.approx(0, abs=1e-12)
    assert metrics.log_xeb(p, uniform) == pytest.approx(0, abs=1e-12)
    assert metrics.heavy_output(p, p) == pytest.approx((1 + np.log(2)) / 2, abs=2e-3)


def test_zero_probabilities() -> None:
    p, q = np.array([0.5, 0.5, 0.0, 0.0]), np.array([0.5, 0.0, 0.5, 0.0])
    assert metrics.kl_divergence(p, q) == np.inf
    assert metrics.kl_divergence(p, np.full(4, 0.25)) == pytest.approx(np.log(2))
    assert metrics.jensen_shannon(p, q) == pytest.approx(np.log(2) / 2)
    assert metrics.total_variation(p, q) == 0.5
    assert metrics.hellinger_fidelity(p, q) == pytest.approx(0.25)
    assert np.isnan(metrics.log_xeb(p, q))


@pytest.mark.parametrize("num_bits", [1, 5, 10])
def test_scores_normalised_by_a_uniform_reference_are_undefined(num_bits: int) -> None:
    raw = np.full(1 << num_bits, 0.1)
    uniform, q = raw / raw.sum(), dirichlet(num_bits, 1)
    for function in (metrics.linear_xeb, metrics.log_xeb, metrics.normalized_fidelity):
        assert np.isnan(function(uniform, q))


def test_tables_over_different_outcomes_are_refused() -> None:
    for measure in METRICS.values():
        with pytest.raises(InputError, match="different outcomes"):
            measure.function(dirichlet(2, 1), dirichlet(3, 1))
