"""Comparisons of a law or of shots with a reference: scores, floors and what is refused."""

from __future__ import annotations

import json
import time
import tracemalloc

import numpy as np
import pytest
from known_laws import porter_thomas

from qdiff import Distribution, InputError, Register, Shots, compare
from qdiff.comparison.few_body.distances import DISTANCES
from qdiff.models.baselines.counting import IndependentBits

TRUTH = porter_thomas(8)
FEW_BODY = tuple(DISTANCES)


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
        assert metric.interval[0] <= metric.value <= metric.interval[1], name


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
    assert value["z2_rms"]["estimator"] == "frequencies of the shots, biased upwards"
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
        (TRUTH.sample(10, seed=1), porter_thomas(7).sample(10, seed=1)),
        (TRUTH.sample(10, seed=1), TRUTH.sample(0, seed=1)),
        (TRUTH.sample(0, seed=1), TRUTH.sample(10, seed=1)),
        (TRUTH, None),
        ("shots", TRUTH),
    ],
)
def test_what_cannot_be_compared_is_one_clear_line(candidate, reference) -> None:
    with pytest.raises(InputError) as caught:
        compare(candidate, reference)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("num_bits", "shots", "resamples", "variation", "fidelity"),
    [(12, 10_000, 200, 0.22, 0.86), (16, 100_000, 39, 0.29, 0.78)],
)
def test_floors_of_porter_thomas(num_bits, shots, resamples, variation, fidelity) -> None:
    """What a perfect sampler scores, in digits; what uniform does, within 5 standard errors."""
    truth = porter_thomas(num_bits)
    found = compare(truth.sample(shots, seed=3), truth, seed=4, resamples=resamples)
    assert found["total_variation"].floor == pytest.approx(variation, abs=0.006)
    assert round(found["hellinger_fidelity"].floor, 2) == fidelity
    error = 1 / np.sqrt(1 << num_bits)
    assert found["hellinger_fidelity"].uniform == pytest.approx(0.785, abs=2 * error)
    assert found["kl"].uniform == pytest.approx(0.423, abs=4 * error)
    assert found["heavy_output"].floor == pytest.approx(0.847, abs=2 * error)


def test_a_worse_sampler_lies_above_the_floor() -> None:
    factor = np.random.default_rng(1).gamma(10, size=256)
    table = TRUTH.probabilities * factor
    worse = Distribution(probabilities=table / table.sum()).sample(5000, seed=5)
    found = compare(worse, TRUTH, confidence=0.999, resamples=2000)
    for name in ("kl", "reverse_kl", "jensen_shannon", "total_variation"):
        assert found[name].value > found[name].floor_interval[1]


def test_a_law_without_training_shots_has_neither_floor_nor_multiplier() -> None:
    found = compare(porter_thomas(8, seed=1), TRUTH)
    assert "shot_multiplier" not in found.metrics
    assert all(
        metric.interval is None and metric.floor is None for metric in found.metrics.values()
    )


def test_a_histogram_of_ten_times_the_shots_has_a_multiplier_of_ten() -> None:
    training = TRUTH.sample(1000, seed=9)
    more = TRUTH.sample(10_000, seed=10)
    multiplier = compare(
        Distribution.from_shots(more, pseudocount=0.5), TRUTH, training=training
    ).metrics["shot_multiplier"]
    assert multiplier.value == pytest.approx(10, rel=0.25)
    assert multiplier.floor == pytest.approx(1, rel=0.05)
    assert multiplier.uniform == 0
    low, high = compare(more, TRUTH, training=training)["shot_multiplier"].interval
    assert low < multiplier.value <= high * (1 + 1e-9)  # fewer than a perfect sampler's KL


def test_independent_bits_come_from_training_or_from_the_candidate() -> None:
    pair = Distribution(probabilities=np.array([0.4, 0.1, 0.1, 0.4]))
    swapped = Distribution(probabilities=np.array([0.1, 0.4, 0.4, 0.1]))
    assert compare(pair, pair)["total_variation"].independent_bits == pytest.approx(0.3)
    ones = Shots.from_bits([[1, 1]], [1000])
    assert compare(swapped, pair, training=ones)["total_variation"].independent_bits > 0.59


def test_shots_where_the_reference_has_none() -> None:
    bell = Distribution(probabilities=np.array([0.5, 0.0, 0.0, 0.5]))
    found = compare(Shots.from_counts({"00": 50, "11": 49, "01": 1}), bell)
    assert np.isfinite(found["kl"].value)
    assert found["reverse_kl"].value == np.inf
    assert found["reverse_kl"].interval is None
    assert found["total_variation"].value == pytest.approx(0.01)
    inside = compare(Shots.from_counts({"00": 50, "11": 50}), bell)
    assert inside["reverse_kl"].interval is not None


FOUR = Distribution(
    probabilities=np.full(16, 1 / 16), registers=(Register("a", 1), Register("b", 3))
)


def test_registers_must_agree_where_both_are_known() -> None:
    compare(Shots.from_counts({"000 1": 2}), FOUR)
    compare(Shots.from_counts({"0000": 2}), FOUR)
    with pytest.raises(InputError, match=r"c0\[2\], c1\[2\]"):
        compare(Shots.from_counts({"00 01": 2}), FOUR)
    bits = [Register("a", 1), Register("b", 1)]
    truth = Distribution(probabilities=np.full(4, 0.25), registers=tuple(bits))
    with pytest.raises(InputError, match="registers"):
        compare(Shots.from_bits([[0, 1]], registers=bits[::-1]), truth)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 95}, "between 0 and 1, got 95"),
        ({"confidence": float("nan")}, "between 0 and 1, got nan"),
        ({"resamples": 1}, "at least 39 resamples, got 1"),
        ({"training": TRUTH}, "training must be Shots"),
        ({"training": TRUTH.sample(0, seed=1)}, "training set holds no shots"),
        ({"training": porter_thomas(7).sample(5, seed=1)}, "training set has 7 bits"),
    ],
)
def test_bad_options_are_one_clear_line(options, message) -> None:
    with pytest.raises(InputError, match=message) as caught:
        compare(TRUTH, TRUTH, **options)
    assert "\n" not in str(caught.value)


