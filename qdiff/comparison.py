"""`compare`: how far a candidate is from a reference, how sure that is, and what is attainable.

No metric stands alone. Beside each value are the floor (what a perfect sampler of the reference
scores at that number of shots, by the same estimator), an interval, and the raw training
histogram, the uniform law and independent bits. docs/metrics.md says how each is estimated.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from qdiff.baselines import IndependentBits, ProductLaw
from qdiff.bits import Register
from qdiff.distribution import Distribution
from qdiff.errors import InputError
from qdiff.estimation import Estimator, Replicates, Values, affordable
from qdiff.metrics import METRICS
from qdiff.scorecard import Comparison as Comparison
from qdiff.scorecard import Interval, Metric
from qdiff.shot_multiplier import MAX_SHOTS, HistogramCurve
from qdiff.shots import Seed, Shots

SHOT_MULTIPLIER = "shot_multiplier"


def compare(
    candidate: Shots | Distribution,
    reference: Distribution,
    *,
    training: Shots | None = None,
    seed: Seed = 0,
    confidence: float = 0.95,
    resamples: int = 200,
) -> Comparison:
    """Compare shots, or a law such as a surrogate's exact distribution, with a reference.

    Of shots, the raw histogram is scored, but for ``kl`` that of counts + 1/2 (it would be
    infinite otherwise). `training` is what the candidate was fitted to; with it comes
    ``shot_multiplier``: the raw shots whose histogram has the candidate's KL, a training shot.
    Independent bits are fitted to `training`, or without it to the candidate. `resamples`
    replicates give the interval and the floor; fewer are drawn over large tables.

    Raises `InputError` for data that do not fit the reference, or empty shots.

    >>> truth = Distribution(probabilities=np.array([0.5, 0.125, 0.125, 0.25]))
    >>> result = compare(truth.sample(1000, seed=1), truth)
    >>> result["total_variation"].value < 0.05
    True
    """
    _check_options(confidence, resamples)
    _check_reference(reference)
    _check_candidate(candidate, reference)
    if training is not None:
        _check_training(training, reference)
    generator = np.random.default_rng(seed)
    estimator = Estimator(reference.probabilities)
    times = affordable(resamples, len(estimator.p))

    values = _score(estimator, candidate)
    scatter = (
        estimator.deviations(candidate.indices, candidate.counts, times, generator)
        if isinstance(candidate, Shots)
        else None
    )
    shots = candidate if isinstance(candidate, Shots) else training
    floor = (
        None
        if shots is None
        else estimator.replicates(estimator.p, shots.num_shots, times, generator)
    )
    metrics = _assemble(
        values=values,
        scatter=scatter,
        floor=floor,
        training=None if training is None else _score(estimator, training),
        uniform=estimator.exact(np.ones_like(estimator.p)),
        independent=estimator.exact(_independent(candidate if training is None else training)),
        confidence=confidence,
    )
    if training is not None:
        curve = HistogramCurve.of(reference)
        metrics[SHOT_MULTIPLIER] = _multiplier(metrics["kl"], curve, training.num_shots)
    return Comparison(
        metrics=metrics,
        num_bits=reference.num_bits,
        num_shots=candidate.num_shots if isinstance(candidate, Shots) else None,
        training_shots=None if training is None else training.num_shots,
        confidence=confidence,
        resamples=times,
    )


def _score(estimator: Estimator, candidate: Shots | Distribution) -> Values:
    if isinstance(candidate, Shots):
        return estimator.plug_in(candidate.indices, candidate.counts)
    return estimator.exact(candidate.probabilities)


def _independent(source: Shots | Distribution) -> NDArray[np.float64]:
    """The table of the product of the source's own bits."""
    if isinstance(source, Shots):
        return IndependentBits().fit(source).distribution().probabilities
    one = [source.marginal([bit]).probabilities[1] for bit in range(source.num_bits)]
    return ProductLaw(np.minimum(one, 1.0)).table()


def _assemble(
    *,
    values: Values,
    scatter: Replicates | None,
    floor: Replicates | None,
    training: Values | None,
    uniform: Values,
    independent: Values,
    confidence: float,
) -> dict[str, Metric]:
    return {
        name: Metric(
            title=measure.title,
            estimator=_estimator_name(name, known=scatter is None),
            value=values[name],
            interval=None
            if scatter is None
            else _interval(values[name], scatter[name], confidence, (measure.low, measure.high)),
            floor=None if floor is None else float(floor[name].mean()),
            floor_interval=None if floor is None else _central(floor[name], confidence),
            training=None if training is None else training[name],
            uniform=uniform[name],
            independent_bits=independent[name],
        )
        for name, measure in METRICS.items()
    }


