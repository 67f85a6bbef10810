"""`mitigate`: from shots to the law before readout, as if the state had been read without error.

Laws before readout are trained through the layer, each in its own way: a circuit's law, if the
circuit is known; a law of interactions and a chain by expectation-maximisation, the former with the
expected counts before readout as its shots; and the unfolding of the shots themselves, started
from the others and stopped by held-out shots. Readout is linear, so what held-out shots say of the
mixture of the *read* laws holds for the mixture before readout: the same weights. All of it stays
positive and normalised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from qdiff.data.argument_checks import kind_of, root_of
from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.environment import __version__
from qdiff.errors import InputError
from qdiff.fitting.circuit_knowledge import KnownCircuit, confusion_of, known_circuit
from qdiff.fitting.heldout import Division, check_number_of_shots, hold_out
from qdiff.models.interactions.fit import MAX_BITS as MAX_INTERACTION_BITS
from qdiff.models.interactions.fit import fit_expected_counts, fit_interactions
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.mixture import log_mixture
from qdiff.models.laws.mixture_weights import mixture_weights
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.fit import fit_matrix_product
from qdiff.models.noisy_circuit.acceptance import contradicted, mean_difference
from qdiff.models.noisy_circuit.chain_fit import fit_chain
from qdiff.models.noisy_circuit.fit import CircuitFit, fit_circuit
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.readout.confusion import Confusion
from qdiff.models.readout.unfolding import unfold_shots
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.surrogate import Surrogate

if TYPE_CHECKING:
    from qdiff.fitting.circuit_knowledge import CircuitLike, NoiseLike, ReadoutLike

_ROUNDS = 5
"""Steps of expectation-maximisation of the law of interactions; it settles in three or four."""


class BeforeReadout(NamedTuple):
    """A law before readout, and the law that is read of it."""

    clean: AnyOrderLaw
    read: AnyOrderLaw


Laws = dict[Part, BeforeReadout]


def mitigate(
    shots: Shots,
    readout: ReadoutLike,
    *,
    circuit: CircuitLike | None = None,
    noise: NoiseLike | None = None,
    seed: int = 0,
) -> Surrogate:
    """The law that the shots had before readout, as an ordinary surrogate.

    Up to 22 bits any readout will do. Beyond, it must be independent from bit to bit, and the law
    is a matrix-product law. Of a circuit that the shots bear out, its fitted law is the answer.

    Parameters
    ----------
    readout
        What readout does: a `Confusion`, or a noise specification, whose readout is that of the
        qubits that the circuit measures into the bits, or, without a circuit, of bit ``j`` as
        qubit ``j``.
    circuit, noise
        The circuit, if it is known, and where the fit of its gates' errors starts from, as in
        `qdiff.fit`. Readout is that of `readout`.
    seed
        Decides which shots are held out, and everything random.

    Raises `InputError` for no shots, a readout without any error or of other bits, one that
    correlates bits beyond 22 of them, a seed that is not a whole number from 0 on, and for a
    circuit as `qdiff.fit` does.

    >>> read = Shots.from_counts({"00": 46, "11": 44, "01": 5, "10": 5})
    >>> clean = mitigate(read, "depolarizing:readout=0.05").distribution().probabilities
    >>> bool(clean[[0, 3]].sum() > 0.95)
    True
    """
    root = root_of(seed)
    confusion = _checked_readout(shots, readout, circuit)
    known = known_circuit(circuit, noise, shots.num_bits)
    if known is not None and known.device is not None:
        raise InputError("mitigate starts from a NoiseSpec; give noise=learned.to_spec()")
    division = hold_out(shots, seed=seed)
    laws = _laws(division, confusion, root)
    parts = {part: law.clean for part, law in laws.items()}
    scores = np.stack([law.read.log_prob(division.heldout.bits) for law in laws.values()])
    found = mixture_weights(scores, division.heldout.counts) if len(laws) > 1 else np.ones(1)
    weights = dict(zip(laws, found.tolist(), strict=True))
    record: dict[str, Any] = {}
    if known is not None:
        plain = log_mixture(scores, found)
        fitted, accepted = _judged_circuit(known, division, confusion, plain, root.spawn(1)[0])
        verdict = "accepted" if accepted else "rejected: the shots contradict it"
        record = {"circuit": {**fitted.record, "verdict": verdict}}
        if accepted:
            parts = {Part.CIRCUIT: fitted.refitted(shots).before_readout()}
            weights = {Part.CIRCUIT: 1.0}
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
    return Surrogate(parts=parts, weights=weights, registers=shots.registers, card=card)


def _checked_readout(shots: Shots, readout: ReadoutLike, circuit: CircuitLike | None) -> Confusion:
    if not isinstance(shots, Shots):
        raise InputError(f"shots must be Shots, got {kind_of(shots)}")
    if shots.num_shots == 0:
        raise InputError("there are no shots to mitigate")
    check_number_of_shots(shots)
    if not isinstance(readout, Confusion):
        readout = confusion_of(readout, shots.num_bits, circuit=circuit)
    if readout.num_bits != shots.num_bits:
        raise InputError(f"a readout of {readout.num_bits} bits does not fit {shots.num_bits}")
    if shots.num_bits > MAX_INTERACTION_BITS and not readout.is_independent:
        raise InputError(
            f"beyond {MAX_INTERACTION_BITS} bits readout must be independent from bit to bit; "
            "leave out its correlations"
        )
    return readout


def _laws(division: Division, confusion: Confusion, root: np.random.SeedSequence) -> Laws:
    """Every law before readout that this size and this readout allow."""
    laws: Laws = {}
    if confusion.is_independent:
        laws[Part.MATRIX_PRODUCT] = _chain(division, confusion, root.spawn(1)[0])
    if division.train.num_bits <= MAX_INTERACTION_BITS:
        laws |= _tables(division, confusion, [*laws.values()])
    return laws


def _judged_circuit(
    known: KnownCircuit,
    division: Division,
    confusion: Confusion,
    others: Floats,
    seed: np.random.SeedSequence,
) -> tuple[CircuitFit, bool]:
    """The circuit's fitted law, and whether held-out shots bear it out beside the `others`."""
    heldout, train = division
    config = replace(known.config, confusion=confusion)
    found = fit_circuit(known.program, train, heldout, seed=seed, config=config)
    difference = mean_difference(found.law.log_prob(heldout.bits), others, heldout.counts)
    return found, not contradicted(*difference)


def _chain(division: Division, confusion: Confusion, seed: np.random.SeedSequence) -> BeforeReadout:
    """A matrix-product law through the layer; the bond is the one that suits the read shots."""
    heldout, train = division
    chain = fit_chain(fit_matrix_product(train, heldout, seed=seed), confusion, train)
    # without its background, which has no place before readout
    return BeforeReadout(chain.clean, CircuitLaw(chain.clean, confusion, 0.0, chain.marginals))


def _tables(division: Division, confusion: Confusion, others: Sequence[BeforeReadout]) -> Laws:
    """The law of interactions, and the shots unfolded from the mean of all laws on."""
    law = interactions_before_readout(division.train, confusion)
    tables = [law.table(), *(other.clean.table() for other in others)]
    start = np.mean(tables, axis=0) + 1e-4 / len(tables[0])
    unfolded, _ = unfold_shots(confusion, division.train, division.heldout, start)
    clean = {Part.INTERACTIONS: law, Part.UNFOLDED: TableLaw.of(unfolded / unfolded.sum())}
    return {
        part: BeforeReadout(law, TableLaw.of(confusion.apply(law.table())))
        for part, law in clean.items()
    }


def interactions_before_readout(shots: Shots, confusion: Confusion) -> TableLaw:
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
