"""Cross-validated stacking: every part fitted to each fold, and the weights common to all folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qdiff.data.bits import Counts, Floats
from qdiff.data.shots import Shots
from qdiff.fitting.config import FitConfig
from qdiff.fitting.fit_parts import fit_parts
from qdiff.fitting.heldout import Division, divisions, thinned
from qdiff.fitting.start import likelier_parts
from qdiff.fitting.train_networks import NetworkTraining
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.mixture import averaged, log_mixture
from qdiff.models.laws.mixture_weights import mixture_weights
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.surrogate import Surrogate

_WEIGHED_STRINGS = 1 << 16
"""Weights are decided by so many distinct strings at most; more would move them by no digit."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Fold:
    """The parts fitted to the training shots of a division, which have not seen its others."""

    division: Division
    laws: Mapping[Part, AnyOrderLaw]


@dataclass(frozen=True, eq=False, kw_only=True)
class Stacked:
    """The folds, the weights of the parts, and the held-out scores for the card.

    `started` are the parts that were taken from another surrogate.
    """

    folds: Sequence[Fold]
    weights: dict[Part, float]
    scores: dict[str, Any]
    started: frozenset[Part]

    def averaged(self) -> dict[Part, AnyOrderLaw]:
        """Each part as the mean of its laws of all folds."""
        return {part: averaged([fold.laws[part] for fold in self.folds]) for part in self.weights}


def stack(
    shots: Shots,
    training: NetworkTraining,
    config: FitConfig,
    root: np.random.SeedSequence,
    *,
    exact: bool,
    start: Surrogate | None = None,
) -> Stacked:
    """Divide the shots, fit every part to each division, and weigh the parts.

    An `exact` table is learned as it is, with nothing held out. Where there is a `start`, its parts
    take the place of those that they are likelier than.
    """
    dividing, *first, weighing = root.spawn(6)
    divided = [Division(shots, shots)] if exact else divisions(shots, config, dividing)
    laws, started = fit_parts(divided, training, config, first), frozenset[Part]()
    if start is not None:
        (own,) = dividing.spawn(1)  # not of the root, whose next child judges a circuit
        laws, started = likelier_parts(start, laws, divided, training, config, own)
    folds = [
        Fold(division=division, laws={part: each[place] for part, each in laws.items()})
        for place, division in enumerate(divided)
    ]
    weights, scores = weigh(folds, weighing)
    number = None if exact else sum(division.heldout.num_shots for division in divided)
    scores = {"shots": number, **scores}
    return Stacked(folds=folds, weights=weights, scores=scores, started=started)


def weigh(
    folds: Sequence[Fold], seed: np.random.SeedSequence
) -> tuple[dict[Part, float], dict[str, Any]]:
    """Weights by the likelihood of held-out shots, and what that is with each part alone.

    The held-out shots of each fold are scored by its own laws, which have not seen them; the
    weights are common to all folds (stacking: Wolpert, Neural Networks 5, 241 (1992)). The score of
    the mixture is a little better than new shots' would be, since the same shots chose the weights
    and ended the trainings.
    """
    kinds = list(folds[0].laws)
    if len(kinds) == 1:
        return dict.fromkeys(kinds, 1.0), {"nats_per_shot": None, "nats_per_shot_by_part": {}}
    weighed = [
        thinned(fold.division.heldout, _WEIGHED_STRINGS // len(folds), own)
        for fold, own in zip(folds, seed.spawn(len(folds)), strict=True)
    ]
    scores = np.concatenate(
        [
            np.stack([fold.laws[part].log_prob(shots.bits) for part in kinds])
            for fold, shots in zip(folds, weighed, strict=True)
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


def _mean(log_prob: Floats, counts: Counts) -> float | None:
    """Mean log-probability a shot; None where a part gives some shot no probability at all."""
    mean = float(log_prob @ counts / counts.sum())
    return mean if np.isfinite(mean) else None