def _estimator_name(name: str, *, known: bool) -> str:
    if known:
        return "exact, from both laws"
    if name == "kl":
        return "histogram of counts + 1/2"
    return "mean over the shots, unbiased" if name.endswith("xeb") else "raw histogram"


def _interval(
    value: float, deviations: NDArray[np.float64], confidence: float, bounds: Interval
) -> Interval | None:
    """`value` minus the quantiles of its deviations, within the metric's range."""
    spread = _central(deviations, confidence) if isfinite(value) else None
    if spread is None:
        return None
    return max(value - spread[1], bounds[0]), min(value - spread[0], bounds[1])


def _central(sample: NDArray[np.float64], confidence: float) -> Interval | None:
    if not np.isfinite(sample).all():
        return None
    low, high = np.quantile(sample, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _multiplier(kl: Metric, curve: HistogramCurve, training_shots: int) -> Metric:
    """Every KL of `kl` turned into the raw shots that reach it, a training shot."""

    def worth(divergence: float) -> float:
        return curve.shots_for(max(divergence, 0.0)) / training_shots

    def between(interval: Interval | None) -> Interval | None:
        return None if interval is None else (worth(interval[1]), worth(interval[0]))

    return Metric(
        title="Shot multiplier",
        estimator=f"raw shots whose expected KL equals the candidate's ({kl.estimator})",
        value=worth(kl.value),
        interval=between(kl.interval),
        floor=None if kl.floor is None else worth(kl.floor),
        floor_interval=between(kl.floor_interval),
        training=None if kl.training is None else worth(kl.training),
        uniform=worth(kl.uniform),
        independent_bits=worth(kl.independent_bits),
        if_infinite=f"censored: it would take more than {MAX_SHOTS:.0e} raw shots",
    )


def _check_options(confidence: float, resamples: int) -> None:
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie strictly between 0 and 1, got {confidence!r}")
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 2:
        raise InputError(f"resamples must be a whole number of at least 2, got {resamples!r}")


def _check_reference(reference: object) -> None:
    if isinstance(reference, Shots):
        raise InputError(
            "the reference is a set of shots; a Distribution is needed: qdiff.exact(circuit, "
            "noise), or Distribution.from_shots(shots) to compare two sets of shots"
        )
    if not isinstance(reference, Distribution):
        raise InputError(f"the reference must be a Distribution, got {_kind(reference)}")


def _check_candidate(candidate: object, reference: Distribution) -> None:
    if not isinstance(candidate, Shots | Distribution):
        raise InputError(
            f"the candidate must be Shots or a Distribution, got {_kind(candidate)}; of a "
            "surrogate, pass model.distribution() or model.sample(shots, seed=seed)"
        )
    _check_fits(candidate, reference, "the candidate")


def _check_training(training: object, reference: Distribution) -> None:
    if not isinstance(training, Shots):
        raise InputError(f"training must be Shots, got {_kind(training)}")
    _check_fits(training, reference, "the training set")


def _check_fits(data: Shots | Distribution, reference: Distribution, name: str) -> None:
    if data.num_bits != reference.num_bits:
        raise InputError(f"{name} has {data.num_bits} bits, the reference {reference.num_bits}")
    if isinstance(data, Shots) and data.num_shots == 0:
        raise InputError(f"{name} holds no shots")
    ours, theirs = data.registers, reference.registers
    if _reordered(ours, theirs):
        raise InputError(
            f"{name} has the registers {_layout(ours)}, the reference {_layout(theirs)}"
        )


def _reordered(ours: tuple[Register, ...], theirs: tuple[Register, ...]) -> bool:
    """Whether registers contradict each other; one register over all bits says nothing."""
    if len(ours) == 1 or len(theirs) == 1:
        return False
    if [r.size for r in ours] != [r.size for r in theirs]:
        return True
    names, other_names = [r.name for r in ours], [r.name for r in theirs]
    return names != other_names and sorted(names) == sorted(other_names)


def _layout(registers: tuple[Register, ...]) -> str:
    return ", ".join(f"{register.name}[{register.size}]" for register in registers)


def _kind(value: object) -> str:
    return f"a {type(value).__name__}"
