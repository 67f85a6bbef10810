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

_FOLDED_BITS, _FOLDED_SHOTS = 16, 10_000
"""Up to so many bits, and of fewer shots, a circuit is fitted to each fold; one fit of 20 bits
takes minutes, and of many shots those that one fold holds out are enough to judge it."""


def judged_circuit(
    known: KnownCircuit, others: Stacked, seed: np.random.SeedSequence
) -> tuple[CircuitFit, Verdict]:
    """The circuit's fitted law, and what held-out shots say of it beside the other parts.

    Of few shots and bits the circuit is fitted to each fold's training shots, so that all held-out
    shots judge it, and otherwise to those of the first alone. That fit is returned.
    """
    heldout, train = others.folds[0].division
    few = heldout.num_shots + train.num_shots < _FOLDED_SHOTS
    folded = few and known.program.num_bits <= _FOLDED_BITS
    folds = others.folds if folded else others.folds[:1]
    found, own = [], []
    scores: dict[str, list[Floats]] = {part.value: [] for part in others.weights}
    for fold, child in zip(folds, seed.spawn(len(folds)), strict=True):
        heldout, train = fold.division
        found.append(known.fit(train, heldout, seed=child))
        own.append(found[-1].law.log_prob(heldout.bits))
        for part, law in fold.laws.items():
            scores[part.value].append(law.log_prob(heldout.bits))
    counts = np.concatenate([fold.division.heldout.counts for fold in folds])
    by_name = {name: np.concatenate(each) for name, each in scores.items()}
    weights = {part.value: weight for part, weight in others.weights.items()}
    return found[0], judge(np.concatenate(own), by_name, weights, counts)


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
