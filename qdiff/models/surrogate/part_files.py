"""How each part of a surrogate is kept in a file; `law_files` has the parts without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from qdiff.data import storage
from qdiff.data.bits import Floats
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.ordered import OrderEnsemble
from qdiff.models.diffusion.denoisers.autoregressive import Autoregressive
from qdiff.models.diffusion.denoisers.config import LevelledMLP, NetworkConfig, network_from_dict
from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.diffusion.denoisers.level_network import LevelNetwork
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.mixture import averaged, members
from qdiff.models.surrogate import law_files
from qdiff.models.surrogate.law_files import Stored, Tensors, Written
from qdiff.models.surrogate.part import Part, Parts


def to_file(parts: Parts) -> tuple[Tensors, dict[str, Any]]:
    """Tensors and JSON that `from_file` reads again.

    A part that is an average of laws has each of them under a name of its own.
    """
    tensors: Tensors = {}
    metadata: dict[str, Any] = {}
    for part, law in parts.items():
        laws = members(law)
        for index, member in enumerate(laws):
            name = part.value if len(laws) == 1 else f"{part.value}.{index}"
            arrays, metadata[name] = _WRITERS[part](member)
            tensors |= {f"{name}.{key}": array for key, array in arrays.items()}
    return tensors, metadata


def from_file(
    content: storage.Content, part: Part, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    """Read one part. Raises `InputError` where the file does not hold it whole."""
    names = [name for name in content.json_object("parts") if name.split(".")[0] == part.value]
    if not names:
        raise content.damaged(f"it does not describe its {part.value} part")
    stored = (Stored(content=content, name=n, num_bits=num_bits, device=device) for n in names)
    return averaged([_READERS[part](each) for each in stored])


def weights_in(content: storage.Content) -> dict[Part, float]:
    """What each part weighs. Raises `InputError` unless the weights are a law over known parts."""
    raw = content.json_object("weights")
    known = [part.value for part in Part]
    plain = all(type(weight) in (int, float) and 0 <= weight <= 1 for weight in raw.values())
    if not plain or not set(raw) <= set(known) or not abs(sum(raw.values()) - 1) <= 1e-9:
        raise content.damaged(f"its weights of {', '.join(known)} are {raw!r}")
    return {Part(name): float(weight) for name, weight in raw.items()}


def _write_diffusion(law: Any) -> Written:
    return _write_flips(law) if isinstance(law, BitFlipLaw) else _write_orders(law)


def _read_diffusion(stored: Stored) -> AnyOrderLaw:
    if "correlations" in stored.described:
        return _read_flips(stored)
    law = _read_orders(stored)
    if isinstance(law.network, Autoregressive):
        raise stored.content.damaged(f"the network of its {stored.name} part knows one order only")
    return law


def _write_orders(law: Any) -> Written:
    tensors = {**_weights(law.network), "orders": law.orders}
    if len(set(law.shares.tolist())) > 1:
        tensors["shares"] = law.shares
    described = {"network": law.config.to_dict()}
    return tensors, described if law.any_order else {**described, "any_order": False}


def _read_orders(stored: Stored) -> OrderEnsemble:
    content, name, num_bits = stored.content, stored.name, stored.num_bits
    orders = stored.array("orders", np.int64, ndim=2)
    if orders.shape != (max(1, len(orders)), num_bits):
        raise content.damaged(f"its {name} part has no orders of {num_bits} bits")
    if not (np.sort(orders, axis=1) == np.arange(num_bits)).all():
        raise content.damaged(f"the orders of its {name} part are no permutations")
    network, config = _read_network(stored)
    if not isinstance(network, Denoiser):
        raise content.damaged(f"the network of its {name} part decodes no orders")
    any_order = stored.described.get("any_order", True)
    if not isinstance(any_order, bool):
        raise content.damaged(f"its {name} part does not say which orders it knows")
    shares = _shares(content, name, len(orders))
    return OrderEnsemble(network, config, orders, shares, any_order=any_order)


def _shares(content: storage.Content, name: str, orders: int) -> Floats | None:
    """How much each order weighs; not said where they weigh the same."""
    if f"{name}.shares" not in content.tensors:
        return None
    shares = content.array(f"{name}.shares", np.float64, ndim=1)
    if len(shares) != orders or shares.min() < 0 or not abs(shares.sum() - 1) < 1e-9:
        raise content.damaged(f"the orders of its {name} part have no such shares")
    return shares


def _write_flips(law: Any) -> Written:
    process, network = law.process, law.network
    config = LevelledMLP(width=network.embed.out_features, depth=len(network.blocks))
    described = {
        "network": config.to_dict(),
        "correlations": list(process.schedule.correlations),
        "rates": None if process.rates is None else list(process.rates),
    }
    return _weights(network), described


def _read_flips(stored: Stored) -> AnyOrderLaw:
    described = stored.described
    network, _ = _read_network(stored)
    if not isinstance(network, LevelNetwork):
        raise stored.content.damaged(
            f"the network of its {stored.name} part does not reverse bit flips"
        )
    rates = described.get("rates")
    with stored.content.blamed(f"{stored.name} part"):
        process = BitFlip(
            schedule=FlipSchedule(correlations=tuple(described["correlations"])),
            rates=None if rates is None else tuple(rates),
        )
        return BitFlipLaw(network, process)


def _read_recurrent(stored: Stored) -> AnyOrderLaw:
    law = _read_orders(stored)
    own = bool((law.orders == np.arange(stored.num_bits)).all())
    if not isinstance(law.network, Autoregressive) or not own:
        raise stored.content.damaged(
            f"the network of its {stored.name} part does not know its orders"
        )
    return law


def _weights(network: nn.Module) -> Tensors:
    state = network.state_dict()
    return {f"network.{name}": tensor.cpu().numpy() for name, tensor in state.items()}


def _read_network(stored: Stored) -> tuple[Any, NetworkConfig]:
    """A network whose shapes were compared with its configuration before memory was taken."""
    content, prefix = stored.content, f"{stored.name}.network."
    state = {}
    for key in (key for key in content.tensors if key.startswith(prefix)):
        # `assign` below compares shapes, but neither types nor values
        tensor = content.array(key, np.float32, ndim=content.tensors[key].ndim)
        state[key.removeprefix(prefix)] = torch.from_numpy(tensor)
    described = stored.described.get("network")
    with content.blamed(f"{stored.name} part"):
        config = network_from_dict(described)
        network = config.skeleton(stored.num_bits)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise content.damaged(f"its {stored.name} part: {storage.one_line(error)}") from None
    return network.eval().requires_grad_(False).to(stored.device), config


_WRITERS: Mapping[Part, Callable[[Any], Written]] = {
    Part.DIFFUSION: _write_diffusion,
    Part.INTERACTIONS: law_files.write_interactions,
    Part.MATRIX_PRODUCT: law_files.write_chain,
    Part.RECURRENT: _write_orders,
    Part.SHOTS: law_files.write_shots,
    Part.CIRCUIT: law_files.write_circuit,
    Part.UNFOLDED: law_files.write_table,
}
_READERS: Mapping[Part, Callable[[Stored], AnyOrderLaw]] = {
    Part.DIFFUSION: _read_diffusion,
    Part.INTERACTIONS: law_files.read_interactions,
    Part.MATRIX_PRODUCT: law_files.read_chain,
    Part.RECURRENT: _read_recurrent,
    Part.SHOTS: law_files.read_shots,
    Part.CIRCUIT: law_files.read_circuit,
    Part.UNFOLDED: law_files.read_table,
}
