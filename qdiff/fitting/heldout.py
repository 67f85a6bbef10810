"""Which shots are held out, and which are trained on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.fitting.config import FitConfig


class Division(NamedTuple):
    """Held-out shots, and those to train on."""

    heldout: Shots
    train: Shots


MOST_SHOTS = 10**12
"""Beyond, noise of rounding decides what is fitted, and the shots say nothing more."""


def check_number_of_shots(shots: Shots) -> None:
    """Refuse more shots than a fit can weigh."""
    if shots.num_shots > MOST_SHOTS:
        raise InputError(
            f"shots must be at most {MOST_SHOTS:,} in all, got {shots.num_shots:,}; "
            "Shots.split takes fewer"
        )


def hold_out(shots: Shots, *, seed: int, fraction: float = 0.1) -> Division:
    """The held-out shots of `qdiff.fit` under this `seed`, and those it trains on.

    Both are never empty, so a single shot serves as both.
    """
    return divided(shots, fraction, np.random.SeedSequence(seed).spawn(1)[0])


def divisions(shots: Shots, config: FitConfig, seed: np.random.SeedSequence) -> list[Division]:
    """One division, as by `hold_out`, or ``config.folds``, in which each shot is held out once."""
    folds = min(config.folds, shots.num_shots)
    if folds == 1:
        return [divided(shots, config.heldout, seed)]
    rest, parts = shots, []
    for left, own in zip(range(folds, 1, -1), seed.spawn(folds - 1), strict=True):
        part, rest = rest.split(1 / left, seed=own)
        parts.append(part)
    parts.append(rest)
    return [
        Division(part, Shots.merge(*(other for other in parts if other is not part)))
        for part in parts
    ]


def thinned(shots: Shots, strings: int, seed: np.random.SeedSequence) -> Shots:
    """All shots where they have at most so many distinct strings, or else a fair sample of them."""
    if len(shots.counts) <= strings:
        return shots
    chances = shots.counts / shots.num_shots
    counts = np.random.default_rng(seed).multinomial(strings, chances)
    return Shots.from_words(shots.words, counts, registers=shots.registers)


def divided(shots: Shots, fraction: float, seed: np.random.SeedSequence) -> Division:
    """A random `fraction` of the shots held out; neither part is ever empty."""
    total = shots.num_shots
    if total == 1:
        return Division(shots, shots)
    size = min(max(round(fraction * total), 1), total - 1)
    return Division(*shots.split(size / total, seed=seed))
