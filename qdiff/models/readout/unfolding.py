r"""Undoing readout: the law before it that makes what was read likeliest.

Expectation-maximisation for ``max_p sum_x c(x) log (R p)(x)`` multiplies ``p`` by
``R^T (c / N R p)``: it stays positive and normalised, and no step lowers the likelihood
(Richardson 1972, Lucy 1974, Shepp and Vardi 1982; "iterative Bayesian unfolding" in physics). Where
``c`` are few shots the maximum fits their noise, and held-out shots decide where to stop; where
``c`` is a smooth law there is nothing to fit but that.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.models.readout.confusion import Confusion

_MOST_STEPS = 400
_TINY = 1e-300


def steps(confusion: Confusion, read: Floats, start: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Endless iterates ``(p, R p)``, the first being `start`; `read` is normalised."""
    law = start / start.sum()
    while True:
        expected = confusion.apply(law)
        yield law, expected
        ratio = np.where(read > 0, read / np.maximum(expected, _TINY), 0.0)
        law = law * confusion.adjoint(ratio)
        law = law / law.sum()  # float64 dust


def unfold(
    confusion: Confusion, read: Floats, start: Floats | None = None, *, tolerance: float = 1e-7
) -> Floats:
    """The law before readout of a law `read`, until a step gains less than `tolerance` nats.

    >>> flips = Confusion.independent([0.1], [0.2])
    >>> unfold(flips, np.array([0.9 * 0.5 + 0.2 * 0.5, 0.1 * 0.5 + 0.8 * 0.5])).round(3).tolist()
    [0.5, 0.5]
    """
    earlier = -np.inf
    first = (read if start is None else start) + 1e-12 / len(read)
    law = first
    for number, (iterate, expected) in enumerate(steps(confusion, read, first)):
        law = iterate
        likelihood = float(read[read > 0] @ np.log(np.maximum(expected[read > 0], _TINY)))
        if likelihood - earlier < tolerance or number >= _MOST_STEPS:
            break
        earlier = likelihood
    return law


def unfold_shots(
    confusion: Confusion, train: Shots, heldout: Shots, start: Floats
) -> tuple[Floats, int]:
    """From `start`, as many steps as make the held-out shots likeliest, and that number."""
    read = np.zeros(len(start))
    read[train.indices] = train.counts / train.num_shots
    best, best_score, best_number, since = start, -np.inf, 0, 0
    for number, (law, expected) in enumerate(steps(confusion, read, start)):
        seen = np.log(np.maximum(expected[heldout.indices], _TINY))
        score = float(seen @ heldout.counts)
        since = 0 if score > best_score else since + 1
        if score > best_score:
            best, best_score, best_number = law, score, number
        if since > 5 or number >= _MOST_STEPS:
            break
    return best, best_number
