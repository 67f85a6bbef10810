"""Pointwise distances, held-out likelihoods and novelty: what needs no table of all strings."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM
from known_laws import porter_thomas
from scipy import stats

from qdiff import (
    Distribution,
    InputError,
    Shots,
    heldout_likelihoods,
    novelty_rate,
    pointwise_distances,
)
from qdiff.comparison.metrics.novelty import proportion_interval
from qdiff.comparison.metrics.pointwise import half_width, terms
from qdiff.comparison.metrics.table_metrics import hellinger_fidelity, total_variation
from qdiff.data.registers import Register
from qdiff.models.baselines.base import FittedBaseline
from qdiff.models.baselines.counting import ProductLaw


def test_the_terms_have_the_distances_as_their_means() -> None:
    """Exactly, by summing over all strings; one string is impossible under one law."""
    p, q = (porter_thomas(4, seed).probabilities.copy() for seed in (1, 2))
    p[3] = 0
    p /= p.sum()
    with np.errstate(divide="ignore"):
        logs = np.log(p), np.log(q)
    seen = p > 0
    at_p = terms(logs[0][seen], logs[1][seen]) @ p[seen]
    at_q = terms(logs[1], logs[0]) @ q
    assert at_p[0] == pytest.approx(total_variation(p, q), abs=1e-12)
    assert at_q[0] == pytest.approx(total_variation(p, q), abs=1e-12)
    affinity = (at_p[1] + at_q[1]) / 2
    assert affinity**2 == pytest.approx(hellinger_fidelity(p, q), abs=1e-12)


def test_two_hundred_bits_by_the_binomial_law() -> None:
    """Two product laws whose log ratio depends on the number of ones alone."""
    registers = (Register("c", 200),)
    laws = [
        FittedBaseline(law=ProductLaw(np.full(200, chance)), registers=registers)
        for chance in (0.5, 0.53)
    ]
    ones = np.arange(201)
    p, q = (stats.binom.pmf(ones, 200, chance) for chance in (0.5, 0.53))
    found = pointwise_distances(*laws, draws=20_000, confidence=1 - FALSE_ALARM)
    low, high = found.total_variation.interval
    assert low <= total_variation(p, q) <= high
    low, high = found.hellinger_fidelity.interval
    assert low <= hellinger_fidelity(p, q) <= high
    assert high - low < 0.1


def test_equal_laws_are_at_no_distance() -> None:
    law = porter_thomas(3)
    found = pointwise_distances(law, law, draws=1000)
    assert found.total_variation.value == 0
    assert found.hellinger_fidelity.value == pytest.approx(1, abs=1e-12)
    assert found.total_variation.interval == (0, half_width(0.95, 1000))


def test_held_out_likelihood_by_hand() -> None:
    models = {"right": porter_thomas(3, 1), "wrong": porter_thomas(3, 2)}
    shots = models["right"].sample(500, seed=1)
    found = heldout_likelihoods(models, shots)
    each = {
        name: np.repeat(model.log_prob(shots.bits), shots.counts) for name, model in models.items()
    }
    assert found["right"].behind == 0
    assert found["right"].value == pytest.approx(each["right"].mean(), abs=1e-12)
    gap = each["right"] - each["wrong"]
    assert found["wrong"].behind == pytest.approx(gap.mean(), abs=1e-12)
    expected = stats.norm.interval(0.95, gap.mean(), gap.std(ddof=1) / np.sqrt(500))
    np.testing.assert_allclose(found["wrong"].behind_interval, expected, rtol=1e-12)
    assert found["wrong"].behind_interval[0] > 0


def test_an_impossible_shot_is_infinitely_unlikely() -> None:
    sure = Distribution(probabilities=np.array([1.0, 0.0]))
    fair = Distribution(probabilities=np.array([0.5, 0.5]))
    found = heldout_likelihoods({"fair": fair, "sure": sure}, Shots.from_counts({"0": 5, "1": 1}))
    assert (found["sure"].value, found["sure"].behind) == (-np.inf, np.inf)
    assert found["sure"].interval is None


def test_novelty_by_hand() -> None:
    training = Shots.from_counts({"000": 5, "001": 1, "010": 1, "111": 3})
    samples = Shots.from_counts({"000": 2, "110": 6})
    found = novelty_rate(samples, training)
    assert (found.value, found.expected, found.expected_interval) == (0.75, 0.2, None)
    held = novelty_rate(samples, training, heldout=Shots.from_counts({"001": 3, "100": 1}))
    assert held.expected == 0.25
    assert held.expected_interval is not None
    repeated = novelty_rate(training, training)
    assert repeated.value == 0
    assert repeated.interval[0] == 0


def test_goods_estimate_is_what_fresh_shots_show() -> None:
    law = porter_thomas(12, 3)
    training, fresh = law.sample(4000, seed=1), law.sample(40_000, seed=2)
    found = novelty_rate(fresh, training)
    # Good's estimate has a standard error of about sqrt((0.26 + 2 * 0.1) / 4000) here
    assert found.value == pytest.approx(found.expected, abs=5 * 0.011)
    assert found.value > 0.2


def test_clopper_and_pearson_as_scipy_has_it() -> None:
    for hits, trials in ((0, 10), (3, 10), (10, 10), (57, 1000)):
        expected = stats.binomtest(hits, trials).proportion_ci(0.9)
        np.testing.assert_allclose(proportion_interval(hits, trials, 0.9), expected, atol=1e-12)


def test_what_does_not_fit_is_refused() -> None:
    law, other = porter_thomas(3), porter_thomas(2)
    shots = law.sample(10, seed=1)
    empty = Shots.from_bits(np.empty((0, 3), np.uint8))
    with pytest.raises(InputError, match="bits"):
        pointwise_distances(law, other)
    with pytest.raises(InputError, match="positive"):
        pointwise_distances(law, law, draws=0)
    for wrong in (0.0, 1.0):
        with pytest.raises(InputError, match="confidence"):
            pointwise_distances(law, law, confidence=wrong)
        with pytest.raises(InputError, match="confidence"):
            heldout_likelihoods({"law": law}, shots, confidence=wrong)
        with pytest.raises(InputError, match="confidence"):
            novelty_rate(shots, shots, confidence=wrong)
    with pytest.raises(InputError, match="no models"):
        heldout_likelihoods({}, shots)
    with pytest.raises(InputError, match="other has 2 bits"):
        heldout_likelihoods({"law": law, "other": other}, shots)
    with pytest.raises(InputError, match="two held-out"):
        heldout_likelihoods({"law": law}, empty)
    with pytest.raises(InputError, match="empty"):
        novelty_rate(empty, shots)
    with pytest.raises(InputError, match="bits"):
        novelty_rate(other.sample(5, seed=1), shots)
