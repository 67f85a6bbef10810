from __future__ import annotations

import json

import numpy as np
import pytest

from qdiff import Distribution, InputError, Shots, compare


def porter_thomas(num_bits: int = 8, seed: int = 0) -> Distribution:
    weights = np.random.default_rng(seed).exponential(size=1 << num_bits)
    return Distribution(probabilities=weights / weights.sum())


TRUTH = porter_thomas()


def test_the_reference_itself_is_perfect() -> None:
    found = compare(TRUTH, TRUTH, training=TRUTH.sample(1000, seed=1))
    for name in ("kl", "reverse_kl", "jensen_shannon", "total_variation"):
        assert found[name].value == pytest.approx(0, abs=1e-12)
    for name in ("hellinger_fidelity", "normalized_fidelity", "xeb", "log_xeb"):
        assert found[name].value == pytest.approx(1, abs=1e-12)
    assert found["shot_multiplier"].value == np.inf


def test_a_perfect_sampler_scores_its_floor() -> None:
    found = compare(TRUTH.sample(5000, seed=1), TRUTH, seed=2)
    for name, metric in found.metrics.items():
        low, high = metric.floor_interval
        wide = 2 * (high - low)
        assert low - wide < metric.value < high + wide, name
        assert metric.interval[0] <= metric.value <= metric.interval[1] or name != "xeb"


def test_the_training_histogram_is_worth_its_own_shots() -> None:
    """Solved for, the multiplier of a histogram is about one (spread of its KL: a few per cent)."""
    shots = TRUTH.sample(20_000, seed=3)
    found = compare(Distribution.from_shots(shots, pseudocount=0.5), TRUTH, training=shots)
    assert 0.7 < found["shot_multiplier"].value < 1.4
    assert found["shot_multiplier"].training == pytest.approx(found["shot_multiplier"].value)


def test_every_column_is_the_metric_of_that_law() -> None:
    shots = TRUTH.sample(500, seed=4)
    found = compare(shots, TRUTH, training=shots)
    uniform = Distribution(probabilities=np.full(256, 1 / 256))
    for name in ("kl", "total_variation", "hellinger_fidelity", "xeb"):
        assert found[name].uniform == pytest.approx(compare(uniform, TRUTH)[name].value)
        assert found[name].training == pytest.approx(found[name].value)


def test_to_dict_is_json_and_infinities_are_text() -> None:
    truth = Distribution(probabilities=np.array([0.5, 0.5, 0.0, 0.0]))
    found = compare(Shots.from_counts({"10": 5, "00": 5}), truth)
    text = json.dumps(found.to_dict(), allow_nan=False)
    value = json.loads(text)
    assert value["reverse_kl"]["value"] == "inf"
    assert {"value", "interval", "floor", "training", "uniform", "independent_bits"} <= set(
        value["kl"]
    )


def test_same_seed_same_numbers() -> None:
    shots = TRUTH.sample(300, seed=5)
    assert compare(shots, TRUTH, seed=1).to_dict() == compare(shots, TRUTH, seed=1).to_dict()


@pytest.mark.parametrize(
    ("candidate", "reference"),
    [
        (TRUTH.sample(10, seed=1), porter_thomas(7)),
        (porter_thomas(7), TRUTH),
        (TRUTH.sample(10, seed=1).split(0.0, seed=1)[0], TRUTH),
        (TRUTH, TRUTH.sample(10, seed=1)),
        ("shots", TRUTH),
    ],
)
def test_what_cannot_be_compared_is_one_clear_line(candidate, reference) -> None:
    with pytest.raises(InputError) as caught:
        compare(candidate, reference)
    assert "\n" not in str(caught.value)
