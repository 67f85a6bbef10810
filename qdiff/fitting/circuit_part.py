"""A fit that is told the circuit: its law beside the other parts, and what held-out shots say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qdiff.data.shots import Shots
from qdiff.models.clifford.affine_law import AffineLaw
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.noisy_circuit.acceptance import Verdict, judge
from qdiff.models.noisy_circuit.fit import CircuitFit, CircuitFitConfig, fit_circuit
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.surrogate.parts import Part
from qdiff.models.surrogate.surrogate import Surrogate

_FOLDED_BITS = 16
"""Up to so many bits a circuit is fitted to each fold; one fit of 20 takes minutes."""


def tell(
    program: Program | AffineLaw,
    config: CircuitFitConfig | None,
    fitted: Sequence[Mapping[Part, AnyOrderLaw]],
    weights: Mapping[Part, float],
    divided: Sequence[tuple[Shots, Shots]],
    seed: np.random.SeedSequence,
) -> tuple[CircuitFit, Verdict]:
    """The circuit's fitted law, and what held-out shots say of it beside the other parts.

    ``divided[k]`` are the held-out and training shots of ``fitted[k]``; the circuit is fitted to
    each of the latter too, so that all held-out shots judge it, but beyond 16 bits to the first
    alone. That fit is returned.
    """
    if program.num_bits > _FOLDED_BITS:
        fitted, divided = fitted[:1], divided[:1]
    found, own, others = [], [], []
    for laws, (heldout, train), child in zip(
        fitted, divided, seed.spawn(len(divided)), strict=True
    ):
        found.append(fit_circuit(program, train, heldout, seed=child, config=config))
        own.append(found[-1].law.log_prob(heldout.bits))
        others.append({part.value: law.log_prob(heldout.bits) for part, law in laws.items()})
    by_part = {name: np.concatenate([each[name] for each in others]) for name in others[0]}
    by_name = {part.value: weight for part, weight in weights.items()}
    counts = np.concatenate([heldout.counts for heldout, _ in divided])
    return found[0], judge(np.concatenate(own), by_part, by_name, counts)


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
