"""Held-out shots: which they are, and the weights of a mixture that make them likeliest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.laws import AnyOrderLaw, log_mixture, mixture_weights
from qdiff.parts import Part
from qdiff.shots import Shots

_WEIGHED_STRINGS = 1 << 16
"""Weights are decided by so many distinct strings at most; more would move them by no digit."""


def hold_out(shots: Shots, *, seed: int, fraction: float = 0.1) -> tuple[Shots, Shots]:
    """The held-out shots of `qdiff.fit` under this `seed`, and those it trains on.

    Both are never empty, so a single shot serves as both.
    """
    total = shots.num_shots
    if total == 1:
        return shots, shots
    size = min(max(round(fraction * total), 1), total - 1)
    return shots.split(size / total, seed=np.random.SeedSequence(seed, spawn_key=(0,)))


def thinned(shots: Shots, strings: int, seed: np.random.SeedSequence) -> Shots:
    """All shots where they have at most so many distinct strings, or else a fair sample of them."""
    if len(shots.counts) <= strings:
        return shots
    chances = shots.counts / shots.num_shots
    counts = np.random.default_rng(seed).multinomial(strings, chances)
    return Shots.from_words(shots.words, counts, registers=shots.registers)


def weigh(
    parts: Mapping[Part, AnyOrderLaw], heldout: Shots, seed: np.random.SeedSequence
) -> tuple[dict[Part, float], dict[str, Any]]:
    """Weights by the likelihood of held-out shots, and what that is with each part alone.

    The score of the mixture is a little better than new shots' would be, since the same shots
    chose the weights and ended the trainings.
    """
    if len(parts) == 1:
        return dict.fromkeys(parts, 1.0), {"nats_per_shot": None, "nats_per_shot_by_part": {}}
    weighed = thinned(heldout, _WEIGHED_STRINGS, seed)
    scores = {part: law.log_prob(weighed.bits) for part, law in parts.items()}
    table = np.stack([*scores.values()])
    mixed = mixture_weights(table, weighed.counts)
    record = {
        "nats_per_shot": _mean(log_mixture(table, mixed), weighed),
        "nats_per_shot_by_part": {p.value: _mean(s, weighed) for p, s in scores.items()},
    }
    return dict(zip(parts, mixed.tolist(), strict=True)), record


def _mean(log_prob: NDArray[np.float64], shots: Shots) -> float | None:
    """Mean log-probability a shot; None where a part gives some shot no probability at all."""
    mean = float(log_prob @ shots.counts / shots.num_shots)
    return mean if np.isfinite(mean) else None
