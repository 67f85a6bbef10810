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
    """A random `fraction` of the shots held out, and the rest: what `qdiff.fit` of this `seed` does
    with a configuration of one fold.

    Both are never empty, so a single shot serves as both.
    """
    return divided(shots, fraction, np.random.SeedSequence(seed).spawn(1)[0])


def divisions(shots: Shots, config: FitConfig, seed: np.random.SeedSequence) -> list[Division]:
    """``config.folds`` divisions, each of which holds out another ``config.heldout`` of the shots.

    That of one fold is `hold_out`'s. There are no more folds than shots, and together they never
    hold out more than all.
    """
    total = shots.num_shots
    share = max(config.heldout, 1 / total)
    folds = min(config.folds, int(1 / share + 1e-9))
    if folds == 1:
        return [divided(shots, config.heldout, seed)]
    sizes = np.diff(np.rint(np.arange(folds + 1) * share * total).astype(np.int64))
    rest, parts = shots, []
    for size, own in zip(sizes, seed.spawn(folds), strict=True):
        part, rest = rest.split(size / rest.num_shots, seed=own)
        parts.append(part)
    return [
        Division(part, Shots.merge(rest, *(other for other in parts if other is not part)))
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
