"""Arguments of the wrong kind: one line that names the fix, from every function of comparison."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from qdiff import (
    Confusion,
    Distribution,
    InputError,
    classifier_test,
    compare,
    heldout_likelihoods,
    mmd_test,
    novelty_rate,
    pointwise_distances,
    score,
    z_expectation,
)
from qdiff.comparison.metrics.shot_multiplier import expected_histogram_kl, shots_for_kl
from qdiff.comparison.two_sample.hamming_kernel import HammingKernel
from qdiff.models.baselines.counting import Histogram
from qdiff.models.diffusion.training.trainer import TrainingConfig

LAW = Distribution(probabilities=np.array([0.4, 0.3, 0.2, 0.1]))
SHOTS = LAW.sample(50, seed=1)
MODELS = {"law": LAW}
QUICK = TrainingConfig(steps=5, evaluate_every=5)
FLIPS = Confusion.independent([0.1, 0.1], [0.1, 0.1])

# what each function takes, argument by argument; a test replaces one of them by something else
RIGHT: dict[Callable[..., Any], dict[str, Any]] = {
    compare: {"candidate": SHOTS, "reference": LAW, "training": SHOTS},
    score: {"shots": SHOTS, "model": LAW, "calibration": SHOTS, "permutations": 3},
    heldout_likelihoods: {"models": MODELS, "heldout": SHOTS},
    pointwise_distances: {"first": LAW, "second": LAW, "draws": 10},
    novelty_rate: {"samples": SHOTS, "training": SHOTS, "heldout": SHOTS},
    mmd_test: {"first": SHOTS, "second": SHOTS, "permutations": 3},
    classifier_test: {"first": SHOTS, "second": SHOTS, "permutations": 3, "training": QUICK},
    z_expectation: {"model": LAW, "bits": [0], "shots": SHOTS, "confusion": FLIPS},
    expected_histogram_kl: {"reference": LAW, "shots": 10},
    shots_for_kl: {"reference": LAW, "kl": 0.1},
    HammingKernel: {"bandwidth": 1.0},
    HammingKernel.of_mean_weight: {"weight": 0.5, "num_bits": 2},
}
MAY_BE_NONE = {
    (compare, "training"),
    (score, "calibration"),
    (score, "permutations"),  # as many as the alarm's level takes
    (novelty_rate, "heldout"),
    (mmd_test, "kernels"),
}

SETS = {
    compare: ["training"],
    score: ["shots", "calibration"],
    heldout_likelihoods: ["heldout"],
    novelty_rate: ["samples", "training", "heldout"],
    mmd_test: ["first", "second"],
    classifier_test: ["first", "second"],
    z_expectation: ["shots"],
}
LAWS = {
    compare: ["candidate", "reference"],
    score: ["model"],
    heldout_likelihoods: ["models"],
    pointwise_distances: ["first", "second"],
    z_expectation: ["model", "confusion"],
    expected_histogram_kl: ["reference"],
    shots_for_kl: ["reference"],
}
NUMBERS = {
    compare: ["confidence", "resamples", "seed"],
    score: ["permutations", "seed"],
    heldout_likelihoods: ["confidence"],
    pointwise_distances: ["draws", "confidence", "seed"],
    novelty_rate: ["confidence"],
    mmd_test: ["permutations", "most_paired", "kernels", "seed"],
    classifier_test: ["width", "permutations", "seed", "training"],
    z_expectation: ["confidence"],
    expected_histogram_kl: ["shots"],
    shots_for_kl: ["kl"],
    HammingKernel: ["bandwidth"],
    HammingKernel.of_mean_weight: ["weight", "num_bits"],
}


def cases(places: dict[Callable[..., Any], list[str]], wrong: list[Any]) -> list[Any]:
    """Every argument in `places` with every wrong value."""
    return [
        pytest.param(function, name, value, id=f"{function.__qualname__}-{name}-{value!r:.20}")
        for function, names in places.items()
        for name in names
        for value in wrong
        if value is not None or (name != "seed" and (function, name) not in MAY_BE_NONE)
    ]


def refused(function: Callable[..., Any], **wrong: Any) -> str:
    """The one line that a call with some other argument is refused with."""
    with pytest.raises(InputError) as caught:
        function(**{**RIGHT[function], **wrong})
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("function", RIGHT)
def test_right_arguments_are_taken(function: Callable[..., Any]) -> None:
    function(**RIGHT[function])


@pytest.mark.parametrize(
    ("function", "name", "wrong"), cases(SETS, [None, "shots.json", LAW, 5, [[0, 1]], MODELS])
)
def test_what_is_no_set_of_shots(function: Callable[..., Any], name: str, wrong: Any) -> None:
    message = refused(function, **{name: wrong})
    assert "must be Shots" in message
    if wrong is LAW:
        assert "sample(shots, seed=seed)" in message


@pytest.mark.parametrize(
    ("function", "name", "wrong"),
    cases(LAWS, [None, "model.safetensors", 5, Histogram(), Distribution, {"law": SHOTS}]),
)
def test_what_is_no_law(function: Callable[..., Any], name: str, wrong: Any) -> None:
    refused(function, **{name: wrong})


@pytest.mark.parametrize(
    ("function", "name", "wrong"), cases(NUMBERS, [None, "a", np.nan, -1, True, 0.3 + 1j, [0.5]])
)
def test_what_is_no_such_number(function: Callable[..., Any], name: str, wrong: Any) -> None:
    refused(function, **{name: wrong})


@pytest.mark.parametrize(
    ("call", "fix"),
    [
        (partial(heldout_likelihoods, LAW, SHOTS), "a dict such as"),
        (partial(heldout_likelihoods, {"mine": SHOTS}, SHOTS), "qdiff.fit makes a model"),
        (partial(heldout_likelihoods, {"mine": Histogram()}, SHOTS), r"fit\(shots\) first"),
        (partial(pointwise_distances, SHOTS, LAW), "first law .* qdiff.fit makes a model"),
        (partial(pointwise_distances, LAW, "law.safetensors"), "second law .* qdiff.load"),
        (partial(score, SHOTS, SHOTS), "qdiff.fit makes a model"),
        (partial(score, LAW, LAW), r"draw some with its sample\(shots, seed=seed\)"),
        (partial(compare, Histogram().fit(SHOTS), LAW), "model.sample"),
        (partial(classifier_test, SHOTS, SHOTS, width="a"), "width must be a positive whole"),
        (partial(classifier_test, SHOTS, SHOTS, training=600), "training must be a Training"),
        (partial(mmd_test, SHOTS, SHOTS, kernels=2.0), "list of one or more HammingKernel"),
    ],
)
def test_the_line_names_the_fix(call: Callable[[], Any], fix: str) -> None:
    with pytest.raises(InputError, match=fix):
        call()
