r"""Expectation values of Z strings before readout, with intervals that hold what they promise.

Readout is linear, so some function ``g`` of the read bits has the mean ``<prod_i Z_i>`` that the
state had before readout: ``g = R^-T s`` with ``s`` the signs. With ``a`` its mean over ``N`` shots
and ``b`` that of its square, the interval is the set of means that a score test does not reject,

    (a - mu)^2 <= z^2 (b - mu^2) / N,

which is Wilson's interval (J. Am. Stat. Assoc. 22, 209 (1927)) where readout has no error and
``g`` is 1 or -1. It has a width where all shots are equal, and needs no model to be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from qdiff.data import argument_checks as arguments
from qdiff.data.bits import Floats
from qdiff.data.data_checks import check_is_shots, check_law
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.readout.confusion import Confusion
from qdiff.models.surrogate.surrogate import Surrogate

MAX_BITS = 20
"""Bits whose readouts hang together: a table of them is built."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number and its interval at a `confidence` between 0 and 1."""

    value: float
    low: float
    high: float
    confidence: float


def z_expectation(
    model: Surrogate,
    bits: Sequence[int],
    *,
    shots: Shots,
    confusion: Confusion,
    confidence: float = 0.95,
) -> Estimate:
    """``<prod_i Z_i>`` over `bits` before readout: the model's value, and the shots' interval.

    The interval is that of `z_by_inversion`, which does not rely on the model, and reaches the
    model's value where that lies outside: it is wider than it need be for a good model, never
    narrower.

    Parameters
    ----------
    model
        A law before readout, of `qdiff.mitigate` or `Surrogate.before_readout`.
    shots, confusion
        The shots that it was fitted to, and their readout.

    Raises `InputError` as `z_by_inversion` does, and for a model of other bits.

    >>> from qdiff.fitting.mitigate import mitigate
    >>> read = Shots.from_counts({"00": 46, "11": 44, "01": 5, "10": 5})
    >>> flips = Confusion.independent([0.05, 0.05], [0.05, 0.05])
    >>> found = z_expectation(mitigate(read, flips), [0, 1], shots=read, confusion=flips)
    >>> found.value > 0.9, found.low < 0.9, found.high
    (True, True, 1.0)
    """
    check_law(model, "the model", "marginal")
    check_is_shots(shots, "shots")
    if model.num_bits != shots.num_bits:
        raise InputError(f"the model has {model.num_bits} bits, the shots {shots.num_bits}")
    own = z_by_inversion(shots, bits, confusion=confusion, confidence=confidence)
    value = float(model.marginal(list(bits)).probabilities @ _signs(len(bits), range(len(bits))))
    return Estimate(
        value=value, low=min(own.low, value), high=max(own.high, value), confidence=confidence
    )


def z_by_inversion(
    shots: Shots, bits: Sequence[int], *, confusion: Confusion, confidence: float = 0.95
) -> Estimate:
    """``<prod_i Z_i>`` before readout by matrix inversion alone, with a score interval.

    Raises `InputError` for no shots, bits that do not exist or come twice, a readout of other bits
    or one that cannot be undone, more than 20 bits whose readouts hang together, and a confidence
    that is not between 0 and 1.

    >>> z_by_inversion(Shots.from_counts({"0": 10}), [0], confusion=Confusion.independent([0], [0]))
    Estimate(value=1.0, low=0.4449..., high=1.0, confidence=0.95)
    """
    confidence = arguments.check_confidence(confidence)
    check_is_shots(shots, "shots")
    if not isinstance(confusion, Confusion):
        raise InputError(f"confusion must be a Confusion, got {arguments.kind_of(confusion)}")
    if shots.num_shots == 0:
        raise InputError("there are no shots to estimate from")
    if confusion.num_bits != shots.num_bits:
        raise InputError(f"a readout of {confusion.num_bits} bits does not fit {shots.num_bits}")
    wanted = arguments.check_bits(bits, shots.num_bits)
    joint = confusion.reaching(wanted)
    if len(joint) > MAX_BITS:
        raise InputError(
            f"the readouts of {len(joint)} bits hang together here, more than the {MAX_BITS} that "
            "can be undone; ask for fewer bits or leave out correlations"
        )
    signs = _signs(len(joint), [joint.index(bit) for bit in wanted])
    values = confusion.restricted(joint).pulled_back(signs)
    return _score_interval(values, shots.select(joint), confidence)


def _score_interval(values: Floats, shots: Shots, confidence: float) -> Estimate:
    seen, total = values[shots.indices], shots.num_shots
    # the mean before readout is between -1 and 1, whatever chance says
    mean = float(np.clip(seen @ shots.counts / total, -1, 1))
    # one more shot of the largest value: shots that are all equal tell little of their spread
    square = float((seen**2 @ shots.counts + (values**2).max()) / (total + 1))
    c = float(norm.isf((1 - confidence) / 2)) ** 2 / total
    spread = np.sqrt(c * max(square * (1 + c) - mean**2, 0.0))
    low, high = (mean - spread) / (1 + c), (mean + spread) / (1 + c)
    return Estimate(
        value=mean, low=max(float(low), -1.0), high=min(float(high), 1.0), confidence=confidence
    )


def _signs(num_bits: int, places: Sequence[int]) -> Floats:
    """``prod_i (-1)^(x_i)`` over `places`, for every string."""
    mask = sum(1 << place for place in places)
    return np.asarray(1 - 2.0 * (np.bitwise_count(np.arange(1 << num_bits) & mask) & 1))