def chain(num_bits: int, shots: int, seed: int, misread: float = 0.0) -> Shots:
    """Bits that mostly repeat the one before; bit 5 misread at times."""
    rng = np.random.default_rng(seed)
    flips = rng.random((shots, num_bits)) > 0.8
    flips[:, 0] = rng.random(shots) < 0.5
    bits = np.bitwise_xor.accumulate(flips, axis=1)
    bits[:, 5] ^= rng.random(shots) < misread
    return Shots.from_bits(bits)


def test_two_sets_of_shots_by_a_second_route() -> None:
    """Through histograms and their tables, which few bits allow."""
    first, second, training = (TRUTH.sample(size, seed=size) for size in (700, 900, 500))
    found = compare(first, second, training=training, resamples=40)
    p, q, t = (Distribution.from_shots(shots) for shots in (second, first, training))
    uniform = Distribution(probabilities=np.full(256, 1 / 256))
    known = compare(q, p)
    for name in ("jensen_shannon", "total_variation", "hellinger_fidelity", *FEW_BODY):
        assert found[name].value == pytest.approx(known[name].value, abs=1e-12)
        assert found[name].training == pytest.approx(compare(t, p)[name].value, abs=1e-12)
        assert found[name].uniform == pytest.approx(compare(uniform, p)[name].value, abs=1e-12)
        bits = known_bits(training)
        assert found[name].independent_bits == pytest.approx(compare(bits, p)[name].value)
    assert set(found.metrics) == {
        "jensen_shannon",
        "total_variation",
        "hellinger_fidelity",
        *FEW_BODY,
    }
    assert (found.num_shots, found.reference_shots, found.training_shots) == (700, 900, 500)
    assert "700 shots against 900 of 8 bits" in found.caption()


def known_bits(shots: Shots) -> Distribution:
    return IndependentBits().fit(shots).distribution()


def test_a_misread_bit_shows_at_any_width() -> None:
    first, second = chain(90, 3000, 1, misread=0.2), chain(90, 3000, 2)
    found = compare(first, second, resamples=40, confidence=0.9)
    assert "total_variation" not in found.metrics  # hardly a string is there twice
    for name in ("z2_max", "marginal2_max"):
        assert found[name].value > found[name].floor_interval[1]
    strings, means = found.candidate_moments.z(2)
    worst = np.abs(means - found.reference_moments.z(2)[1]).argmax()
    assert 5 in strings[worst]
    assert "4,096 of 117,480, drawn at random" in found["z3_rms"].estimator
    same = compare(chain(90, 3000, 3), second, resamples=40, confidence=0.9)
    assert same["z2_max"].value < found["z2_max"].floor_interval[1] * 1.3


def test_the_moments_of_a_comparison_are_at_hand() -> None:
    found = compare(TRUTH.sample(1000, seed=1), TRUTH)
    strings, means = found.reference_moments.z(3)
    signs = 1 - 2 * (np.arange(256)[:, None] >> strings[7] & 1)
    assert means[7] == pytest.approx(TRUTH.probabilities @ signs.prod(axis=1))
    assert found.candidate_moments.spectrum.sum() == pytest.approx(1)


@pytest.mark.slow
def test_a_hundred_thousand_shots_of_127_bits() -> None:
    """Under 60 s and 2 GB, on two idle cores half a minute; processor time is what is bounded."""
    first, second = chain(127, 100_000, 1), chain(127, 100_000, 2)
    tracemalloc.start()
    start = time.process_time()
    compare(first, second)
    assert time.process_time() - start < 60
    assert tracemalloc.get_traced_memory()[1] < 1.5e9
    tracemalloc.stop()


@pytest.mark.parametrize("num_bits", [1, 2, 3])
def test_so_few_bits_that_some_strings_do_not_exist(num_bits: int) -> None:
    truth = Distribution(probabilities=np.full(1 << num_bits, 0.5**num_bits))
    for reference in (truth, truth.sample(50, seed=1)):
        found = compare(truth.sample(50, seed=2), reference)
        assert sum(name in found.metrics for name in FEW_BODY) == 1 + 4 * num_bits


def test_a_single_shot_a_side() -> None:
    found = compare(Shots.from_bits([[0, 1, 1, 0]]), Shots.from_bits([[0, 1, 1, 1]]))
    assert found["z1_max"].value == 2
    assert json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize(("confidence", "resamples"), [(0.999, 200), (0.99, 40), (0.95, 2)])
def test_a_confidence_that_the_resamples_cannot_carry_is_refused(
    confidence: float, resamples: int
) -> None:
    with pytest.raises(InputError, match="takes at least"):
        compare(TRUTH, TRUTH, confidence=confidence, resamples=resamples)


def test_more_shots_than_can_be_relabelled_are_refused() -> None:
    many = Shots.from_counts({"00000000": 600_000_000, "11111111": 600_000_000})
    with pytest.raises(InputError, match="1e9 shots"):
        compare(many, TRUTH.sample(100, seed=1))
