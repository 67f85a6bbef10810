"""A circuit's law beyond tables, fitted to shots: a known chain read through unknown readout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.models.clifford import expectation_maximisation as chain_em
from qdiff.models.clifford.chain_algebra import bit_matrices
from qdiff.models.clifford.expectation_maximisation import Expected, NoisyChain
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.readout.confusion import Confusion

_MOST_STEPS, _TOLERANCE = 200, 1e-7


def fit_readout(
    law: MatrixProductLaw,
    shots: Shots,
    *,
    confusion: Confusion | None = None,
    start: tuple[float, float] | None = None,
) -> CircuitLaw:
    """Readout errors of each bit and a background, the law before readout being `law`.

    With a `confusion` readout is known, and only the background is fitted; `start` is where
    ``P(1|0)`` and ``P(0|1)`` start from otherwise. Raises `InputError` for a `confusion` that
    correlates bits.
    """
    chain = chain_em.start(law, shots)
    if confusion is not None:
        known = replace(chain, readout=bit_matrices(confusion))
        return circuit_law(climbed(known, shots, chain_em.with_background))
    if start is not None:
        # none so small that it could not grow
        rates = [[max(rate, 1e-3)] * law.num_bits for rate in start]
        chain = replace(chain, readout=bit_matrices(Confusion.independent(*rates)))
    return circuit_law(climbed(chain, shots, chain_em.with_readout))


def fit_chain(law: MatrixProductLaw, confusion: Confusion, shots: Shots) -> CircuitLaw:
    """The law before a known, independent readout, by maximum likelihood from `law` on."""
    chain = chain_em.start(law, shots)
    known = replace(chain, tensors=_positive(law), readout=bit_matrices(confusion))
    return circuit_law(climbed(known, shots, chain_em.with_tensors))


def climbed(
    chain: NoisyChain, shots: Shots, maximise: Callable[[NoisyChain, Expected], NoisyChain]
) -> NoisyChain:
    """Expectation-maximisation until a step gains less than 1e-7 nats a shot."""
    rows, counts = shots.bits, shots.counts.astype(np.float64)
    earlier = -np.inf
    for _ in range(_MOST_STEPS):
        found = chain_em.expected(chain, rows, counts)
        if found.objective - earlier < _TOLERANCE * shots.num_shots:
            break
        earlier, chain = found.objective, maximise(chain, found)
    return chain


def circuit_law(chain: NoisyChain) -> CircuitLaw:
    """The chain, its readout and its background as a law of a surrogate."""
    confusion = Confusion.independent(chain.readout[:, 1, 0], chain.readout[:, 0, 1])
    return CircuitLaw(chain.law, confusion, chain.background, chain.marginals)


def _positive(law: MatrixProductLaw) -> tuple[Floats, ...]:
    """No entry at zero, where expectation-maximisation could not leave it."""
    raised = [tensor + 1e-6 for tensor in law.tensors]
    return tuple(each / each.sum(axis=(1, 2), keepdims=True) for each in raised)
