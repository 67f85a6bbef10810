"""How often a comparison draws anew for its intervals and floors, at what confidence, from what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from qdiff.data.argument_checks import MOST_REPLICATES, check_confidence, check_whole
from qdiff.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Resampling:
    """Replicates to draw from `generator`, and the confidence of what is made of them.

    Raises `InputError` for a confidence outside (0, 1), or replicates too few to carry it.
    """

    confidence: float
    times: int
    generator: np.random.Generator

    def __post_init__(self) -> None:
        check_confidence(self.confidence)
        check_whole(self.times, "resamples", least=0, most=MOST_REPLICATES)
        fewest = fewest_resamples(self.confidence)
        if self.times < fewest:
            raise InputError(
                f"a confidence of {self.confidence:g} takes at least {fewest} resamples, "
                f"got {self.times}"
            )

    def limited(self, affordable: int) -> Resampling:
        """The same with `affordable` replicates, or as many as the confidence takes."""
        return replace(self, times=max(affordable, fewest_resamples(self.confidence)))


def fewest_resamples(confidence: float) -> int:
    """Of so many draws the least and the largest hold one more draw with that probability.

    >>> fewest_resamples(0.95)
    39
    """
    return max(2, ceil(2 / (1 - confidence) - 1e-6) - 1)
