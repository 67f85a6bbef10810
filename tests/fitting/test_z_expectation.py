"""Intervals of Z strings: the textbook's without readout error, and their promise with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

import qdiff
from qdiff import Confusion, Distribution, InputError, Shots
from qdiff.fitting.z_expectation import z_by_inversion

SILENT = Confusion.independent([0, 0], [0, 0])
FLIPS = Confusion.independent([0.02, 0.05], [0.08, 0.03])
PAIRS = FLIPS.with_pair_flips([(0, 1)], [0.04])
ZZ = np.array([1, -1, -1, 1])


@pytest.mark.parametrize(("ones", "total"), [(0, 7), (7, 7), (3, 10), (499, 500), (250, 1000)])
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_without_readout_error_the_interval_is_wilsons(ones, total, confidence) -> None:
    counts = {key: n for key, n in (("1", ones), ("0", total - ones)) if n}
    none = Confusion.independent([0], [0])
    found = z_by_inversion(Shots.from_counts(counts), [0], confusion=none, confidence=confidence)
    wilson = binomtest(total - ones, total).proportion_ci(confidence, method="wilson")
    assert abs(found.low - (2 * wilson.low - 1)) < 1e-12
    assert abs(found.high - (2 * wilson.high - 1)) < 1e-12
    assert found.high > found.low
    assert abs(found.value - (1 - 2 * ones / total)) < 1e-12


def coverage(truth, confusion: Confusion, number: int, width: float = 1.0) -> float:
    """How often, of 600 experiments, the interval (times `width`) holds the truth."""
    read = Distribution(probabilities=confusion.apply(np.asarray(truth)))
    mean, held = ZZ @ truth, 0
    for seed in range(600):
        found = z_by_inversion(read.sample(number, seed=seed), [0, 1], confusion=confusion)
        middle, half = (found.low + found.high) / 2, width * (found.high - found.low) / 2
        held += middle - half - 1e-12 <= mean <= middle + half + 1e-12
    return held / 600


@pytest.mark.parametrize(
    "truth", [[1, 0, 0, 0], [0.5, 0, 0, 0.5], [0.49, 0.02, 0, 0.49], [0.4, 0.3, 0.2, 0.1]]
)
@pytest.mark.parametrize("confusion", [SILENT, FLIPS, PAIRS])
@pytest.mark.parametrize("number", [30, 1000])
def test_intervals_cover(truth, confusion, number) -> None:
    """At least 95 %; 600 experiments scatter by .009, and Wilson's own dips are of .02."""
    assert coverage(truth, confusion, number) > 0.92


def test_the_coverage_test_has_power() -> None:
    assert coverage([0.4, 0.3, 0.2, 0.1], FLIPS, 1000, width=0.8) < 0.92


def test_the_interval_reaches_a_models_value_and_not_beyond() -> None:
    read = Shots.from_counts({"00": 460, "11": 440, "01": 50, "10": 50})
    model = qdiff.mitigate(read, FLIPS, seed=1)
    own = z_by_inversion(read, [0, 1], confusion=FLIPS)
    found = qdiff.z_expectation(model, [0, 1], shots=read, confusion=FLIPS)
    assert found.low <= found.value <= found.high
    assert (found.low, found.high) == (min(own.low, found.value), max(own.high, found.value))
    other = qdiff.mitigate(Shots.from_counts({"01": 500, "10": 500}), FLIPS, seed=1)
    wrong = qdiff.z_expectation(other, [0, 1], shots=read, confusion=FLIPS)
    assert wrong == replace(own, value=wrong.value, low=wrong.value)


def test_correlations_far_away_do_not_matter() -> None:
    """Thirty bits with one correlated pair: only what hangs together is inverted."""
    rows = np.random.default_rng(1).integers(2, size=(500, 30))
    shots = Shots.from_bits(rows.astype(np.uint8))
    flips = Confusion.independent(np.full(30, 0.02), np.full(30, 0.03))
    paired = flips.with_pair_flips([(7, 8)], [0.05])
    args = {"shots": shots, "bits": [0, 29]}
    assert z_by_inversion(**args, confusion=paired) == z_by_inversion(**args, confusion=flips)
    assert paired.reaching([8, 3]) == [3, 7, 8]
    near = {"shots": shots, "bits": [7]}
    assert z_by_inversion(**near, confusion=paired) != z_by_inversion(**near, confusion=flips)


def test_what_cannot_be_estimated_is_refused() -> None:
    shots = Shots.from_counts({"00": 5, "11": 5})
    model = qdiff.mitigate(shots, FLIPS)
    none = Shots.from_bits(np.zeros((0, 2), dtype=np.uint8))
    for confidence in (0.0, 1.0, -1, 95, float("nan")):
        with pytest.raises(InputError, match="confidence"):
            z_by_inversion(shots, [0], confusion=FLIPS, confidence=confidence)
    with pytest.raises(InputError, match="no shots"):
        qdiff.z_expectation(model, [0], shots=none, confusion=FLIPS)
    with pytest.raises(InputError, match="bits"):
        z_by_inversion(shots, [0, 0], confusion=FLIPS)
    with pytest.raises(InputError, match="no bit"):
        z_by_inversion(shots, [2], confusion=FLIPS)
    with pytest.raises(InputError, match="does not fit"):
        z_by_inversion(shots, [0], confusion=Confusion.independent([0.1], [0.1]))
    with pytest.raises(InputError, match="cannot be undone"):
        z_by_inversion(shots, [0], confusion=Confusion.independent([0.5, 0], [0.5, 0]))
    other = Shots.from_counts({"000": 3})
    with pytest.raises(InputError, match="the model has 2 bits"):
        qdiff.z_expectation(model, [0], shots=other, confusion=FLIPS)
    wide = Shots.from_bits(np.zeros((3, 30), dtype=np.uint8))
    chain = Confusion.independent(np.zeros(30), np.zeros(30)).with_pair_flips(
        [(bit, bit + 1) for bit in range(29)], [0.01] * 29
    )
    with pytest.raises(InputError, match="hang together"):
        z_by_inversion(wide, [0], confusion=chain)
