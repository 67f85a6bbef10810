"""What only an any-order model answers: conditionals, marginals, other ways of decoding."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM, biased, p_value
from test_surrogate import QUICK, training_shots

import qdiff
from qdiff import Distribution, InputError, Shots, Surrogate
from qdiff import bits as bitorder
from qdiff import surrogate as surrogate_module
from qdiff.parts import Part

GIVEN = {1: 1, 4: 0}


@pytest.fixture(scope="module")
def model() -> Surrogate:
    return qdiff.fit(training_shots(), seed=3, config=QUICK)


@pytest.fixture(params=["table", "orders"])
def reach(request, monkeypatch) -> str:
    """Both ways of answering: from the table, and, as for many bits, from the orders alone."""
    if request.param == "orders":
        monkeypatch.setattr(surrogate_module, "MAX_EXACT_BITS", 0)
    return request.param


def conditional(law: Distribution, given: dict[int, int]) -> Distribution:
    rows = bitorder.all_bits(law.num_bits)
    agrees = (rows[:, [*given]] == [*given.values()]).all(axis=1)
    table = law.probabilities * agrees
    return Distribution(probabilities=table / table.sum(), registers=law.registers)


def test_conditional_log_prob_is_that_of_the_enumerated_law(model: Surrogate) -> None:
    expected = conditional(model.distribution(), GIVEN)
    rows = bitorder.all_bits(6)
    found = model.log_prob(rows, given=GIVEN)
    assert np.allclose(np.exp(found), expected.probabilities, atol=1e-12)
    assert np.isneginf(found[expected.probabilities == 0]).all()


@pytest.mark.statistical
def test_conditional_samples_follow_the_conditional_law(model: Surrogate, reach: str) -> None:
    shots = model.sample(300_000, seed=4, given=GIVEN)
    rows = bitorder.all_bits(6)
    table = np.exp(model.log_prob(rows, given=GIVEN))
    assert abs(table.sum() - 1) < 1e-9
    law = Distribution(probabilities=table / table.sum(), registers=shots.registers)
    assert (shots.bits[:, 1] == 1).all()
    assert (shots.bits[:, 4] == 0).all()
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


def test_orders_with_given_bits_first_are_close_to_the_table(model: Surrogate, monkeypatch) -> None:
    """Another law, but of the same network: in total variation within 0.1 of the exact one."""
    exact = np.exp(model.log_prob(bitorder.all_bits(6), given=GIVEN))
    monkeypatch.setattr(surrogate_module, "MAX_EXACT_BITS", 0)
    reordered = np.exp(model.log_prob(bitorder.all_bits(6), given=GIVEN))
    assert 0 < np.abs(exact - reordered).sum() / 2 < 0.1


@pytest.mark.parametrize("bits", [[0], [5, 2], [3, 1, 4], range(6)])
def test_marginals_are_those_of_the_table(model: Surrogate, bits) -> None:
    found = model.marginal(bits)
    assert np.allclose(
        found.probabilities, model.distribution().marginal([*bits]).probabilities, atol=1e-12
    )
    assert found.standard_error is None


@pytest.mark.statistical
def test_marginals_beyond_a_table_are_within_their_stated_error(model, monkeypatch) -> None:
    """Every z-score below 4.9 (false alarm 1e-6 each), and not all suspiciously small."""
    exact = model.marginal([5, 2, 0]).probabilities
    monkeypatch.setattr(surrogate_module, "MAX_EXACT_BITS", 0)
    scores = []
    for seed in range(5):
        found = model.marginal([5, 2, 0], shots=20_000, seed=seed)
        assert abs(found.probabilities.sum() - 1) < 1e-12
        scores.append((found.probabilities - exact) / found.standard_error)
    assert np.abs(scores).max() < 4.9
    assert 0.5 < np.std(scores) < 1.6


def test_parts_without_orders_have_exact_marginals_at_any_size(model, monkeypatch) -> None:
    monkeypatch.setattr(surrogate_module, "MAX_EXACT_BITS", 0)
    without = model.only(Part.INTERACTIONS, Part.MATRIX_PRODUCT, Part.SHOTS)
    found = without.marginal([3, 0])
    monkeypatch.undo()
    expected = without.distribution().marginal([3, 0])
    assert np.allclose(found.probabilities, expected.probabilities, atol=1e-12)
    assert found.standard_error is None


@pytest.mark.statistical
def test_a_random_order_follows_the_law_of_all_orders(model: Surrogate) -> None:
    """The pure diffusion sampler against the 3^n dynamic programme."""
    from qdiff.diffusion.unmasking_laws import random_order_table

    alone = model.only(Part.DIFFUSION)
    shots = alone.sample(100_000, seed=6, order="random")
    table = random_order_table(alone.parts[Part.DIFFUSION].network)
    law = Distribution(probabilities=table / table.sum(), registers=shots.registers)
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


def test_parallel_steps_state_their_penalty(model: Surrogate) -> None:
    few = model.sample(100, seed=1, steps=2).provenance
    assert few["steps"] == 2
    value, error = few["penalty_nats"]
    assert value > 3 * error > 0
    assert value == pytest.approx(model.weights[Part.DIFFUSION] * model.penalty(2)[0])
    assert model.penalty(6)[0] == 0
    assert model.penalty(1)[0] > model.penalty(3)[0]


def test_the_same_arguments_give_the_same_shots_whatever_was_asked_before(model) -> None:
    fresh = qdiff.fit(training_shots(), seed=3, config=QUICK)
    before = fresh.sample(300, seed=2)
    fresh.distribution()
    assert fresh.sample(300, seed=2) == before
    for options in ({"given": GIVEN}, {"order": "random"}, {"steps": 3}):
        assert model.sample(300, seed=2, **options) == model.sample(300, seed=2, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"given": {6: 1}},
        {"given": {0: 2}},
        {"given": {-1: 0}},
        {"given": {True: 0}},
        {"given": GIVEN, "steps": 2},
        {"order": "sideways"},
        {"order": "random", "steps": 2},
        {"steps": 0},
        {"steps": 7},
    ],
)
def test_impossible_questions_are_refused(model: Surrogate, options) -> None:
    with pytest.raises(InputError) as caught:
        model.sample(10, seed=1, **options)
    assert "\n" not in str(caught.value)


def test_given_bits_of_probability_zero_are_refused() -> None:
    model = qdiff.fit(Shots.from_counts({"000": 1000}), seed=1, config=QUICK).only(Part.SHOTS)
    with pytest.raises(InputError, match="probability zero"):
        model.sample(5, seed=1, given={0: 1})


@pytest.mark.parametrize("bits", [[], [0, 0], [6], [-1], [0.5]])
def test_impossible_marginals_are_refused(model: Surrogate, bits) -> None:
    with pytest.raises(InputError):
        model.marginal(bits)


def test_wide_models_answer_too() -> None:
    """40 bits, pairs of equal ones: no table anywhere."""
    bits = np.random.default_rng(0).integers(0, 2, (2000, 40))
    bits[:, 1::2] = bits[:, ::2]
    model = qdiff.fit(Shots.from_bits(bits), seed=1, config=QUICK)
    shots = model.sample(500, seed=1, given={0: 1, 39: 0})
    assert (shots.bits[:, 0] == 1).all()
    assert (shots.bits[:, 39] == 0).all()
    assert np.isfinite(model.log_prob(shots.bits, given={0: 1, 39: 0})).all()
    pair = model.marginal([0, 1])
    assert pair.probabilities[[0, 3]].sum() > 0.8  # all of it in the data
    assert model.sample(500, seed=1, steps=5).num_shots == 500
