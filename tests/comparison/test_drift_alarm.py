"""Alarms: every level that is taken can be reached, and none is raised more often than it says."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM
from known_laws import porter_thomas
from scipy.stats import binom

from qdiff import Distribution, InputError, Shots, score
from qdiff.comparison import drift_alarm
from qdiff.comparison.relabelling import p_value

EVEN = np.array([0, 3, 5, 6])


def leaning(to_even: float) -> Distribution:
    """Three bits whose parity is even with this chance: no bit and no pair says anything of it."""
    table = np.full(8, (1 - to_even) / 4)
    table[EVEN] = to_even / 4
    return Distribution(probabilities=table)


@pytest.mark.parametrize("level", [0.05, 0.01, 0.001, 1e-4])
def test_the_likelihood_alone_can_raise_an_alarm_at_any_level(level: float) -> None:
    found = score(leaning(0.4).sample(4000, seed=1), leaning(0.6), alarm=level)
    assert min(found.bits[0].p_value, found.pairs[0].p_value) > 0.01
    assert found.any_p_value < level
    good = score(leaning(0.6).sample(4000, seed=2), leaning(0.6), alarm=level)
    assert good.any_p_value > level
    assert good.relabellings == 999  # only what is suspect pays for a low level


@pytest.mark.parametrize("level", [0, 1, -0.1, 1e-6, 1e-300, float("nan")])
def test_levels_that_cannot_be_reached_are_refused(level: float) -> None:
    with pytest.raises(InputError, match="alarm"):
        score(leaning(0.4).sample(100, seed=1), leaning(0.6), alarm=level)


def test_too_few_relabellings_or_shots_for_a_level_are_refused() -> None:
    two = Shots.from_counts({"000": 1, "111": 1})
    with pytest.raises(InputError, match=r"2 shots against 2 give 0.67 at least"):
        score(two, leaning(0.6), calibration=two, alarm=0.05)
    with pytest.raises(InputError, match=r"99 relabellings .* give 0.04 at least"):
        score(two, leaning(0.6), permutations=99, alarm=0.04)
    assert score(two, leaning(0.6), permutations=99, alarm=0.05).relabellings == 99


def test_portions_keep_the_promise_of_the_p_value(monkeypatch) -> None:
    """Of exchangeable statistics; each count has a false alarm of 1e-6."""
    monkeypatch.setattr(drift_alarm, "PORTION", 19)
    monkeypatch.setattr(drift_alarm, "ENOUGH", 3)
    generator, found, drawn = np.random.default_rng(1), [], []
    for _ in range(10_000):
        label = generator.random()
        draw = lambda number, label=label: np.r_[label, generator.random(number)]  # noqa: E731
        statistics = drift_alarm.until_settled(draw, 399)
        found.append(p_value(statistics))
        drawn.append(len(statistics) - 1)
    for level in (0.0025, 0.01, 0.05, 0.1, 0.2, 0.5):
        alarms = sum(value <= level for value in found)
        assert binom.sf(alarms - 1, len(found), level) > FALSE_ALARM
        if level <= 0.05:  # nor far less often
            assert alarms > level * len(found) / 3
    assert np.mean(drawn) < 60
    assert max(drawn) == 399


def test_a_shot_without_probability_is_an_alarm_by_itself() -> None:
    """Bits and likelihoods may look as they should: of two impossible shots nothing else is odd."""
    table = np.full(16, 1 / 15)
    table[5] = 0
    model = Distribution(probabilities=table)
    shots = model.sample(4000, seed=1)
    assert score(shots, model, alarm=0.001).impossible_p_value is None
    found = score(shots.merge(Shots.from_counts({"0101": 1})), model, alarm=0.001)
    assert (found.impossible, found.impossible_p_value, found.any_p_value) == (1, 0, 0)
    everything = score(Shots.from_counts({"0101": 4000}), model, alarm=0.001)
    assert (everything.impossible, everything.any_p_value) == (4000, 0)


def test_calibration_shots_say_how_many_impossible_ones_there_always_are() -> None:
    law = porter_thomas(4, seed=1)
    table = law.probabilities.copy()
    table[3] = 0
    model = Distribution(probabilities=table / table.sum())
    usual = law.sample(4000, seed=2)
    same = score(law.sample(4000, seed=3), model, calibration=usual, alarm=0.001)
    assert same.impossible > 0
    assert same.any_p_value > 0.001
    more = law.sample(4000, seed=4).merge(Shots.from_counts({"0011": 400}))
    worse = score(more, model, calibration=usual, alarm=0.001)
    assert worse.impossible_p_value < FALSE_ALARM
    assert worse.any_p_value < 0.001
