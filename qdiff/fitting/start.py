"""Going on from another surrogate: yesterday's device, a neighbouring circuit, its ideal law.

Each part that the other surrogate has is a rival of the one that was fitted from nothing: the
recurrent networks trained on from the other's weights, more gently than new ones; the
matrix-product laws by expectation-maximisation from the other's tensors; every other law as it is.
Held-out shots decide, part by part, so that a start which does not help leaves no trace.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qdiff.data.argument_checks import check_is
from qdiff.errors import InputError
from qdiff.fitting.config import Candidate, FitConfig
from qdiff.fitting.fit_parts import Laws, along_orders
from qdiff.fitting.heldout import Division
from qdiff.fitting.train_networks import NetworkTraining, Task
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import MAX_BITS as MAX_BITFLIP_BITS
from qdiff.models.diffusion.decoding.ordered import OrderEnsemble
from qdiff.models.diffusion.denoisers.any_order_recurrent import AnyOrderRecurrentNetwork
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.mixture import members
from qdiff.models.matrix_product.fit import continued
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.surrogate import part_files
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.surrogate import Surrogate

_GENTLER = 4
"""By so much smaller are steps: those of a new network would throw one that is nearly right off."""

_FROM_NOTHING = (Part.SHOTS, Part.CIRCUIT, Part.UNFOLDED)
"""Parts that are of their own shots, or of a circuit that a fit is told."""


def check_start(start: object, num_bits: int, config: FitConfig) -> None:
    """Raises `InputError` for anything but None and a surrogate of as many bits, which knows random
    orders where these are asked for; and for bit flips that have no probabilities to choose by."""
    if start is None:
        return
    found = check_is(start, Surrogate, "start")
    if found.num_bits != num_bits:
        raise InputError(f"start has {found.num_bits} bits, the shots {num_bits}")
    diffusion = members(found.parts[Part.DIFFUSION]) if Part.DIFFUSION in found.parts else ()
    flips = config.is_bitflip or any(isinstance(law, BitFlipLaw) for law in diffusion)
    if flips and num_bits > MAX_BITFLIP_BITS:
        raise InputError(
            f"a start is chosen by probabilities, which bit flips have up to {MAX_BITFLIP_BITS} "
            f"bits only, not {num_bits}; use another process"
        )
    if config.any_order and any(
        isinstance(law, OrderEnsemble) and not law.any_order for law in diffusion
    ):
        raise InputError(
            "start learned no random orders; fit it with any_order=True too, or this one without"
        )


def digest(start: Surrogate) -> str:
    """Of all that a fit can take from it."""
    tensors, described = part_files.to_file(start.parts)
    found = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name in sorted(tensors):
        found.update(name.encode() + np.ascontiguousarray(tensors[name]).tobytes())
    return found.hexdigest()


def likelier_parts(
    start: Surrogate,
    fresh: Laws,
    divisions: Sequence[Division],
    training: NetworkTraining,
    config: FitConfig,
    seed: np.random.SeedSequence,
) -> tuple[Laws, frozenset[Part]]:
    """The likelier laws of each part, and of which parts these are from the start."""
    laws, kept = dict(fresh), set[Part]()
    for part in fresh:
        if part not in start.parts or part in _FROM_NOTHING:
            continue
        rivals = _rivals(start.parts[part], divisions, training, config, seed)
        if _likelihood(rivals, divisions) > _likelihood(fresh[part], divisions):
            laws[part] = rivals
            kept.add(part)
    return laws, frozenset(kept)


def _rivals(
    law: AnyOrderLaw,
    divisions: Sequence[Division],
    training: NetworkTraining,
    config: FitConfig,
    seed: np.random.SeedSequence,
) -> Sequence[AnyOrderLaw]:
    """A law for each division, of the members of the start's in turn."""
    every = members(law)
    own = [every[place % len(every)] for place in range(len(divisions))]
    products = [each for each in own if isinstance(each, MatrixProductLaw)]
    if len(products) == len(own):
        return [
            continued(each, train, heldout, seed=child)
            for each, (heldout, train), child in zip(
                products, divisions, seed.spawn(len(own)), strict=True
            )
        ]
    ensembles = [each for each in own if isinstance(each, OrderEnsemble)]
    networks = [
        each.network for each in ensembles if isinstance(each.network, AnyOrderRecurrentNetwork)
    ]
    if len(networks) == len(own) and _alike(ensembles):
        return _trained_on(ensembles[0], networks, divisions, training, config, seed)
    return [law] * len(own)


def _alike(ensembles: Sequence[OrderEnsemble]) -> bool:
    """Whether they are networks of one size that read along the same orders."""
    first = ensembles[0]
    return all(
        each.config == first.config and np.array_equal(each.orders, first.orders)
        for each in ensembles
    )


def _trained_on(
    first: OrderEnsemble,
    networks: Sequence[AnyOrderRecurrentNetwork],
    divisions: Sequence[Division],
    training: NetworkTraining,
    config: FitConfig,
    seed: np.random.SeedSequence,
) -> list[AnyOrderLaw]:
    """Along the orders of the `first` of the start's laws, and random ones where it knows them."""
    plan = config.candidates[0].training
    gentle = replace(plan, learning_rate=plan.learning_rate / _GENTLER)
    task = Task(
        process=config.process,
        divisions=divisions,
        orders=first.orders,
        any_order=first.any_order,
    )
    of_networks, of_shares = seed.spawn(2)
    trained = training.onwards(
        task,
        networks,
        Candidate(network=first.config, training=gentle),
        of_networks,
    )
    return along_orders(trained, first.config, task, of_shares)


def _likelihood(laws: Sequence[AnyOrderLaw], divisions: Sequence[Division]) -> float:
    """Of what each law's division held out."""
    return sum(
        float(law.log_prob(heldout.bits) @ heldout.counts)
        for law, (heldout, _) in zip(laws, divisions, strict=True)
    )
