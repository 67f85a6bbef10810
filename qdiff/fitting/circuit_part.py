"""The circuit's law as a part of a fit: fitted, and judged by held-out shots beside the others."""

from __future__ import annotations

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.fitting.circuit_knowledge import KnownCircuit
from qdiff.fitting.stacking import Stacked
from qdiff.models.noisy_circuit.acceptance import Verdict, judge
from qdiff.models.noisy_circuit.fit import CircuitFit
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.surrogate import Surrogate

_FOLDED_BITS = 16
"""Up to so many bits all folds judge a circuit; beyond, fitting its parameters again takes long."""


def judged_circuit(
    known: KnownCircuit, others: Stacked, seed: np.random.SeedSequence
) -> tuple[CircuitFit, Verdict]:
    """The circuit's fitted law, and what held-out shots say of it beside the other parts.

    The circuit is fitted to the first fold's training shots, and its parameters again to those of
    each other fold, so that all held-out shots judge it; beyond 16 bits those of the first alone.
    The first fit is returned.
    """
    folds = others.folds if known.program.num_bits <= _FOLDED_BITS else others.folds[:1]
    heldout, train = folds[0].division
    found = known.fit(train, heldout, seed=seed)
    laws = [found.law, *(found.refitted(fold.division.train) for fold in folds[1:])]
    own = []
    scores: dict[str, list[Floats]] = {part.value: [] for part in others.weights}
    for fold, law in zip(folds, laws, strict=True):
        bits = fold.division.heldout.bits
        own.append(law.log_prob(bits))
        for part, other in fold.laws.items():
            scores[part.value].append(other.log_prob(bits))
    counts = np.concatenate([fold.division.heldout.counts for fold in folds])
    by_name = {name: np.concatenate(each) for name, each in scores.items()}
    weights = {part.value: weight for part, weight in others.weights.items()}
    return found, judge(np.concatenate(own), by_name, weights, counts)


def with_circuit(plain: Surrogate, found: CircuitFit, verdict: Verdict, shots: Shots) -> Surrogate:
    """`plain` and the circuit's law, or `plain` with the word that the circuit was rejected."""
    weights = {Part(name): w for name, w in verdict.weights.items() if w > 0} or plain.weights
    parts = dict(plain.parts)
    if verdict.accepted:
        parts[Part.CIRCUIT] = found.refitted(shots)
    card = {
        **plain.card,
        "weights": {part.value: weight for part, weight in weights.items()},
        "circuit": {**found.record, **verdict.record},
    }
    told = Surrogate(
        parts={part: parts[part] for part in weights},
        weights=weights,
        registers=plain.registers,
        card=card,
    )
    told.without_circuit = plain
    return told
