"""A circuit's law beyond tables, fitted to shots: a known chain read through unknown readout."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qdiff.laws import Floats
from qdiff.matrix_product import MatrixProductLaw
from qdiff.physics import chain_em
from qdiff.physics.chain_em import Expected, NoisyChain
from qdiff.physics.circuit_law import CircuitLaw
from qdiff.physics.confusion import Confusion
from qdiff.shots import Shots

_MOST_STEPS, _TOLERANCE = 200, 1e-7


def fit_readout(law: MatrixProductLaw, shots: Shots) -> CircuitLaw:
    """Readout errors of each bit and a background, the law before readout being `law`."""
    chain = climbed(chain_em.start(law, shots), shots, chain_em.with_readout)
    return circuit_law(chain)


def fit_chain(law: MatrixProductLaw, confusion: Confusion, shots: Shots) -> CircuitLaw:
    """The law before a known, independent readout, by maximum likelihood from `law` on."""
    chain = chain_em.start(law, shots)
    readout = np.stack([confusion.of_bit(bit) for bit in range(law.num_bits)])
    known = NoisyChain(
        tensors=_positive(law),
        order=law.order,
        readout=readout,
        background=chain.background,
        marginals=chain.marginals,
    )
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
