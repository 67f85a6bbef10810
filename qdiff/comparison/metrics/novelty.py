"""Novelty: how many samples are strings that the training shots do not hold.

A model that only repeats its training shots has none. A perfect one has as many as fresh shots of
the device would have, and that is known without any: of the next shot being new, the chance is the
share of training shots that were seen once (Good, Biometrika 40, 237 (1953); his estimate is for
one shot fewer than there are, a difference of order 1/N).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import beta

from qdiff.data.argument_checks import check_confidence
from qdiff.data.data_checks import check_is_shots
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.laws.histogram import HistogramLaw


@dataclass(frozen=True, kw_only=True)
class Novelty:
    """Shares of samples, with Clopper and Pearson's intervals (Biometrika 26, 404 (1934)).

    Attributes
    ----------
    value, interval
        The share of samples that are no training string.
    expected
        What a perfect sampler would have: the share of training shots that were seen once, or
        of the held-out shots those that are no training string.
    expected_interval
        Its interval; None for Good's estimate, whose terms depend on each other.
    """

    value: float
    interval: tuple[float, float]
    expected: float
    expected_interval: tuple[float, float] | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def novelty_rate(
    samples: Shots, training: Shots, *, heldout: Shots | None = None, confidence: float = 0.95
) -> Novelty:
    """The share of `samples` that are new, beside a perfect sampler's.

    Well below what is expected, the sampler memorises; well above, it spreads too far. `heldout`
    are shots like the training shots but not among them, which make the expectation exact.

    Raises `InputError` for empty sets, sets of different bits, and bad arguments.

    >>> training = Shots.from_counts({"00": 3, "01": 1})
    >>> novelty_rate(Shots.from_counts({"00": 1, "11": 1}), training).value
    0.5
    """
    confidence = check_confidence(confidence)
    named = {"the samples": samples, "the training set": training}
    if heldout is not None:
        named["the held-out set"] = heldout
    for name, shots in named.items():
        check_is_shots(shots, name)
    for name, shots in named.items():
        if shots.num_bits != training.num_bits:
            raise InputError(
                f"the training set has {training.num_bits} bits, {name} {shots.num_bits}"
            )
        if shots.num_shots == 0:
            raise InputError("a set of shots is empty")
    new = _new(samples, training)
    expected, expected_interval = float((training.counts == 1).sum()) / training.num_shots, None
    if heldout is not None:
        unseen = _new(heldout, training)
        expected = unseen / heldout.num_shots
        expected_interval = proportion_interval(unseen, heldout.num_shots, confidence)
    return Novelty(
        value=new / samples.num_shots,
        interval=proportion_interval(new, samples.num_shots, confidence),
        expected=expected,
        expected_interval=expected_interval,
    )


def proportion_interval(hits: int, trials: int, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of a binomial probability, which covers at least as said."""
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.isf(tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def _new(shots: Shots, training: Shots) -> int:
    """How many shots are strings that were never seen in training."""
    unseen = np.isneginf(HistogramLaw(training).log_prob(shots.bits))
    return int(shots.counts[unseen].sum())
