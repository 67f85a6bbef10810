"""The drift test: what it finds, which bits it names, and its numbers by hand."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM
from known_laws import porter_thomas
from scipy import stats

from qdiff import Distribution, InputError, Shots, score
from qdiff.comparison import drift
from qdiff.comparison.drift_changes import holm
from qdiff.models.baselines.counting import Histogram, IndependentBits


def decayed(shots: Shots, bit: int, chance: float, seed: int = 0) -> Shots:
    """The shots with one bit falling to 0 at random."""
    rows = np.repeat(shots.bits, shots.counts, axis=0)
    rows[:, bit] &= np.random.default_rng(seed).random(len(rows)) >= chance
    return Shots.from_bits(rows)


def test_a_wrong_model_is_found_without_calibration_shots() -> None:
    law = porter_thomas(5, seed=1)
    shots = law.sample(2000, seed=3)
    wrong = porter_thomas(5, seed=2)
    assert score(shots, wrong).p_value == 0.001
    assert score(shots, wrong, calibration=law.sample(20_000, seed=4)).p_value > 0.001


@pytest.mark.parametrize("bit", [0, 3])
def test_the_bit_that_changed_is_named(bit: int) -> None:
    law = porter_thomas(6, seed=5)
    model = Histogram().fit(law.sample(100_000, seed=6))
    changed = decayed(law.sample(20_000, seed=7), bit, 0.1)
    found = score(changed, model)
    assert found.bits[0].bits == (bit,)
    assert found.bits[0].p_value < FALSE_ALARM
    assert all(change.p_value > 1e-3 for change in found.bits[1:])
    assert found.any_p_value < 1e-5
    assert len(found.bits) == 6


def test_a_pair_may_change_where_no_bit_does() -> None:
    fair = Distribution(probabilities=np.full(16, 1 / 16))
    rows = fair.sample(10_000, seed=1)
    rows = np.repeat(rows.bits, rows.counts, axis=0)
    equal = np.random.default_rng(2).random(len(rows)) < 0.1
    rows[equal, 2] = rows[equal, 1]
    found = score(Shots.from_bits(rows), fair)
    assert found.pairs[0].bits == (1, 2)
    assert found.pairs[0].observed == pytest.approx(0.45, abs=0.03)
    assert found.pairs[0].expected == pytest.approx(0.5, abs=0.01)
    assert found.pairs[0].p_value < FALSE_ALARM < found.bits[0].p_value
    assert found.z == 0  # all strings alike under the model: the likelihood sees nothing
    assert found.p_value == 1


def test_changes_are_fishers_exact_test() -> None:
    law = porter_thomas(3, seed=8)
    shots, good = law.sample(40, seed=1), porter_thomas(3, seed=9).sample(70, seed=2)
    found = score(shots, law, calibration=good)
    single = {}
    for bit in range(3):
        ours, theirs = (int(each.counts @ each.bits[:, bit]) for each in (shots, good))
        tails = [
            stats.fisher_exact([[ours, theirs], [40 - ours, 70 - theirs]], alternative=side).pvalue
            for side in ("less", "greater")
        ]
        single[bit] = min(1.0, 2 * min(tails))
    corrected = dict(zip(single, holm(np.array([*single.values()])), strict=True))
    for change in found.bits:
        assert change.p_value == pytest.approx(corrected[change.bits[0]], rel=1e-9)


def test_z_and_means_by_hand() -> None:
    model = porter_thomas(3, seed=8)
    shots, good = model.sample(50, seed=1), model.sample(80, seed=2)
    found = score(shots, model, calibration=good)
    levels = [np.repeat(model.log_prob(each.bits), each.counts) for each in (shots, good)]
    assert found.log_likelihood == pytest.approx(levels[0].mean(), abs=1e-12)
    assert found.expected == pytest.approx(levels[1].mean(), abs=1e-12)
    spread = np.concatenate(levels).std() * np.sqrt(1 / 50 + 1 / 80)
    gap = levels[0].mean() - levels[1].mean()
    assert found.z == pytest.approx(gap / spread, abs=1e-10)


def test_impossible_shots_are_counted_and_damning() -> None:
    model = Distribution(probabilities=np.array([0.5, 0.5, 0, 0]))
    found = score(Shots.from_counts({"00": 50, "01": 45, "10": 5}), model)
    assert found.impossible == 5
    assert np.isfinite(found.log_likelihood)
    assert found.p_value == 0.001


def test_many_different_shots_of_many_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "MOST_EVALUATED", 2000)
    rng = np.random.default_rng(3)
    one = rng.uniform(0.1, 0.9, 150)
    model = IndependentBits().fit(Shots.from_bits(rng.random((5000, 150)) < one))
    batch = Shots.from_bits(rng.random((3000, 150)) < one)
    good = Shots.from_bits(rng.random((3000, 150)) < one)
    found = score(batch, model, calibration=good, permutations=99)
    assert (found.num_shots, found.evaluated) == (3000, 2000)
    assert found.any_p_value > 1e-4
    worn = score(decayed(batch, 77, 0.3), model, calibration=good, permutations=99)
    assert worn.bits[0].bits == (77,)
    assert len(worn.pairs) == 20


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(holm(np.array([0.5, 0.001, 0.2])), [0.5, 0.003, 0.4])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_one_bit_has_no_pairs() -> None:
    model = Distribution(probabilities=np.array([0.25, 0.75]))
    assert score(model.sample(10, seed=1), model).pairs == ()


@pytest.mark.parametrize(("batch", "good", "ones"), [(30, 40, 35), (200, 300, 150), (200, 300, 30)])
def test_of_one_bit_the_alarm_is_as_frequent_as_its_level(batch: int, good: int, ones: int) -> None:
    """Without drift, given how many ones there are in all, those of the batch are hypergeometric.

    So the size of the test is a finite sum. It is below the level only because counts are whole.
    """
    model = Distribution(probabilities=np.array([0.3, 0.7]))
    found = np.arange(max(0, ones - good), min(ones, batch) + 1)
    p_values = np.array(
        [
            score(
                Shots.from_counts({"0": batch - own, "1": own}),
                model,
                calibration=Shots.from_counts({"0": good - ones + own, "1": ones - own}),
                permutations=1,
            ).any_p_value
            for own in found.tolist()
        ]
    )
    chances = stats.hypergeom(batch + good, ones, batch).pmf(found)
    for level in (0.01, 0.05, 0.1, 0.3):
        assert 0.5 * level < chances[p_values <= level].sum() <= level


def test_what_cannot_be_scored_is_refused() -> None:
    model = porter_thomas(3)
    with pytest.raises(InputError, match="the model 3"):
        score(Shots.from_counts({"00": 5}), model)
    with pytest.raises(InputError, match="two shots"):
        score(Shots.from_counts({"000": 1}), model)
    with pytest.raises(InputError, match="calibration set has 2"):
        score(model.sample(5, seed=1), model, calibration=Shots.from_counts({"00": 5}))
    with pytest.raises(InputError, match="Shots"):
        score(model, model)  # type: ignore[arg-type]
