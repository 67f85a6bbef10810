"""Drift: is a new batch of shots what a model describes?

The statistic is the batch's mean log-likelihood under the model, against that of a *reference set*:
the model's own draws, or shots that the user knows to be good. Under no drift the two sets are
exchangeable, so the p-value, by random relabelling, is exact at any number of shots: of more than
`MOST_EVALUATED` distinct strings a random part is evaluated, and it is then only close.

A model is never perfect, and against its own draws enough good shots will show that: the question
is then answered truly, but it is not the user's. Calibration shots that the model was not fitted to
ask "as good as on the day of those shots?" instead, and the model's errors cancel.

What moved is said by counts alone: the ones of each bit and the parity of each pair, batch against
reference set, by Fisher's exact test (two-sided, twice the smaller tail), Holm's correction over
all bits and over all pairs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.comparison.drift_alarm import check_reachable, relabellings, until_settled
from qdiff.comparison.drift_changes import Change, changes, fisher
from qdiff.comparison.drift_shown import ShowsDrift
from qdiff.comparison.metrics.pointwise import PointwiseLaw
from qdiff.comparison.relabelling import Pool, check_sets, p_value
from qdiff.data import bits as bitorder
from qdiff.data.argument_checks import generator_of
from qdiff.data.bits import Floats
from qdiff.data.data_checks import check_is_shots, check_law, checked_log_prob
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError

DRAWS = (10_000, 200_000)
"""Without calibration shots the model is asked for ten times the batch, between these numbers."""

MOST_EVALUATED = 20_000
"""Shots of each set whose log-likelihood is taken, where more strings than these are distinct."""

_SHOWN_PAIRS = 20
_IMPOSSIBLE = 20.0
"""Strings of probability zero count as so many nats below the least likely other one."""


@dataclass(frozen=True, kw_only=True)
class Drift(ShowsDrift):
    """What `score` found.

    Attributes
    ----------
    p_value
        Of the mean log-likelihood, two-sided: uniform without drift.
    log_likelihood, expected, z
        Nats a shot of the batch and of the reference set, and their difference over its standard
        deviation. Too high is drift as well: a law that is narrower than the model's.
    bits, pairs
        All bits, and the `_SHOWN_PAIRS` pairs, that changed most, the largest change first. A bit
        that changed may show in its pairs too.
    impossible, impossible_p_value
        Shots that have no probability under the model; a single one contradicts it, and the p-value
        is 0. With calibration shots, Fisher's exact test of their number against that among those.
        None where there are none.
    any_p_value
        Bonferroni's over the log-likelihood, the bits, the pairs, and impossible shots where there
        are any: for an alarm on any change. At most as often below a level as the level says. One
        bit has one count, which all tests are about, and the bit's own p-value is that of any
        change.
    num_shots, reference, evaluated, relabellings
        Shots in the batch, what they were compared with, shots of the batch whose log-likelihood
        was taken, and how often labels were exchanged.
    """

    p_value: float
    log_likelihood: float
    expected: float
    z: float
    bits: tuple[Change, ...]
    pairs: tuple[Change, ...]
    impossible: int
    any_p_value: float
    num_shots: int
    evaluated: int
    reference: str
    impossible_p_value: float | None = None
    relabellings: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def score(
    shots: Shots,
    model: PointwiseLaw,
    *,
    calibration: Shots | None = None,
    permutations: int | None = None,
    alarm: float | None = None,
    seed: Seed = 0,
) -> Drift:
    """Ask whether `shots` are what `model` describes, and which bits changed most if not.

    Parameters
    ----------
    calibration
        Good shots that the model was not fitted to. With them the model's own errors cancel;
        without them the reference set is drawn from the model.
    permutations
        Random relabellings, at most; the least p-value is one over one more. As many as `alarm`
        takes if not given, or 999.
    alarm
        A level that `any_p_value` is to be held against: it is then fine enough to fall below.
    seed
        Decides draws and relabellings.

    Raises `InputError` for shots of other bits than the model's, fewer than two shots, a level that
    cannot be reached, and bad arguments.

    >>> from qdiff.data.distribution import Distribution
    >>> model = Distribution(probabilities=np.array([0.5, 0.25, 0.125, 0.125]))
    >>> score(model.sample(1000, seed=1), model).p_value > 0.01
    True
    >>> found = score(Shots.from_counts({"00": 300, "01": 500, "10": 100, "11": 100}), model)
    >>> found.p_value, found.bits[0].bits
    (0.001, (0,))
    """
    times, generator = relabellings(permutations, alarm), generator_of(seed)
    check_law(model, "the model", "log_prob", "sample")
    _check(shots, model.num_bits, "the batch")
    good, reference = _reference_set(shots, model, calibration, generator)
    if alarm is not None and shots.num_bits > 1:
        check_reachable(alarm, times, (shots.num_shots, good.num_shots))
    likelihoods = _compared(shots, good, model, times, generator)
    if likelihoods.impossible and calibration is None:
        likelihoods = replace(likelihoods, impossible_p_value=0.0)
    bits, pairs = changes(shots, good)
    return Drift(
        **asdict(likelihoods),
        bits=bits,
        pairs=pairs[:_SHOWN_PAIRS],
        any_p_value=_any_p_value(likelihoods, bits, pairs),
        num_shots=shots.num_shots,
        reference=reference,
    )


@dataclass(frozen=True, kw_only=True)
class _Likelihoods:
    """What `Drift` has of the log-likelihoods."""

    p_value: float
    log_likelihood: float
    expected: float
    z: float
    impossible: int
    impossible_p_value: float | None
    evaluated: int
    relabellings: int


def _compared(
    shots: Shots, good: Shots, model: PointwiseLaw, times: int, generator: np.random.Generator
) -> _Likelihoods:
    """Mean log-likelihoods of the batch and of the reference set, and by chance."""
    evaluated = _evaluated(shots, generator), _evaluated(good, generator)
    check_sets(*evaluated)
    pool = Pool.of(*evaluated)
    levels, possible = _log_likelihoods(pool, model)

    def gaps(number: int) -> Floats:
        sums, total = pool.sums(lambda part: levels[part, None], number, generator)
        return np.abs(sums[:, 0] / pool.sizes[0] - (total - sums[:, 0]) / pool.sizes[1])

    found = until_settled(gaps, times)
    ours, theirs = pool.first @ levels / pool.sizes[0], pool.second @ levels / pool.sizes[1]
    return _Likelihoods(
        p_value=p_value(found),
        log_likelihood=float(ours),
        expected=float(theirs),
        z=_z(float(ours - theirs), levels, pool),
        impossible=int(pool.first[~possible].sum()),
        impossible_p_value=_of_impossible(pool, ~possible),
        evaluated=pool.sizes[0],
        relabellings=len(found) - 1,
    )


def _reference_set(
    shots: Shots, model: PointwiseLaw, calibration: Shots | None, generator: np.random.Generator
) -> tuple[Shots, str]:
    """What the batch is compared with, and in words."""
    if calibration is not None:
        _check(calibration, model.num_bits, "the calibration set")
        return calibration, f"{calibration.num_shots:,} calibration shots"
    draws = min(max(10 * shots.num_shots, DRAWS[0]), DRAWS[1])
    drawn = model.sample(draws, seed=generator)
    _check(drawn, model.num_bits, "what the model draws")
    return drawn, f"{draws:,} draws from the model"


def _check(shots: Shots, num_bits: int, name: str) -> None:
    check_is_shots(shots, name)
    if shots.num_bits != num_bits:
        raise InputError(f"{name} has {shots.num_bits} bits, the model {num_bits}")
    if shots.num_shots < 2:
        raise InputError(f"{name} needs at least two shots, it has {shots.num_shots}")


def _evaluated(shots: Shots, generator: np.random.Generator) -> Shots:
    """The shots whose log-likelihood is taken: all, or a random part of very different ones."""
    if len(shots.counts) <= MOST_EVALUATED:
        return shots
    return shots.split(MOST_EVALUATED / shots.num_shots, seed=generator)[0]


def _log_likelihoods(pool: Pool, model: PointwiseLaw) -> tuple[Floats, NDArray[np.bool_]]:
    """Log-probabilities of the pooled strings, bounded below, and which are possible at all."""
    rows = bitorder.unpack(pool.words, pool.num_bits)
    levels = checked_log_prob(model, rows, "the model")
    possible = np.isfinite(levels)
    least = levels[possible].min() if possible.any() else 0.0
    return np.where(possible, levels, least - _IMPOSSIBLE), possible


def _z(gap: float, levels: Floats, pool: Pool) -> float:
    """The gap over its deviation under relabelling."""
    weights = pool.together / pool.together.sum()
    variance = weights @ (levels - weights @ levels) ** 2
    deviation = np.sqrt(variance * sum(1 / size for size in pool.sizes))
    return float(gap / deviation) if deviation > 0 else 0.0


def _of_impossible(pool: Pool, impossible: NDArray[np.bool_]) -> float | None:
    """Fisher's test of their number in both sets; None where neither has any."""
    ours, theirs = (np.array([own[impossible].sum()]) for own in (pool.first, pool.second))
    if not (ours + theirs).any():
        return None
    return float(fisher(ours.astype(float), theirs.astype(float), pool.sizes)[0])


def _any_p_value(found: _Likelihoods, bits: tuple[Change, ...], pairs: tuple[Change, ...]) -> float:
    """Of three or four tests at once; of one bit the number of ones is all there is to test."""
    tests = [bits[0].p_value]
    if pairs:
        tests += [found.p_value, pairs[0].p_value]
    if found.impossible_p_value is not None and (pairs or not found.impossible_p_value):
        tests.append(found.impossible_p_value)
    return min(1.0, len(tests) * min(tests))
