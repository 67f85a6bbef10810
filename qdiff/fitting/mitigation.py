r"""Shots to the law before readout: what the circuit's state gives when it is read without error.

Laws before readout are trained through the layer, each in its own way: a circuit's law, if the
circuit is known; a law of interactions and a chain by expectation-maximisation, the former with the
expected counts before readout as its shots; and the unfolding of the shots themselves, started
from the others and stopped by held-out shots. Readout is linear, so what held-out shots say of the
mixture of the *read* laws holds for the mixture before readout: the same weights. All of it stays
positive and normalised.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data.argument_checks import root_of
from qdiff.data.shots import Shots
from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.fitting.heldout import hold_out
from qdiff.models.clifford.affine_law import AffineLaw
from qdiff.models.interactions.fit import MAX_BITS as MAX_INTERACTION_BITS
from qdiff.models.interactions.fit import fit_expected_counts, fit_interactions
from qdiff.models.laws.law import AnyOrderLaw, TableLaw, log_mixture, mixture_weights
from qdiff.models.matrix_product.fit import fit_matrix_product
from qdiff.models.noisy_circuit.acceptance import contradicted, mean_difference
from qdiff.models.noisy_circuit.chain_fit import fit_chain
from qdiff.models.noisy_circuit.fit import CircuitFitConfig, fit_circuit
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.readout.confusion import Confusion
from qdiff.models.readout.unfolding import unfold_shots
from qdiff.models.surrogate.parts import Part
from qdiff.models.surrogate.surrogate import Surrogate

Floats = NDArray[np.float64]

_ROUNDS = 5
"""Steps of expectation-maximisation of the law of interactions; it settles in three or four."""


def mitigate(
    shots: Shots,
    confusion: Confusion,
    *,
    program: Program | AffineLaw | None = None,
    physics: CircuitFitConfig | None = None,
    seed: int = 0,
) -> Surrogate:
    """The law before the known readout `confusion`, as an ordinary surrogate.

    Up to 22 bits any confusion will do. Beyond, it must be independent from bit to bit, and the law
    is a matrix-product law.

    Raises `InputError` for no shots, a confusion of other bits, one that correlates bits beyond 22
    of them, and a seed that is not a whole number from 0 on.
    """
    root = root_of(seed)
    if shots.num_shots == 0:
        raise InputError("there are no shots to mitigate")
    if confusion.num_bits != shots.num_bits:
        raise InputError(f"a readout of {confusion.num_bits} bits does not fit {shots.num_bits}")
    if shots.num_bits > MAX_INTERACTION_BITS and not confusion.is_independent:
        raise InputError(
            f"beyond {MAX_INTERACTION_BITS} bits readout must be independent from bit to bit; "
            "leave out its correlations"
        )
    heldout, train = hold_out(shots, seed=seed)
    clean: dict[Part, AnyOrderLaw] = {}
    read: dict[Part, AnyOrderLaw] = {}
    if confusion.is_independent:
        chain = _chain(train, heldout, confusion, root.spawn(1)[0])
        clean[Part.MATRIX_PRODUCT], read[Part.MATRIX_PRODUCT] = chain.clean, chain
    if shots.num_bits <= MAX_INTERACTION_BITS:
        for part, law in _tables(train, heldout, confusion, clean).items():
            clean[part], read[part] = law, TableLaw.of(confusion.apply(law.table()))
    logs = {part: law.log_prob(heldout.bits) for part, law in read.items()}
    weights = _weights(logs, heldout)
    record: dict[str, Any] = {}
    if program is not None:
        known = physics or CircuitFitConfig(confusion=confusion)
        found = fit_circuit(program, train, heldout, seed=root.spawn(1)[0], config=known)
        plain = log_mixture(np.stack([*logs.values()]), np.array([*weights.values()]))
        told = found.law.log_prob(heldout.bits)
        if not contradicted(*mean_difference(told, plain, heldout.counts)):
            clean = {Part.CIRCUIT: found.refitted(shots).before_readout()}
            weights = {Part.CIRCUIT: 1.0}
            record = {"circuit": {**found.record, "verdict": "accepted"}}
        else:
            record = {"circuit": {**found.record, "verdict": "rejected: the shots contradict it"}}
    card = {
        "num_bits": shots.num_bits,
        "training_shots": shots.num_shots,
        "trained_on": dict(shots.provenance),
        "before_readout": True,
        "weights": {part.value: weight for part, weight in weights.items()},
        "seed": seed,
        "versions": {"qdiff": __version__},
        **record,
    }
    return Surrogate(parts=clean, weights=weights, registers=shots.registers, card=card)


def _chain(
    train: Shots, heldout: Shots, confusion: Confusion, seed: np.random.SeedSequence
) -> CircuitLaw:
    """A matrix-product law through the layer; the bond is the one that suits the read shots."""
    chain = fit_chain(fit_matrix_product(train, heldout, seed=seed), confusion, train)
    # without its background, which has no place before readout
    return CircuitLaw(chain.clean, confusion, 0.0, chain.marginals)


def _tables(
    train: Shots, heldout: Shots, confusion: Confusion, others: dict[Part, AnyOrderLaw]
) -> dict[Part, TableLaw]:
    law = through_the_layer(train, confusion)
    tables = [law.table(), *(other.table() for other in others.values())]
    start = np.mean(tables, axis=0) + 1e-4 / len(tables[0])
    unfolded, _ = unfold_shots(confusion, train, heldout, start)
    return {Part.INTERACTIONS: law, Part.UNFOLDED: TableLaw.of(unfolded / unfolded.sum())}


def through_the_layer(shots: Shots, confusion: Confusion) -> TableLaw:
    """A law of interactions before readout, by expectation-maximisation.

    Each step expects, under the law so far, how often every string was there before readout, and
    fits the law anew to these counts.
    """
    read = np.zeros(1 << shots.num_bits)
    read[shots.indices] = shots.counts
    law = fit_interactions(shots)
    for _ in range(_ROUNDS):
        table = law.table()
        ratio = read / np.maximum(confusion.apply(table), 1e-300)
        law = fit_expected_counts(table * confusion.adjoint(ratio))
    return law


def _weights(logs: dict[Part, Floats], heldout: Shots) -> dict[Part, float]:
    if len(logs) == 1:
        return dict.fromkeys(logs, 1.0)
    found = mixture_weights(np.stack([*logs.values()]), heldout.counts)
    return dict(zip(logs, found.tolist(), strict=True))
