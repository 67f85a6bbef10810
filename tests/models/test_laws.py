"""Laws against their tables, and mixtures of them against where the likelihood is greatest."""

from __future__ import annotations

import numpy as np
import pytest
from laws_of_each_kind import LAWS, NUM_BITS, table_law

from qdiff import Distribution, Register, Shots
from qdiff.data import bits as bitorder
from qdiff.data.bits import Counts, Floats
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.law import Law
from qdiff.models.laws.mixture import AnyOrderMixture
from qdiff.models.laws.mixture_weights import mixture_weights
from qdiff.models.laws.table import TableLaw


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_log_prob_and_table_agree_and_sum_to_one(law: Law) -> None:
    table = law.table()
    assert abs(table.sum() - 1) < 1e-12
    assert np.allclose(np.exp(law.log_prob(bitorder.all_bits(NUM_BITS))), table, atol=1e-14)


def test_histogram_of_wide_strings() -> None:
    """Beyond one word, rows are compared as records; the order of words must not matter."""
    bits = np.random.default_rng(0).integers(0, 2, (300, 130)).astype(np.uint8)
    law = HistogramLaw(Shots.from_bits(bits))
    assert np.allclose(law.log_prob(bits), -np.log(300))
    unseen = bits.copy()
    unseen[:, 77] ^= 1
    assert np.isneginf(law.log_prob(unseen)).all()


def test_weights_recover_a_mixture() -> None:
    """The weights of a known mixture are found; 1e6 shots tell them to about 0.01."""
    laws = [table_law(4), table_law(5)]
    mixture = AnyOrderMixture(laws, [0.8, 0.2])
    words, counts = mixture.draw(1_000_000, np.random.default_rng(1))
    shots = Shots.from_words(words, counts, registers=[Register("c", NUM_BITS)])
    logs = np.stack([law.log_prob(shots.bits) for law in laws])
    assert np.allclose(mixture_weights(logs, shots.counts), [0.8, 0.2], atol=0.02)


def test_weights_are_where_the_likelihood_is_greatest() -> None:
    """The conditions of Karush, Kuhn and Tucker, and the end point of another algorithm."""
    laws = [table_law(6), table_law(7), table_law(9)]
    shots = Distribution(probabilities=table_law(6).table()).sample(500, seed=2)
    probs = np.exp(np.stack([law.log_prob(shots.bits) for law in laws]))
    weights = mixture_weights(np.log(probs), shots.counts)
    assert abs(weights.sum() - 1) < 1e-12
    assert weights.min() > 0
    slopes = (probs / (weights @ probs)) @ shots.counts + 0.5 / weights
    assert np.allclose(slopes, shots.num_shots + 1.5, rtol=1e-6)
    assert np.allclose(weights, by_expectation_maximisation(probs, shots.counts, 5_000), atol=1e-8)


@pytest.mark.parametrize("times", [1, 10**6, 10**12])
def test_weights_of_any_number_of_shots(times: int) -> None:
    """And two laws that are the same, between which the likelihood cannot decide."""
    laws = [table_law(6), table_law(7), TableLaw(table_law(6).log_probabilities)]
    counts = np.arange(1, 33) * times
    logs = np.stack([law.log_probabilities for law in laws])
    weights = mixture_weights(logs, counts)
    best = by_expectation_maximisation(np.exp(logs), counts, 5_000)
    assert np.allclose(weights @ np.exp(logs), best @ np.exp(logs), atol=1e-6)


def test_weights_of_laws_that_hardly_differ() -> None:
    """Where expectation-maximisation would still be near its start after hundreds of steps."""
    table = table_law(6).table()
    tilt = np.resize([1.0, -1.0], len(table))
    near, far = (table * (1 + size * tilt) for size in (0.01, 0.02))
    laws = [TableLaw.of(law / law.sum()) for law in (table, near, far)]
    shots = Distribution(probabilities=table).sample(1_000_000, seed=3)
    logs = np.stack([law.log_prob(shots.bits) for law in laws])
    weights = mixture_weights(logs, shots.counts)
    assert weights[0] > 0.7
    assert by_expectation_maximisation(np.exp(logs), shots.counts, 500)[0] < 0.7


def by_expectation_maximisation(probs: Floats, counts: Counts, iterations: int) -> Floats:
    weights = np.full(len(probs), 1 / len(probs))
    for _ in range(iterations):
        joint = weights[:, None] * probs
        weights = (joint / joint.sum(axis=0)) @ counts + 0.5
        weights /= weights.sum()
    return weights


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_marginals_and_conditionals_against_enumeration(law) -> None:
    rows, table = bitorder.all_bits(NUM_BITS), law.table()
    for bits in ([0], [4, 1], [2, 0, 3]):
        index = rows[:, bits].astype(int) @ (1 << np.arange(len(bits)))
        expected = np.bincount(index, weights=table, minlength=1 << len(bits))
        assert np.allclose(law.marginal(bits), expected, atol=1e-12)
    given = {1: 0, 3: 1}
    agrees = (rows[:, [1, 3]] == [0, 1]).all(axis=1)
    log_prob, conditional = law.condition(given)
    assert log_prob == pytest.approx(np.log(table[agrees].sum()), abs=1e-12)
    assert np.allclose(conditional.table(), table * agrees / table[agrees].sum(), atol=1e-12)
