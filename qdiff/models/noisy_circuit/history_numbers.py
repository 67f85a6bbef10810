"""How many histories of errors to draw, with how many errors each, and where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import poisson

from qdiff.data.bits import Floats
from qdiff.models.noisy_circuit.error_groups import ErrorGroup
from qdiff.models.noisy_circuit.history_laws import Dictionary
from qdiff.models.noisy_circuit.memory_needed import most_histories
from qdiff.models.noisy_circuit.program import Program

_FIRST_SHARES = {"pauli2": 0.55, "pauli1": 0.2, "phase1": 0.1, "relax1": 0.15}
"""How errors are shared among kinds before anything is known."""

_EXPLORING = 0.2
"""The part of a later round that is drawn as the first one was, so that no kind is ruled out."""

_MOST_HISTORIES, _FEWEST_HISTORIES = 4000, 48
_TAIL = 0.01


def number_of_histories(program: Program, operations: float) -> int:
    """As many as `operations`, gates times amplitudes, allow: 48 to 4,000, or what memory holds."""
    work = max(len(program.gates), 1) << program.num_qubits
    wanted = int(np.clip(operations / work, _FEWEST_HISTORIES, _MOST_HISTORIES))
    return min(wanted, most_histories(program.num_bits))


def first_shares(groups: Sequence[ErrorGroup]) -> Floats:
    """Shares of errors before anything is known: by kind, and within a kind by size."""
    totals: dict[str, float] = {}
    for group in groups:
        totals[group.shared] = totals.get(group.shared, 0.0) + group.size
    shares = [_FIRST_SHARES[g.shared] * g.size / totals[g.shared] for g in groups]
    return np.array(shares) / sum(shares)


def later_shares(dictionary: Dictionary, rates: Floats) -> tuple[float, Floats]:
    """Expected errors a run, and their shares, most of them where `rates` say that they are."""
    uses = rates * dictionary.sizes
    total = float(uses.sum())
    return total, (1 - _EXPLORING) * uses / total + _EXPLORING * first_shares(dictionary.groups)


def numbers_of(mean: float, histories: int) -> tuple[int, ...]:
    """How many histories of 1, 2, ... errors, as a Poisson law of `mean` has them.

    >>> numbers_of(0.5, 100)
    (77, 19, 6, 6)
    """
    most = int(poisson.isf(_TAIL, mean)) + 1
    masses = poisson.pmf(np.arange(1, most + 1), mean)
    masses[-1] = poisson.sf(most - 1, mean)
    fewest = max(1, min(8, histories // (4 * most)))
    return tuple(max(fewest, round(histories * mass)) for mass in masses / masses.sum())
