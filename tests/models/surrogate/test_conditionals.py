"""What only an any-order model answers: conditionals, marginals, other ways of decoding."""

from __future__ import annotations

import numpy as np
import pytest
from quick_fits import GIVEN, QUICK, brief, quick_surrogate, with_recurrent

import qdiff
from qdiff import Distribution, InputError, Shots, Surrogate
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.surrogate import part_mixture
from qdiff.models.surrogate.part import Part


@pytest.fixture(scope="module")
def model() -> Surrogate:
    return quick_surrogate()


@pytest.fixture(params=["table", "orders"])
def reach(request, monkeypatch) -> str:
    """Both ways of answering: from the table, and, as for many bits, from the orders alone."""
    if request.param == "orders":
        monkeypatch.setattr(part_mixture, "MAX_EXACT_BITS", 0)
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


def test_beyond_tables_every_order_decodes_the_given_bits_first(model, monkeypatch) -> None:
    """Against Bayes' rule over tables of the reordered decoders."""
    rows = bitorder.all_bits(6)
    agrees = (rows[:, [*GIVEN]] == [*GIVEN.values()]).all(axis=1)
    total = np.zeros(64)
    for part, law in model.parts.items():
        tables = [law.table()]
        if part is Part.DIFFUSION:
            orders = [[1, 4, *(bit for bit in s if bit not in GIVEN)] for s in law.orders.tolist()]
            tables = [OrderedDecoder(law.network, order).table() for order in orders]
        total += model.weights[part] * np.mean(tables, axis=0) * agrees
    monkeypatch.setattr(part_mixture, "MAX_EXACT_BITS", 0)
    found = np.exp(model.log_prob(rows, given=GIVEN))
    assert np.allclose(found, total / total.sum(), rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("bits", [[0], [5, 2], [3, 1, 4], range(6)])
def test_marginals_are_those_of_the_table(model: Surrogate, bits) -> None:
    found = model.marginal(bits)
    assert np.allclose(
        found.probabilities, model.distribution().marginal([*bits]).probabilities, atol=1e-12
    )
    assert found.standard_error is None


@pytest.mark.parametrize("bits", [[0], [5, 1, 2]])
def test_conditional_marginals_are_those_of_the_conditional_table(model: Surrogate, bits) -> None:
    found = model.marginal(bits, given=GIVEN)
    expected = conditional(model.distribution(), GIVEN).marginal(bits)
    assert np.allclose(found.probabilities, expected.probabilities, atol=1e-12)
    assert found.standard_error is None
    assert found.provenance["given"] == {"1": 1, "4": 0}


def test_beyond_tables_conditional_marginals_are_those_of_the_conditional_law(
    model: Surrogate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_mixture, "MAX_EXACT_BITS", 0)
    model = with_recurrent(model)
    found = model.marginal([5, 1, 2], given=GIVEN, shots=20_000, seed=7)
    logs = model.log_prob(bitorder.all_bits(6), given=GIVEN)
    expected = Distribution(probabilities=np.exp(logs)).marginal([5, 1, 2]).probabilities
    assert found.standard_error is not None
    # false alarm 1e-6 over eight probabilities: 5.3 standard errors
    assert (np.abs(found.probabilities - expected) <= 5.3 * found.standard_error).all()
    assert (np.abs(found.probabilities - expected[::-1]) > 5.3 * found.standard_error).any()
    assert found.provenance["left_out"] == ["recurrent"]


def test_marginals_given_what_cannot_be_are_refused(reach: str) -> None:
    rows = Shots.from_counts({"00": 3, "11": 2})
    certain = Surrogate(
        parts={Part.SHOTS: HistogramLaw(rows)},
        weights={Part.SHOTS: 1.0},
        registers=rows.registers,
        card={},
    )
    assert certain.marginal([1], given={0: 1}).probabilities.tolist() == [0, 1]
    with pytest.raises(InputError, match="no bit 2"):
        certain.marginal([1], given={2: 1})
    never = certain.only(Part.SHOTS)
    with pytest.raises(InputError, match="probability zero"):
        never.marginal([1], given={0: 0, 1: 1})


def test_parts_without_orders_have_exact_marginals_at_any_size(model, monkeypatch) -> None:
    monkeypatch.setattr(part_mixture, "MAX_EXACT_BITS", 0)
    without = model.only(Part.INTERACTIONS, Part.MATRIX_PRODUCT, Part.SHOTS)
    found = without.marginal([3, 0])
    monkeypatch.undo()
    expected = without.distribution().marginal([3, 0])
    assert np.allclose(found.probabilities, expected.probabilities, atol=1e-12)
    assert found.standard_error is None


def test_parallel_steps_state_their_penalty(model: Surrogate) -> None:
    few = model.sample(100, seed=1, steps=2).provenance
    assert few["steps"] == 2
    value, error = few["penalty_nats"]
    assert value > 3 * error > 0
    assert value == pytest.approx(model.weights[Part.DIFFUSION] * model.penalty(2)[0])
    assert model.penalty(6)[0] == 0
    assert model.penalty(1)[0] > model.penalty(3)[0]


def test_the_order_of_what_is_given_does_not_matter(model: Surrogate, reach: str) -> None:
    turned = dict(reversed(GIVEN.items()))
    rows = bitorder.all_bits(6)
    assert np.array_equal(model.log_prob(rows, given=GIVEN), model.log_prob(rows, given=turned))
    for options in ({}, {"steps": 2}):
        one, other = (model.sample(50, seed=1, given=g, **options) for g in (GIVEN, turned))
        assert one == other


def test_given_bits_have_a_penalty_of_their_own(model: Surrogate) -> None:
    """In one step, what independence loses under the given bits; in as many as bits, nothing."""
    alone = model.only(Part.DIFFUSION)
    few = alone.sample(10, seed=1, given=GIVEN, steps=1).provenance
    assert few["penalty_nats"][0] > 3 * few["penalty_nats"][1] > 0
    assert few["penalty_nats"][0] != alone.penalty(1)[0]
    assert alone.sample(10, seed=1, given=GIVEN, steps=4).provenance["penalty_nats"] == [0, 0]
    five = {0: 1, **dict.fromkeys(range(1, 5), 0)}
    assert alone.sample(10, seed=1, given=five, steps=1).provenance["penalty_nats"] == [0, 0]


def test_what_is_left_out_beyond_tables_is_said(model: Surrogate, reach: str) -> None:
    """A recurrent network of one order, as surrogates of earlier versions have it."""
    older = with_recurrent(model)
    for options in ({}, {"steps": 2}):
        provenance = older.sample(10, seed=1, given=GIVEN, **options).provenance
        assert provenance.get("left_out") == (["recurrent"] if reach == "orders" else None)
        assert "left_out" not in model.sample(10, seed=1, given=GIVEN, **options).provenance
    assert "left_out" not in older.sample(10, seed=1).provenance


def test_the_same_arguments_give_the_same_shots_whatever_was_asked_before(model) -> None:
    fresh = Surrogate(
        parts=model.parts, weights=model.weights, registers=model.registers, card=model.card
    )  # which has built no table yet
    before = fresh.sample(300, seed=2)
    fresh.distribution()
    assert fresh.sample(300, seed=2) == before
    for options in (
        {"given": GIVEN}, {"order": "random"}, {"steps": 3}, {"given": GIVEN, "steps": 2}
    ):  # fmt: skip
        assert model.sample(300, seed=2, **options) == model.sample(300, seed=2, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"given": {6: 1}},
        {"given": {0: 2}},
        {"given": {-1: 0}},
        {"given": {True: 0}},
        {"given": {0.0: 0}},
        {"given": {0: float("nan")}},
        {"given": {0: 0.5}},
        {"given": {0: None}},
        {"given": {0: [0, 1]}},
        {"given": {0: np.array([0, 1])}},
        {"given": [(0, 1)]},
        {"given": []},
        {"given": 3},
        {"given": np.zeros((3, 3))},
        {"given": GIVEN, "steps": 5},
        {"given": dict.fromkeys(range(6), 0), "order": "random"},
        {"order": "sideways"},
        {"order": 1},
        {"order": np.zeros((2, 2))},
        {"order": "random", "steps": 2},
        {"order": "random", "steps": 6.0},
        {"steps": 0},
        {"steps": 7},
        {"steps": 2.5},
        {"steps": 2.0},
        {"steps": True},
        {"steps": "2"},
        {"seed": -1},
        {"seed": 0.5},
        {"seed": True},
        {"seed": "one"},
        {"seed": float("nan")},
    ],
)
def test_impossible_questions_are_refused(model: Surrogate, options) -> None:
    with pytest.raises(InputError) as caught:
        model.sample(10, **{"seed": 1, **options})
    assert "\n" not in str(caught.value)
    if "given" in options and len(options) == 1:
        with pytest.raises(InputError):
            model.log_prob(np.zeros((1, 6)), given=options["given"])


