"""The log-linear law of interactions: its transforms and trees against brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree

from qdiff import Distribution, InputError, Shots
from qdiff.interactions import coupling, fit_interactions, tree_strength, walsh_hadamard


@pytest.mark.parametrize("num_bits", [1, 2, 5])
def test_transform_against_its_definition(num_bits: int) -> None:
    values = np.random.default_rng(0).normal(size=1 << num_bits)
    index = np.arange(1 << num_bits)
    parity = np.bitwise_count(index[:, None] & index[None, :]) % 2
    assert np.allclose(walsh_hadamard(values), (1.0 - 2.0 * parity) @ values, atol=1e-12)


def test_coupling_against_its_definition() -> None:
    coefficients = np.random.default_rng(1).normal(size=16)
    for i, j in combinations(range(4), 2):
        both = [s for s in range(16) if s >> i & 1 and s >> j & 1]
        expected = np.sqrt(np.sum(coefficients[both] ** 2))
        assert coupling(coefficients)[i, j] == pytest.approx(expected)


def test_tree_strength_against_scipy() -> None:
    generator = np.random.default_rng(2)
    matrix = np.triu(generator.uniform(0.05, 1, (6, 6)), 1)
    strength = tree_strength(matrix + matrix.T)
    logs = np.log(1e-3 + matrix + matrix.T)
    for size in range(2, 7):
        for members in combinations(range(6), size):
            block = logs[np.ix_(members, members)]
            # scipy takes zeros for missing edges, and minimises
            tree = minimum_spanning_tree(np.triu(10 - block, 1))
            expected = (10 * (size - 1) - tree.sum()) / (size - 1)
            found = strength[sum(1 << bit for bit in members)]
            assert found == pytest.approx(expected), members


def gibbs_law(num_bits: int = 8) -> Distribution:
    """A ring of nearest-neighbour couplings with fields: few interactions, all of them local."""
    spins = 1 - 2 * (np.arange(1 << num_bits)[:, None] >> np.arange(num_bits) & 1)
    energy = 0.5 * (spins * np.roll(spins, 1, axis=1)).sum(1) + 0.2 * spins.sum(1)
    return Distribution(probabilities=np.exp(energy) / np.exp(energy).sum())


def kl(p: np.ndarray, q: np.ndarray) -> float:
    return float(p @ np.log(p / q))


def test_few_local_interactions_are_found_from_few_shots() -> None:
    """A smoothed histogram of 2,000 shots has a KL near 255 / 4000 = 0.06; this, a fraction."""
    law = gibbs_law()
    shots = law.sample(2000, seed=1)
    smoothed = Distribution.from_shots(shots, pseudocount=0.5).probabilities
    fitted = fit_interactions(shots).table()
    assert kl(law.probabilities, smoothed) > 0.03
    assert kl(law.probabilities, fitted) < 0.25 * kl(law.probabilities, smoothed)


def test_many_shots_overrule_the_prior() -> None:
    """With no structure at all, a million shots bring it as close as the histogram comes."""
    weights = np.random.default_rng(3).exponential(size=64)
    law = Distribution(probabilities=weights / weights.sum())
    shots = law.sample(1_000_000, seed=1)
    histogram = Distribution.from_shots(shots, pseudocount=0.5).probabilities
    fitted = fit_interactions(shots).table()
    assert kl(law.probabilities, fitted) < 1.5 * kl(law.probabilities, histogram)


def test_fitted_laws_are_positive_normalised_and_deterministic() -> None:
    shots = gibbs_law().sample(300, seed=2)
    table = fit_interactions(shots).table()
    assert table.min() > 0
    assert abs(table.sum() - 1) < 1e-12
    assert np.array_equal(fit_interactions(shots).table(), table)


def test_relabelled_bits_permute_the_law() -> None:
    shots = gibbs_law(5).sample(1000, seed=3)
    order = [3, 0, 4, 1, 2]
    law = Distribution(probabilities=fit_interactions(shots).table())
    moved = fit_interactions(shots.select(order)).table()
    assert np.allclose(law.marginal(order).probabilities, moved, rtol=0.05, atol=1e-4)


@pytest.mark.parametrize("counts", [{"0": 5}, {"1": 3, "0": 1}, {"0000": 1000}, {"01": 1}])
def test_degenerate_shots(counts: dict[str, int]) -> None:
    law = fit_interactions(Shots.from_counts(counts))
    assert abs(law.table().sum() - 1) < 1e-12
    assert np.isfinite(law.log_probabilities).all()


def test_what_it_cannot_fit_is_refused() -> None:
    with pytest.raises(InputError, match="at most 16 bits"):
        fit_interactions(Shots.from_bits(np.zeros((1, 17))))
