"""Held-out log-likelihood: how well models predict shots that none of them has seen.

The one score that needs neither a reference nor a table. Its mean is minus the cross-entropy, so
that differences of two models are differences of their KL divergences from the true law.
Differences are taken shot by shot, where most of the scatter cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from qdiff.data.argument_checks import check_confidence, kind_of
from qdiff.data.bits import Counts, Floats
from qdiff.data.data_checks import check_is_shots, check_law, checked_log_prob
from qdiff.data.shots import Shots
from qdiff.errors import InputError


class Predictor(Protocol):
    """Whatever gives log-probabilities: a `Surrogate`, a fitted baseline, a `Distribution`."""

    @property
    def num_bits(self) -> int: ...

    def log_prob(self, bits: ArrayLike) -> Floats: ...


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """Mean log-likelihood of held-out shots under one model, in nats a shot.

    `behind` is how much lower it is than the first model's, shot by shot; the intervals are normal
    ones for fresh held-out shots. `-inf`, without intervals, where some shot is impossible.
    """

    value: float
    interval: tuple[float, float] | None
    behind: float
    behind_interval: tuple[float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-like numbers; infinities are left as they are."""
        return asdict(self)


def heldout_likelihoods(
    models: Mapping[str, Predictor], heldout: Shots, *, confidence: float = 0.95
) -> dict[str, Likelihood]:
    """Score models on shots that they were not fitted to; the first is what others are behind.

    Raises `InputError` without models or with fewer than two shots, for other bits, and for bad
    arguments.

    >>> from qdiff.data.distribution import Distribution
    >>> fair = Distribution(probabilities=np.array([0.5, 0.5]))
    >>> bent = Distribution(probabilities=np.array([0.8, 0.2]))
    >>> shots = Shots.from_counts({"0": 51, "1": 49})
    >>> round(heldout_likelihoods({"fair": fair, "bent": bent}, shots)["bent"].behind, 3)
    0.209
    """
    _check_models(models)
    check_is_shots(heldout, "the held-out set")
    confidence = check_confidence(confidence)
    if heldout.num_shots < 2:
        raise InputError(f"at least two held-out shots are needed, there are {heldout.num_shots}")
    for name, model in models.items():
        if model.num_bits != heldout.num_bits:
            raise InputError(
                f"{name} has {model.num_bits} bits, the held-out shots {heldout.num_bits}"
            )
    rows = heldout.bits
    scores = {
        name: checked_log_prob(model, rows, f"model {name!r}") for name, model in models.items()
    }
    first = next(iter(scores.values()))
    found = {}
    for name, own in scores.items():
        value, interval = _mean(own, heldout.counts, confidence)
        with np.errstate(invalid="ignore"):
            behind, behind_interval = _mean(first - own, heldout.counts, confidence)
        found[name] = Likelihood(
            value=value, interval=interval, behind=behind, behind_interval=behind_interval
        )
    return found


def _check_models(models: object) -> None:
    if not isinstance(models, Mapping):
        raise InputError(f"models must be a dict such as {{'mine': model}}, got {kind_of(models)}")
    if not models:
        raise InputError("there are no models to score")
    for name, model in models.items():
        check_law(model, f"model {name!r}", "log_prob")


def _mean(
    values: Floats, counts: Counts, confidence: float
) -> tuple[float, tuple[float, float] | None]:
    """The mean over shots and its normal interval."""
    shots = int(counts.sum())
    mean = float(values @ counts / shots)
    if not np.isfinite(mean):
        return mean, None
    variance = float(counts @ (values - mean) ** 2) / (shots - 1)
    spread = float(norm.isf((1 - confidence) / 2) * np.sqrt(variance / shots))
    return mean, (mean - spread, mean + spread)
