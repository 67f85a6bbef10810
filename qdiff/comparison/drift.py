"""Drift: is a new batch of shots what a model describes? docs/tests.md says what is asked, and why.

The statistic is the batch's mean log-likelihood under the model, against that of a *reference set*:
the model's own draws, or shots that the user knows to be good. Under no drift the two sets are
exchangeable, so the p-value, by random relabelling, is exact at any number of shots: of more than
`MOST_EVALUATED` distinct strings a random part is evaluated, and it is then only close. What moved
is said by the ones of each bit and the parity of each pair: Fisher's exact test (two-sided, twice
the smaller tail), with Holm's correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from qdiff.comparison.drift_shown import Change, ShowsDrift
from qdiff.comparison.metrics.pointwise import PointwiseLaw
from qdiff.comparison.relabelling import Pool, check_sets, p_value
from qdiff.data import bits as bitorder
from qdiff.data.argument_checks import MOST_REPLICATES, check_whole, generator_of
from qdiff.data.bits import Floats
from qdiff.data.data_checks import check_is_shots, check_law, checked_log_prob
from qdiff.data.pair_statistics import pair_counts
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
    impossible
        Shots that have no probability under the model.
    any_p_value
        Bonferroni's over the log-likelihood, the bits and the pairs: for an alarm on any change.
        At most as often below a level as the level says. One bit has one count, which all tests
        are about, and the bit's own p-value is that of any change.
    num_shots, reference, evaluated
        Shots in the batch, what they were compared with, and shots of the batch whose
        log-likelihood was taken.
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

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def score(
    shots: Shots,
    model: PointwiseLaw,
    *,
    calibration: Shots | None = None,
    permutations: int = 999,
    seed: Seed = 0,
) -> Drift:
    """Ask whether `shots` are what `model` describes, and which bits changed most if not.

    Parameters
    ----------
    calibration
        Good shots that the model was not fitted to. With them the model's own errors cancel;
        without them the reference set is drawn from the model.
    permutations
        Random relabellings; the least p-value is one over one more.
    seed
        Decides draws and relabellings.

    Raises `InputError` for shots of other bits than the model's, fewer than two shots, and bad
    arguments.

    >>> from qdiff.data.distribution import Distribution
    >>> model = Distribution(probabilities=np.array([0.5, 0.25, 0.125, 0.125]))
    >>> score(model.sample(1000, seed=1), model).p_value > 0.01
    True
    >>> found = score(Shots.from_counts({"00": 300, "01": 500, "10": 100, "11": 100}), model)
    >>> found.p_value, found.bits[0].bits
    (0.001, (0,))
    """
    times = check_whole(permutations, "permutations", most=MOST_REPLICATES)
    generator = generator_of(seed)
    check_law(model, "the model", "log_prob", "sample")
    _check(shots, model.num_bits, "the batch")
    good, reference = _reference_set(shots, model, calibration, generator)
    likelihoods = _compared(shots, good, model, times, generator)
    bits, pairs = _changes(shots, good)
    return Drift(
        **likelihoods,
        bits=bits,
        pairs=pairs[:_SHOWN_PAIRS],
        any_p_value=_any_p_value(likelihoods["p_value"], bits, pairs),
        num_shots=shots.num_shots,
        reference=reference,
    )


def _compared(
    shots: Shots, good: Shots, model: PointwiseLaw, times: int, generator: np.random.Generator
) -> dict[str, Any]:
    """What `Drift` has of the log-likelihoods of the batch, the reference set, and by chance."""
    evaluated = _evaluated(shots, generator), _evaluated(good, generator)
    check_sets(*evaluated)
    pool = Pool.of(*evaluated)
    levels, possible = _log_likelihoods(pool, model)
    sums, total = pool.sums(lambda part: levels[part, None], times, generator)
    ours, theirs = sums[:, 0] / pool.sizes[0], (total - sums[:, 0]) / pool.sizes[1]
    return {
        "p_value": p_value(np.abs(ours - theirs)),
        "log_likelihood": float(ours[0]),
        "expected": float(theirs[0]),
        "z": _z(float(ours[0] - theirs[0]), levels, pool),
        "impossible": int(pool.first[~possible].sum()),
        "evaluated": pool.sizes[0],
    }


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


def _changes(shots: Shots, good: Shots) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Changes of all bits and of all pairs, each with the largest first."""
    both = [pair_counts(each) for each in (shots, good)]
    ones = [np.diagonal(found) for found in both]
    low, high = np.triu_indices(shots.num_bits, 1)
    odd = [
        one[low] + one[high] - 2 * found[low, high] for one, found in zip(ones, both, strict=True)
    ]
    sizes = (shots.num_shots, good.num_shots)
    singles = [(bit,) for bit in range(shots.num_bits)]
    pairs = list(zip(low.tolist(), high.tolist(), strict=True))
    return _ranked(singles, ones, sizes), _ranked(pairs, odd, sizes)


def _any_p_value(p_likelihood: float, bits: tuple[Change, ...], pairs: tuple[Change, ...]) -> float:
    """Of three tests at once; of one bit the number of ones is all there is to test."""
    if not pairs:
        return bits[0].p_value
    return min(1.0, 3 * min(p_likelihood, bits[0].p_value, pairs[0].p_value))


def _ranked(
    places: Sequence[tuple[int, ...]], marks: Sequence[Floats], sizes: tuple[int, int]
) -> tuple[Change, ...]:
    """Fisher's exact test of each count against the reference set's, corrected, largest first."""
    (ours, theirs), (m, n) = marks, sizes
    everything, marked = m + n, ours + theirs
    law = hypergeom(everything, marked.astype(np.int64), m)
    observed = ours.astype(np.int64)
    single = np.minimum(1.0, 2 * np.minimum(law.cdf(observed), law.sf(observed - 1)))
    share = marked / everything
    deviation = np.sqrt(share * (1 - share) * (1 / m + 1 / n))
    gap = ours / m - theirs / n
    z = np.divide(gap, deviation, out=np.zeros_like(gap), where=deviation > 0)
    corrected = holm(single)
    return tuple(
        Change(
            bits=places[place],
            observed=float(ours[place] / m),
            expected=float(theirs[place] / n),
            z=float(z[place]),
            p_value=float(corrected[place]),
        )
        for place in np.lexsort((-np.abs(z), corrected))
    )


def holm(p_values: Floats) -> Floats:
    """p-values corrected for their number, step by step down (Holm, Scand. J. Stat. 6, 65 (1979)).

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected
