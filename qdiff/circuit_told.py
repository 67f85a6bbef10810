"""A fit that is told the circuit: its law beside the other parts, and what held-out shots say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qdiff.laws import AnyOrderLaw
from qdiff.parts import Part
from qdiff.physics.affine import AffineLaw
from qdiff.physics.circuit_fit import CircuitFit, CircuitFitConfig, fit_circuit
from qdiff.physics.program import Program
from qdiff.physics.verdict import Verdict, judge
from qdiff.shots import Shots
from qdiff.surrogate import Surrogate


def tell(
    program: Program | AffineLaw,
    config: CircuitFitConfig | None,
    parts: Mapping[Part, AnyOrderLaw],
    weights: Mapping[Part, float],
    heldout: Shots,
    train: Shots,
    seed: np.random.SeedSequence,
) -> tuple[CircuitFit, Verdict]:
    """The circuit's fitted law, and what held-out shots say of it beside the other parts."""
    rows = heldout.bits
    others = {part.value: law.log_prob(rows) for part, law in parts.items()}
    found = fit_circuit(program, train, heldout, seed=seed, config=config)
    by_name = {part.value: weight for part, weight in weights.items()}
    return found, judge(found.law.log_prob(rows), others, by_name, heldout.counts)


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
