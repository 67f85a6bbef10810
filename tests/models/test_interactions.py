"""The log-linear law of interactions: its transforms and trees against brute force."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from known_laws import porter_thomas
from scipy.sparse.csgraph import minimum_spanning_tree

from qdiff import Distribution, InputError, Shots
from qdiff.comparison.metrics.table_metrics import kl_divergence as kl
from qdiff.models.interactions.fit import InteractionConfig, fit_interactions
from qdiff.models.interactions.posterior import Data, Readings, log_law, most_probable, read
from qdiff.models.interactions.prior_variances import pooled, variances_by_structure
from qdiff.models.interactions.structure import coupling, heredity, set_sizes, tree_strength
from qdiff.models.interactions.walsh import walsh_hadamard


@pytest.mark.parametrize("num_bits", [0, 1, 2, 5, 6, 11])
def test_transform_against_its_definition(num_bits: int) -> None:
    values = np.random.default_rng(0).normal(size=1 << num_bits)
    index = np.arange(1 << num_bits)
    parity = np.bitwise_count(index[:, None] & index[None, :]) % 2
    assert np.allclose(walsh_hadamard(values), (1.0 - 2.0 * parity) @ values, atol=1e-12)


@pytest.mark.parametrize("num_bits", [7, 16])
def test_transform_is_its_own_inverse(num_bits: int) -> None:
    values = np.random.default_rng(0).normal(size=1 << num_bits)
    again = walsh_hadamard(walsh_hadamard(values)) / len(values)
    assert np.allclose(again, values, rtol=0, atol=1e-12)


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


def test_heredity_against_its_definition() -> None:
    moments = np.random.default_rng(4).exponential(size=32)
    less, more, exchanged = heredity(moments, set_sizes(5))
    for one in range(1, 31):
        inside = [i for i in range(5) if one >> i & 1]
        outside = [j for j in range(5) if not one >> j & 1]
        swapped = [moments[one ^ (1 << i) ^ (1 << j)] for i in inside for j in outside]
        assert less[one] == pytest.approx(
            np.log(np.mean([moments[one ^ (1 << i)] for i in inside]))
        )
        assert more[one] == pytest.approx(
            np.log(np.mean([moments[one ^ (1 << j)] for j in outside]))
        )
        assert exchanged[one] == pytest.approx(np.log(np.mean(swapped)))


def test_most_probable_coefficients_are_stationary() -> None:
    """At the mode the surplus of every parity over the shots' equals the pull of its prior."""
    data = Data.from_shots(gibbs_law(6).sample(500, seed=1))
    prior = 0.1 * 0.5 ** set_sizes(6)
    found = most_probable(data, prior, np.zeros(64), iterations=500)
    surplus = data.spectrum - data.shots * walsh_hadamard(np.exp(log_law(found)))
    assert np.allclose((surplus - found / prior)[1:], 0, atol=0.05)
    assert np.abs(surplus[1:]).max() > 1


def test_variances_of_known_size_are_recovered() -> None:
    """Readings drawn from known prior variances give them back; twice them would be noticed."""
    generator = np.random.default_rng(5)
    sizes = set_sizes(12)
    truth = 0.5**sizes
    noise = np.full(len(sizes), 1e-4)
    values = generator.normal(size=len(sizes)) * np.sqrt(truth + noise)
    readings = Readings(values=values, noise=noise)
    found = pooled(readings, 0.01 * truth, sizes)
    for size in range(3, 9):  # sampling error of a variance from 220 sets or more: under 10 %
        one = np.flatnonzero(sizes == size)[0]
        assert found[one] == pytest.approx(truth[one], rel=5 * np.sqrt(2 / (sizes == size).sum()))


def test_structure_explains_the_shots_better_than_size_alone() -> None:
    """The evidence of the readings, ``sum_S log N(z_S; 0, t_S^2 + noise_S)``, must rise."""
    data = Data.from_shots(gibbs_law().sample(2000, seed=1))
    sizes = set_sizes(8)
    first = 0.09 * 0.2**sizes
    coefficients = most_probable(data, first, np.zeros(256), iterations=100)
    readings = read(data, coefficients)
    by_size = pooled(readings, first, sizes)
    by_structure = variances_by_structure(readings, by_size, coefficients, sizes)

    def evidence(prior: np.ndarray) -> float:
        total = (prior + readings.noise)[1:]
        return float(-0.5 * np.sum(np.log(total) + readings.values[1:] ** 2 / total))

    assert evidence(by_structure) > evidence(by_size) + 10


def gibbs_law(num_bits: int = 8) -> Distribution:
    """A ring of nearest-neighbour couplings with fields: few interactions, all of them local."""
    spins = 1 - 2 * (np.arange(1 << num_bits)[:, None] >> np.arange(num_bits) & 1)
    energy = 0.5 * (spins * np.roll(spins, 1, axis=1)).sum(1) + 0.2 * spins.sum(1)
    return Distribution(probabilities=np.exp(energy) / np.exp(energy).sum())


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
    law = porter_thomas(6, seed=3)
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


def test_eighteen_bits_in_seconds() -> None:
    """5,000 shots of a ring of 18 bits: a histogram with 262,144 cells knows next to nothing.

    Independent bits leave a KL of 1.45, a smoothed histogram one of 2.2. The bound is half of
    independent bits'. It cannot fail from one run to the next, since the draw has a fixed seed and
    the fit nothing random; six draws gave .02 to .31 (few steps: some fits are unfinished).
    """
    law = gibbs_law(18)
    fitted = fit_interactions(law.sample(5000, seed=1), InteractionConfig(rounds=1, iterations=40))
    assert abs(fitted.table().sum() - 1) < 1e-12
    independent = np.ones(1)
    for bit in range(18):
        chances = law.marginal([bit]).probabilities
        independent = np.concatenate([independent * chance for chance in chances])
    assert kl(law.probabilities, fitted.table()) < kl(law.probabilities, independent) / 2


def test_more_rounds_help_where_interactions_are_local() -> None:
    law = gibbs_law(10)
    shots = law.sample(2000, seed=4)
    by_size = fit_interactions(shots, InteractionConfig(rounds=0)).table()
    assert kl(law.probabilities, fit_interactions(shots).table()) < kl(law.probabilities, by_size)


@pytest.mark.parametrize(
    "counts", [{"0": 5}, {"1": 3, "0": 1}, {"0000": 1000}, {"01": 1}, {"1" * 10: 100_000}]
)
def test_degenerate_shots(counts: dict[str, int]) -> None:
    law = fit_interactions(Shots.from_counts(counts))
    assert abs(law.table().sum() - 1) < 1e-12
    assert np.isfinite(law.log_probabilities).all()
    likeliest = format(int(np.argmax(law.table())), f"0{law.num_bits}b")
    assert likeliest[::-1] in counts or likeliest in counts


def test_what_it_cannot_fit_is_refused() -> None:
    with pytest.raises(InputError, match="at most 22 bits"):
        fit_interactions(Shots.from_bits(np.zeros((1, 23))))


@pytest.mark.parametrize("wrong", [{"rounds": -1}, {"iterations": 0}])
def test_configuration_is_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        InteractionConfig(**wrong)
