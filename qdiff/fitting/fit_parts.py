"""The parts of a surrogate, each fitted to the shots of every fold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from qdiff.data.shots import Shots
from qdiff.fitting.config import FitConfig
from qdiff.fitting.heldout import Division, thinned
from qdiff.fitting.train_networks import NetworkTraining, Task
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import MAX_BITS as MAX_BITFLIP_BITS
from qdiff.models.diffusion.decoding.ordered import OrderEnsemble, random_orders
from qdiff.models.diffusion.denoisers.config import AnyOrderRecurrent, NetworkConfig
from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.interactions.fit import MAX_BITS as MAX_INTERACTION_BITS
from qdiff.models.interactions.fit import fit_interactions
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.mixture import members
from qdiff.models.laws.mixture_weights import mixture_weights
from qdiff.models.matrix_product.chain_order import ChainOrder
from qdiff.models.matrix_product.fit import fit_matrix_product, likeliest_chain
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.part_mixture import MAX_EXACT_BITS

_WEIGHED_STRINGS = 4096
"""Held-out strings that decide how much each order weighs."""

Laws = dict[Part, Sequence[AnyOrderLaw]]
"""Of each part, its law of every fold."""


def fit_parts(
    divisions: Sequence[Division],
    training: NetworkTraining,
    config: FitConfig,
    seeds: Sequence[np.random.SeedSequence],
) -> Laws:
    """Fit each part that `config` asks for; held-out shots end trainings and choose sizes.

    The four `seeds` are those of the chain of bits, the networks, their random orders and the
    matrix-product laws.
    """
    num_bits = divisions[0].train.num_bits
    of_chain, of_networks, of_orders, of_products = seeds
    chain = tuple(range(num_bits))
    if config.reads_along_chain:
        chain = likeliest_chain(divisions[0].train, divisions[0].heldout, seed=of_chain)
    parts: Laws = {
        Part.DIFFUSION: _diffusion(divisions, training, config, chain, of_networks, of_orders)
    }
    if config.is_bitflip and num_bits > MAX_BITFLIP_BITS:
        return parts  # it has no probabilities to weigh it by
    if config.interactions and num_bits <= MAX_INTERACTION_BITS:
        parts[Part.INTERACTIONS] = [fit_interactions(train) for _, train in divisions]
    if config.matrix_product:
        parts[Part.MATRIX_PRODUCT] = [
            fit_matrix_product(train, heldout, seed=child, orders=[chain])
            for (heldout, train), child in zip(
                divisions, of_products.spawn(len(divisions)), strict=True
            )
        ]
    if config.posterior:
        parts[Part.SHOTS] = [HistogramLaw(train) for _, train in divisions]
    return parts


def _diffusion(
    divisions: Sequence[Division],
    training: NetworkTraining,
    config: FitConfig,
    chain: ChainOrder,
    seed: np.random.SeedSequence,
    seed_of_orders: np.random.SeedSequence,
) -> list[AnyOrderLaw]:
    """The diffusion part of every fold."""
    num_bits, process = len(chain), config.process
    task = Task(
        process=process,
        divisions=divisions,
        orders=np.array([chain, chain[::-1]] if num_bits > 1 else [chain]),
        any_order=config.any_order or num_bits > MAX_EXACT_BITS,
    )
    networks, kind = training.best(task, config.candidates, seed), training.kept
    if isinstance(process, BitFlip):
        return [BitFlipLaw(network, process) for network in networks]
    if isinstance(kind, AnyOrderRecurrent):
        return along_orders(networks, kind, task, seed_of_orders)
    return [
        OrderEnsemble(network, kind, random_orders(config.orders, num_bits, generator))
        for network, generator in zip(
            networks, map(np.random.default_rng, seed_of_orders.spawn(len(networks))), strict=True
        )
    ]


def along_orders(
    networks: Sequence[Denoiser],
    kind: NetworkConfig,
    task: Task,
    seed: np.random.SeedSequence,
) -> list[AnyOrderLaw]:
    """Recurrent networks decoded along the orders that they learned, which weigh what held-out
    shots of all folds say."""
    heldout = [
        thinned(division.heldout, _WEIGHED_STRINGS // len(networks), child)
        for division, child in zip(task.divisions, seed.spawn(len(networks)), strict=True)
    ]
    scores = [
        np.stack(
            [law.log_prob(shots.bits) for law in OrderEnsemble(network, kind, task.orders).laws]
        )
        for network, shots in zip(networks, heldout, strict=True)
    ]
    shares = mixture_weights(
        np.concatenate(scores, axis=1), np.concatenate([shots.counts for shots in heldout])
    )
    return [
        OrderEnsemble(network, kind, task.orders, shares, any_order=task.any_order)
        for network in networks
    ]


def refitted(
    parts: Mapping[Part, AnyOrderLaw], shots: Shots, *, but: Collection[Part] = ()
) -> dict[Part, AnyOrderLaw]:
    """With the held-out shots given to the parts that have nothing to be stopped early, `but` to
    some."""
    again: dict[Part, AnyOrderLaw] = {}
    if Part.INTERACTIONS in parts and Part.INTERACTIONS not in but:
        again[Part.INTERACTIONS] = fit_interactions(shots)
    if Part.SHOTS in parts:
        again[Part.SHOTS] = HistogramLaw(shots)
    return {**parts, **again}


def decoding(law: AnyOrderLaw) -> dict[str, Any]:
    """Along which orders a recurrent diffusion part reads, and where these are from, as JSON."""
    ensemble = members(law)[0]
    if not isinstance(ensemble, OrderEnsemble) or not isinstance(
        ensemble.config, AnyOrderRecurrent
    ):
        return {}
    own = (np.diff(ensemble.orders[0]) == 1).all()
    return {
        "decoding": {
            "orders": ensemble.orders.tolist(),
            "shares": ensemble.shares.tolist(),
            "from": "the bits' own order" if own else "mutual information of the shots",
            "any_order": ensemble.any_order,
        }
    }
