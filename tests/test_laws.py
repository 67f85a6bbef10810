from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM, biased, p_value

from qdiff import Distribution, Register, Shots
from qdiff import bits as bitorder
from qdiff.laws import AnyOrderMixture, HistogramLaw, Law, TableLaw, mixture_weights

NUM_BITS = 5


def table_law(seed: int = 0, num_bits: int = NUM_BITS) -> TableLaw:
    weights = np.random.default_rng(seed).exponential(size=1 << num_bits)
    return TableLaw(np.log(weights / weights.sum()))


def histogram_law(seed: int = 1) -> HistogramLaw:
    bits = np.random.default_rng(seed).integers(0, 2, (40, NUM_BITS))
    return HistogramLaw(Shots.from_bits(bits))


LAWS = {
    "table": table_law(),
    "histogram": histogram_law(),
    "mixture": AnyOrderMixture([table_law(2), histogram_law(), table_law(3)], [0.5, 0.3, 0.2]),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_log_prob_and_table_agree_and_sum_to_one(law: Law) -> None:
    table = law.table()
    assert abs(table.sum() - 1) < 1e-12
    assert np.allclose(np.exp(law.log_prob(bitorder.all_bits(NUM_BITS))), table, atol=1e-14)


@pytest.mark.statistical
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS.keys())
def test_draws_follow_the_table(law: Law) -> None:
    words, counts = law.draw(50_000, np.random.default_rng(7))
    shots = Shots.from_words(words, counts, registers=[Register("c", NUM_BITS)])
    assert shots.num_shots == 50_000
    assert p_value(shots, Distribution(probabilities=law.table())) > FALSE_ALARM


def test_histogram_of_wide_strings() -> None:
    """Beyond one word, rows are compared as records; the order of words must not matter."""
    bits = np.random.default_rng(0).integers(0, 2, (300, 130)).astype(np.uint8)
    law = HistogramLaw(Shots.from_bits(bits))
    assert np.allclose(law.log_prob(bits), -np.log(300))
    unseen = bits.copy()
    unseen[:, 77] ^= 1
    assert np.isneginf(law.log_prob(unseen)).all()


def test_weights_recover_a_mixture() -> None:
    """EM finds the weights of a known mixture; with 1e6 shots they are known to about 0.01."""
    laws = [table_law(4), table_law(5)]
    mixture = AnyOrderMixture(laws, [0.8, 0.2])
    words, counts = mixture.draw(1_000_000, np.random.default_rng(1))
    shots = Shots.from_words(words, counts, registers=[Register("c", NUM_BITS)])
    logs = np.stack([law.log_prob(shots.bits) for law in laws])
    assert np.allclose(mixture_weights(logs, shots.counts), [0.8, 0.2], atol=0.02)


def test_more_iterations_never_lower_the_posterior() -> None:
    laws = [table_law(6), table_law(7), histogram_law()]
    shots = Distribution(probabilities=table_law(6).table()).sample(500, seed=2)
    logs = np.stack([law.log_prob(shots.bits) for law in laws])

    def objective(iterations: int) -> float:
        weights = mixture_weights(logs, shots.counts, iterations=iterations)
        likelihood = shots.counts @ np.log(weights @ np.exp(logs))
        return float(likelihood + 0.5 * np.log(weights).sum())

    values = [objective(k) for k in (1, 2, 5, 10, 50, 200)]
    assert np.diff(values).min() > -1e-9


@pytest.mark.statistical
@pytest.mark.parametrize("shots", [20, 31, 32, 100_000])  # by searching, and by binomials
def test_both_ways_of_drawing_from_a_table(shots: int) -> None:
    """Many draws of `shots` together follow the table, and each has as many as asked for."""
    law = table_law(8)
    drawn = [law.draw(shots, np.random.default_rng(seed)) for seed in range(2_000_000 // shots)]
    assert {int(counts.sum()) for _, counts in drawn[:100]} == {shots}
    words = np.concatenate([words for words, _ in drawn])
    counts = np.concatenate([counts for _, counts in drawn])
    together = Shots.from_words(words, counts, registers=[Register("c", NUM_BITS)])
    truth = Distribution(probabilities=law.table())
    assert p_value(together, truth) > FALSE_ALARM
    assert p_value(together, biased(truth)) < FALSE_ALARM


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
