"""Held-out shots: which they are, and the weights of a mixture that make them likeliest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data.bits import Counts
from qdiff.data.shots import Shots
from qdiff.fitting.config import FitConfig
from qdiff.models.laws.law import AnyOrderLaw, log_mixture, mixture_weights
from qdiff.models.surrogate.parts import Part

_WEIGHED_STRINGS = 1 << 16
"""Weights are decided by so many distinct strings at most; more would move them by no digit."""


def hold_out(shots: Shots, *, seed: int, fraction: float = 0.1) -> tuple[Shots, Shots]:
    """The held-out shots of `qdiff.fit` under this `seed`, and those it trains on.

    Both are never empty, so a single shot serves as both.
    """
    return _part(shots, fraction, np.random.SeedSequence(seed).spawn(1)[0])


def divisions(
    shots: Shots, config: FitConfig, seed: np.random.SeedSequence
) -> list[tuple[Shots, Shots]]:
    """Pairs of held-out shots and those to train on, as `config` says.

    Either one pair, as by `hold_out`, or ``config.folds`` of them, in which each shot is held out
    once.
    """
    folds = min(config.folds, shots.num_shots)
    if folds == 1:
        return [_part(shots, config.heldout, seed)]
    rest, parts = shots, []
    for left, own in zip(range(folds, 1, -1), seed.spawn(folds - 1), strict=True):
        part, rest = rest.split(1 / left, seed=own)
        parts.append(part)
    parts.append(rest)
    return [(part, Shots.merge(*(other for other in parts if other is not part))) for part in parts]


def thinned(shots: Shots, strings: int, seed: np.random.SeedSequence) -> Shots:
    """All shots where they have at most so many distinct strings, or else a fair sample of them."""
    if len(shots.counts) <= strings:
        return shots
    chances = shots.counts / shots.num_shots
    counts = np.random.default_rng(seed).multinomial(strings, chances)
    return Shots.from_words(shots.words, counts, registers=shots.registers)


def weigh(
    fitted: Sequence[Mapping[Part, AnyOrderLaw]],
    heldout: Sequence[Shots],
    seed: np.random.SeedSequence,
) -> tuple[dict[Part, float], dict[str, Any]]:
    """Weights by the likelihood of held-out shots, and what that is with each part alone.

    ``heldout[k]`` is scored by the parts ``fitted[k]``, which have not seen it; the weights are
    common to all ``k`` (stacking: Wolpert, Neural Networks 5, 241 (1992)). The score of the mixture
    is a little better than new shots' would be, since the same shots chose the weights and ended
    the trainings.
    """
    kinds = list(fitted[0])
    if len(kinds) == 1:
        return dict.fromkeys(kinds, 1.0), {"nats_per_shot": None, "nats_per_shot_by_part": {}}
    weighed = [
        thinned(shots, _WEIGHED_STRINGS // len(heldout), own)
        for shots, own in zip(heldout, seed.spawn(len(heldout)), strict=True)
    ]
    scores = np.concatenate(
        [
            np.stack([laws[part].log_prob(shots.bits) for part in kinds])
            for laws, shots in zip(fitted, weighed, strict=True)
        ],
        axis=1,
    )
    counts = np.concatenate([shots.counts for shots in weighed])
    weights = mixture_weights(scores, counts)
    record = {
        "nats_per_shot": _mean(log_mixture(scores, weights), counts),
        "nats_per_shot_by_part": {
            part.value: _mean(score, counts) for part, score in zip(kinds, scores, strict=True)
        },
    }
    return dict(zip(kinds, weights.tolist(), strict=True)), record


def _part(shots: Shots, fraction: float, seed: np.random.SeedSequence) -> tuple[Shots, Shots]:
    total = shots.num_shots
    if total == 1:
        return shots, shots
    size = min(max(round(fraction * total), 1), total - 1)
    return shots.split(size / total, seed=seed)


def _mean(log_prob: NDArray[np.float64], counts: Counts) -> float | None:
    """Mean log-probability a shot; None where a part gives some shot no probability at all."""
    mean = float(log_prob @ counts / counts.sum())
    return mean if np.isfinite(mean) else None
