"""The parts of a surrogate, each fitted to the same shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qdiff.data.shots import Shots
from qdiff.fitting.config import FitConfig
from qdiff.fitting.heldout import Division
from qdiff.fitting.train_networks import NetworkTraining
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import MAX_BITS as MAX_BITFLIP_BITS
from qdiff.models.diffusion.decoding.ordered import OrderEnsemble, random_orders
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.fixed_order import FixedOrder
from qdiff.models.interactions.fit import MAX_BITS as MAX_INTERACTION_BITS
from qdiff.models.interactions.fit import fit_interactions
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.matrix_product.fit import fit_matrix_product
from qdiff.models.surrogate.part import Part


def fit_parts(
    division: Division,
    training: NetworkTraining,
    config: FitConfig,
    seeds: Sequence[np.random.SeedSequence],
) -> dict[Part, AnyOrderLaw]:
    """Fit each part that `config` asks for; held-out shots end trainings and choose sizes.

    The four `seeds` are those of the diffusion networks, their orders, the matrix-product law and
    the recurrent networks.
    """
    heldout, train = division
    network, kind = training.best(config.process, config.candidates, division, seeds[0])
    parts: dict[Part, AnyOrderLaw] = {}
    if isinstance(config.process, BitFlip):
        parts[Part.DIFFUSION] = BitFlipLaw(network, config.process)
        if train.num_bits > MAX_BITFLIP_BITS:
            return parts  # it has no probabilities to weigh it by
    else:
        orders = random_orders(config.orders, train.num_bits, np.random.default_rng(seeds[1]))
        parts[Part.DIFFUSION] = OrderEnsemble(network, kind, orders)
    if config.interactions and train.num_bits <= MAX_INTERACTION_BITS:
        parts[Part.INTERACTIONS] = fit_interactions(train)
    if config.matrix_product:
        parts[Part.MATRIX_PRODUCT] = fit_matrix_product(train, heldout, seed=seeds[2])
    if config.recurrent:
        network, kind = training.best(FixedOrder(), config.recurrent, division, seeds[3])
        parts[Part.RECURRENT] = OrderEnsemble(network, kind, np.arange(train.num_bits)[None])
    if config.posterior:
        parts[Part.SHOTS] = HistogramLaw(train)
    return parts


def refitted(parts: Mapping[Part, AnyOrderLaw], shots: Shots) -> dict[Part, AnyOrderLaw]:
    """With the held-out shots given to the parts that have nothing to be stopped early."""
    again: dict[Part, AnyOrderLaw] = {}
    if Part.INTERACTIONS in parts:
        again[Part.INTERACTIONS] = fit_interactions(shots)
    if Part.SHOTS in parts:
        again[Part.SHOTS] = HistogramLaw(shots)
    return {**parts, **again}
