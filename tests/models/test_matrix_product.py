"""The matrix-product law against enumeration, and its fit against what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from known_laws import ghz, porter_thomas
from laws_of_each_kind import random_chain

from qdiff.data import bits as bitorder
from qdiff.data.bits import Floats
from qdiff.data.distribution import marginal_table
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.chain_order import chain_orders
from qdiff.models.matrix_product.expectation_maximisation import (
    Strings,
    expected_uses,
    log_likelihood,
    maximised,
)
from qdiff.models.matrix_product.fit import (
    MatrixProductConfig,
    fit_matrix_product,
    likeliest_chain,
    random_tensors,
    split_states,
)
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.matrix_product.prefix_tree import PrefixTree


def by_hand(model: MatrixProductLaw) -> Floats:
    """The table as a product of matrices, string by string."""
    table = np.empty(1 << model.num_bits)
    for index, bits in enumerate(bitorder.all_bits(model.num_bits)):
        product = np.ones((1, 1))
        for bit, tensor in zip(model.order, model.tensors, strict=True):
            product = product @ tensor[:, bits[bit]]
        table[index] = product[0, 0]
    return table


@pytest.mark.parametrize("num_bits", [1, 2, 3, 6, 7])
def test_table_and_log_prob_are_products_of_matrices(num_bits: int) -> None:
    model, expected = random_chain(num_bits), by_hand(random_chain(num_bits))
    assert abs(expected.sum() - 1) < 1e-12
    np.testing.assert_allclose(model.table(), expected, rtol=1e-12)
    np.testing.assert_allclose(
        model.log_prob(bitorder.all_bits(num_bits)), np.log(expected), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("bits", [[0], [5, 2], [3, 0, 4], [1, 2, 3, 4, 5, 0], []])
def test_marginals_are_sums_of_the_table(bits: list[int]) -> None:
    model = random_chain(6)
    np.testing.assert_allclose(
        model.marginal(bits), marginal_table(by_hand(model), bits), rtol=1e-12
    )


@pytest.mark.parametrize("given", [{}, {2: 1}, {0: 0, 5: 1, 3: 1}, dict.fromkeys(range(6), 1)])
def test_conditions_are_bayes_rule_on_the_table(given: dict[int, int]) -> None:
    model = random_chain(6)
    log_prob, conditioned = model.condition(given)
    expected_log_prob, expected = TableLaw.of(by_hand(model)).condition(given)
    assert log_prob == pytest.approx(expected_log_prob, abs=1e-12)
    np.testing.assert_allclose(conditioned.table(), expected.table(), atol=1e-13)
    np.testing.assert_allclose(conditioned.marginal([4, 1]), expected.marginal([4, 1]), atol=1e-13)
    rows = bitorder.all_bits(6)
    np.testing.assert_allclose(
        np.exp(conditioned.log_prob(rows)), np.exp(expected.log_prob(rows)), atol=1e-13
    )


def test_conditions_add_up_and_may_contradict() -> None:
    first, once = random_chain(6).condition({2: 1})
    second, twice = once.condition({4: 0})
    both, at_once = random_chain(6).condition({2: 1, 4: 0})
    assert first + second == pytest.approx(both, abs=1e-12)
    np.testing.assert_allclose(twice.table(), at_once.table(), atol=1e-13)
    assert once.condition({2: 0})[0] == -np.inf


def test_draws_are_reproducible_and_may_be_none() -> None:
    model = random_chain(70)
    first, again, other = (model.draw(50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    words, counts = model.draw(0, np.random.default_rng(1))
    assert words.shape == (0, 2)
    assert counts.sum() == 0


def test_two_hundred_bits() -> None:
    """Probabilities of 1e-400 and less neither underflow nor hide in a conditional law."""
    zero, one = np.full((1, 2, 1), [[0.99], [0.01]]), dict.fromkeys(range(199), 1)
    model = MatrixProductLaw([zero] * 200)
    ones = np.ones((1, 200), dtype=np.uint8)
    assert model.log_prob(ones)[0] == pytest.approx(200 * np.log(0.01), rel=1e-12)
    log_prob, conditioned = model.condition(one)
    assert log_prob == pytest.approx(199 * np.log(0.01), rel=1e-12)
    np.testing.assert_allclose(conditioned.marginal([0, 199]), [0, 0.99, 0, 0.01], atol=1e-12)
    with pytest.raises(InputError, match="limit"):
        model.table()


@pytest.mark.parametrize(
    "tensors",
    [
        [],
        [np.full((1, 2, 2), 0.25)],
        [np.full((1, 2, 1), 0.4)],
        [np.array([[[1.5], [-0.5]]])],
        [np.full((1, 2, 2), 0.25), np.full((3, 2, 1), 0.5)],
        [np.zeros((1, 2, 0))],
    ],
)
def test_impossible_tensors_are_refused(tensors: list[Floats]) -> None:
    with pytest.raises(InputError):
        MatrixProductLaw(tensors)


def test_the_tree_holds_every_prefix_once() -> None:
    rows = np.random.default_rng(3).integers(0, 2, (40, 7)).astype(np.uint8)
    tree = PrefixTree.of(rows)
    prefixes = {tuple(row[:length]) for row in rows.tolist() for length in range(1, 8)}
    assert tree.size == len(prefixes)
    leaves = dict(zip(map(tuple, rows.tolist()), tree.leaves.tolist(), strict=True))
    assert len(set(leaves.values())) == len(leaves)
    assert all(leaves[tuple(row)] == leaf for row, leaf in zip(rows, tree.leaves, strict=True))


def noisy_shots(num_bits: int = 6, shots: int = 300) -> Shots:
    return porter_thomas(num_bits, seed=4, power=2).sample(shots, seed=5)


def test_expected_uses_are_posterior_counts() -> None:
    """Against the sum over all hidden paths of a string, one string at a time."""
    shots = noisy_shots(4)
    tensors = random_tensors(4, 2, np.random.default_rng(0))
    total, uses = expected_uses(tensors, Strings.of(shots.bits, shots.counts.astype(float)))
    expected = [np.zeros_like(tensor) for tensor in tensors]
    for bits, count in zip(shots.bits, shots.counts, strict=True):
        paths = {}
        for path in np.ndindex(2, 2, 2):
            states = (0, *path, 0)
            steps = [
                (tensor, site, states[site], bits[site], states[site + 1])
                for site, tensor in enumerate(tensors)
                if states[site + 1] < tensor.shape[2] and states[site] < tensor.shape[0]
            ]
            paths[path] = np.prod([tensor[a, x, b] for tensor, _, a, x, b in steps])
            assert len(steps) == 4
        probability = sum(paths.values())
        for path, weight in paths.items():
            states = (0, *path, 0)
            for site in range(4):
                entry = (states[site], bits[site], states[site + 1])
                expected[site][entry] += count * weight / probability
    for use, by_path in zip(uses, expected, strict=True):
        np.testing.assert_allclose(use, by_path, rtol=1e-12)
    own = MatrixProductLaw(tensors).log_prob(shots.bits) @ shots.counts
    assert total == pytest.approx(float(own), rel=1e-12)


@pytest.mark.parametrize("num_bits", [1, 2, 5, 6])
def test_no_step_lowers_the_likelihood(num_bits: int) -> None:
    shots = noisy_shots(num_bits)
    strings = Strings.of(shots.bits, shots.counts.astype(float))
    tensors = random_tensors(num_bits, 4, np.random.default_rng(1))
    scores = []
    for _ in range(60):
        score, uses = expected_uses(tensors, strings)
        scores.append(score)
        tensors = maximised(uses, 0.0)
    scores.append(log_likelihood(tensors, strings))
    assert np.diff(scores).min() > -1e-9
    assert num_bits < 5 or scores[-1] > scores[0] + 1


def test_no_step_lowers_the_posterior_with_a_pseudocount() -> None:
    shots, pseudocount = noisy_shots(), 0.3
    strings = Strings.of(shots.bits, shots.counts.astype(float))
    tensors = random_tensors(6, 3, np.random.default_rng(1))
    scores = []
    for _ in range(60):
        score, uses = expected_uses(tensors, strings)
        scores.append(score + pseudocount * sum(float(np.log(t).sum()) for t in tensors))
        tensors = maximised(uses, pseudocount)
    assert np.diff(scores).min() > -1e-9


def test_split_states_are_told_apart() -> None:
    generator = np.random.default_rng(6)
    small = random_tensors(6, 2, generator)
    large = MatrixProductLaw(split_states(small, 4, generator))
    assert large.bond == 4
    assert np.linalg.matrix_rank(large.tensors[3].reshape(4, -1)) == 4


def test_strings_in_blocks_come_close_to_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    heldout, train = ghz(16, readout=0.2).sample(5_000, seed=1).split(0.2, seed=2)
    options = MatrixProductConfig(bonds=(1, 2), steps=300)
    whole = fit_matrix_product(train, heldout, config=options)
    monkeypatch.setattr("qdiff.models.matrix_product.fit._BLOCK_NUMBERS", 2_000)
    parts = fit_matrix_product(train, heldout, config=options)
    scores = [model.log_prob(heldout.bits) @ heldout.counts for model in (whole, parts)]
    assert not np.array_equal(whole.table(), parts.table())
    assert scores[1] == pytest.approx(scores[0], abs=30)


def test_the_same_seed_gives_the_same_law() -> None:
    shots = noisy_shots()
    options = MatrixProductConfig(bonds=(1, 2, 4), steps=30)
    fits = [fit_matrix_product(shots, shots, seed=seed, config=options) for seed in (1, 1, 2)]
    assert np.array_equal(fits[0].table(), fits[1].table())
    assert not np.array_equal(fits[0].table(), fits[2].table())


def independent(number: int, seed: int) -> Shots:
    return Shots.from_bits(np.random.default_rng(seed).integers(0, 2, (number, 6)))


def far_pairs(number: int, seed: int) -> Shots:
    """Three pairs of bits that differ one time in ten, far apart in their own order."""
    random = np.random.default_rng(seed)
    halves = random.integers(0, 2, (number, 3))
    return Shots.from_bits(
        np.concatenate([halves, halves[:, [1, 2, 0]] ^ (random.random((number, 3)) < 0.1)], axis=1)
    )


def test_another_order_that_gains_no_more_than_noise_is_not_taken() -> None:
    """Of independent bits every order is as good, and a gain of two errors comes 1 time in 44; more
    than 7 in 30 have a chance of 5e-7, where any gain would do 15 are expected."""
    moved = 0
    for seed in range(30):
        train, heldout = independent(500, seed), independent(200, 100 + seed)
        assert len(chain_orders(train)) == 2
        moved += likeliest_chain(train, heldout) != tuple(range(6))
    assert moved <= 7


def test_another_order_is_taken_where_held_out_shots_are_clear() -> None:
    train = far_pairs(3000, seed=1)
    assert likeliest_chain(train, far_pairs(1000, seed=2)) == chain_orders(train)[1]
    assert likeliest_chain(train, Shots.from_bits([[0] * 6], [50])) == tuple(range(6))


EDGES = {
    "one bit": Shots.from_bits([[0], [1]], [3, 7]),
    "one string": Shots.from_bits([[0, 1, 1]], [100]),
    "one shot": Shots.from_bits([[0, 1, 1]]),
    "few shots": noisy_shots(8, shots=5),
    "200 bits": Shots.from_bits(np.random.default_rng(8).integers(0, 2, (60, 200))),
}


@pytest.mark.parametrize("shots", EDGES.values(), ids=EDGES.keys())
def test_edges(shots: Shots) -> None:
    model = fit_matrix_product(shots, shots, config=MatrixProductConfig(steps=20))
    assert model.num_bits == shots.num_bits
    anything = np.random.default_rng(9).integers(0, 2, (20, shots.num_bits)).astype(np.uint8)
    assert np.isfinite(model.log_prob(anything)).all()
    assert model.log_prob(anything[:0]).shape == (0,)
    _, counts = model.draw(1000, np.random.default_rng(1))
    assert counts.sum() == 1000
    if shots.num_bits < 20:
        assert model.table().sum() == pytest.approx(1, abs=1e-12)


def test_work_bounds_the_bond() -> None:
    shots = noisy_shots(10, shots=2000)
    configs = [MatrixProductConfig(bonds=(1, 4), steps=40, work=work) for work in (1e8, 1e5)]
    generous, poor = (fit_matrix_product(shots, shots, config=config) for config in configs)
    assert generous.bond == 4
    assert poor.bond == 1


@pytest.mark.parametrize(
    "change",
    [{"bonds": ()}, {"bonds": (0, 2)}, {"bonds": (4, 2)}, {"pseudocount": 0.0}, {"steps": 0},
     {"work": 0.0}],
)  # fmt: skip
def test_impossible_options_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError):
        MatrixProductConfig(**change)  # type: ignore[arg-type]


def test_shots_that_cannot_be_fitted_are_refused() -> None:
    shots, none = noisy_shots(3), Shots.from_bits(np.empty((0, 3), dtype=np.uint8))
    for train, heldout in ((shots, none), (none, shots), (shots, noisy_shots(4))):
        with pytest.raises(InputError):
            fit_matrix_product(train, heldout)