@pytest.mark.parametrize("steps", [2.5, 0, 7, True, "2", None, float("nan")])
def test_impossible_penalties_are_refused(model: Surrogate, steps) -> None:
    with pytest.raises(InputError, match="steps must be a whole number, 1 to 6"):
        model.penalty(steps)


def test_whole_numbers_of_any_kind_are_taken(model: Surrogate) -> None:
    plain = model.sample(20, seed=1, given={0: 1}, steps=2)
    assert plain == model.sample(
        np.int64(20), seed=np.uint8(1), given={np.int8(0): np.True_}, steps=np.int64(2)
    )


def test_given_bits_of_probability_zero_are_refused() -> None:
    shots = Shots.from_counts({"000": 1000})
    parts, weights = {Part.SHOTS: HistogramLaw(shots)}, {Part.SHOTS: 1.0}
    model = Surrogate(parts=parts, weights=weights, registers=shots.registers, card={})
    with pytest.raises(InputError, match="probability zero"):
        model.sample(5, seed=1, given={0: 1})


@pytest.mark.parametrize("bits", [[], [0, 0], [6], [-1], [0.5], 3, "01", None, np.zeros((2, 2))])
def test_impossible_marginals_are_refused(model: Surrogate, bits) -> None:
    with pytest.raises(InputError) as caught:
        model.marginal(bits)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", [{"seed": -1}, {"shots": 0}, {"shots": 2.5}])
def test_impossible_draws_for_marginals_are_refused(model: Surrogate, options) -> None:
    with pytest.raises(InputError):
        model.marginal([0], **options)


@pytest.mark.usefixtures("short_trainings")
def test_wide_models_answer_too() -> None:
    """40 bits, pairs of equal ones: no table anywhere."""
    bits = np.random.default_rng(0).integers(0, 2, (2000, 40))
    bits[:, 1::2] = bits[:, ::2]
    model = qdiff.fit(Shots.from_bits(bits), seed=1, config=brief(QUICK))
    shots = model.sample(500, seed=1, given={0: 1, 39: 0})
    assert (shots.bits[:, 0] == 1).all()
    assert (shots.bits[:, 39] == 0).all()
    assert np.isfinite(model.log_prob(shots.bits, given={0: 1, 39: 0})).all()
    pair = model.marginal([0, 1], shots=2000)
    assert pair.probabilities[[0, 3]].sum() > 0.8  # all of it in the data
    assert model.sample(500, seed=1, steps=5).num_shots == 500
    both = model.sample(500, seed=1, steps=5, given={0: 1, 39: 0})
    assert (both.bits[:, [0, 39]] == [1, 0]).all()
