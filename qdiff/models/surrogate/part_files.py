"""How each part of a surrogate is kept in a file.

A file may be made to deceive: sizes that it states are compared with those of the arrays that it
holds before anything is built of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from qdiff.data import storage
from qdiff.data.registers import registers_in
from qdiff.data.shots import Shots
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.order_ensemble import OrderEnsemble
from qdiff.models.diffusion.denoisers.autoregressive import Autoregressive
from qdiff.models.diffusion.denoisers.config import LevelledMLP, NetworkConfig, network_from_dict
from qdiff.models.diffusion.denoisers.denoiser import Denoiser
from qdiff.models.diffusion.denoisers.level_network import LevelNetwork
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.laws.mixture import averaged, members
from qdiff.models.laws.storage import read_table
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.storage import read_chain, write_chain
from qdiff.models.noisy_circuit.storage import read_circuit, write_circuit
from qdiff.models.surrogate.part import Part, Parts

Tensors = dict[str, NDArray[Any]]


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
    return averaged([_READERS[part](content, name, num_bits, device) for name in names])


def weights_in(content: storage.Content) -> dict[Part, float]:
    """What each part weighs. Raises `InputError` unless the weights are a law over known parts."""
    raw = content.json_object("weights")
    known = [part.value for part in Part]
    plain = all(type(weight) in (int, float) and 0 <= weight <= 1 for weight in raw.values())
    if not plain or not set(raw) <= set(known) or not abs(sum(raw.values()) - 1) <= 1e-9:
        raise content.damaged(f"its weights of {', '.join(known)} are {raw!r}")
    return {Part(name): float(weight) for name, weight in raw.items()}


def _write_diffusion(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return _write_flips(law) if isinstance(law, BitFlipLaw) else _write_orders(law)


def _read_diffusion(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    if "correlations" in _described(content, name):
        return _read_flips(content, name, num_bits, device)
    law = _read_orders(content, name, num_bits, device)
    if isinstance(law.network, Autoregressive):
        raise content.damaged(f"the network of its {name} part knows one order only")
    return law


def _write_orders(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return {**_weights(law.network), "orders": law.orders}, {"network": law.config.to_dict()}


def _read_orders(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> OrderEnsemble:
    orders = content.array(f"{name}.orders", np.int64, ndim=2)
    if orders.shape != (max(1, len(orders)), num_bits):
        raise content.damaged(f"its {name} part has no orders of {num_bits} bits")
    if not (np.sort(orders, axis=1) == np.arange(num_bits)).all():
        raise content.damaged(f"the orders of its {name} part are no permutations")
    network, config = _read_network(content, name, num_bits, device)
    if not isinstance(network, Denoiser):
        raise content.damaged(f"the network of its {name} part decodes no orders")
    return OrderEnsemble(network, config, orders)


def _write_flips(law: Any) -> tuple[Tensors, dict[str, Any]]:
    process, network = law.process, law.network
    config = LevelledMLP(width=network.embed.out_features, depth=len(network.blocks))
    described = {
        "network": config.to_dict(),
        "correlations": list(process.schedule.correlations),
        "rates": None if process.rates is None else list(process.rates),
    }
    return _weights(network), described


def _read_flips(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    described = _described(content, name)
    network, _ = _read_network(content, name, num_bits, device)
    if not isinstance(network, LevelNetwork):
        raise content.damaged(f"the network of its {name} part does not reverse bit flips")
    rates = described.get("rates")
    with content.blamed(f"{name} part"):
        process = BitFlip(
            schedule=FlipSchedule(correlations=tuple(described["correlations"])),
            rates=None if rates is None else tuple(rates),
        )
        return BitFlipLaw(network, process)


def _read_recurrent(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    law = _read_orders(content, name, num_bits, device)
    own = bool((law.orders == np.arange(num_bits)).all())
    if not isinstance(law.network, Autoregressive) or not own:
        raise content.damaged(f"the network of its {name} part does not know its orders")
    return law


def _weights(network: nn.Module) -> Tensors:
    state = network.state_dict()
    return {f"network.{name}": tensor.cpu().numpy() for name, tensor in state.items()}


def _read_network(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> tuple[Any, NetworkConfig]:
    """A network whose shapes were compared with its configuration before memory was taken."""
    prefix = f"{name}.network."
    state = {}
    for key in (key for key in content.tensors if key.startswith(prefix)):
        # `assign` below compares shapes, but neither types nor values
        tensor = content.array(key, np.float32, ndim=content.tensors[key].ndim)
        state[key.removeprefix(prefix)] = torch.from_numpy(tensor)
    described = _described(content, name).get("network")
    with content.blamed(f"{name} part"):
        config = network_from_dict(described)
        network = config.skeleton(num_bits)
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise content.damaged(f"its {name} part: {storage.one_line(error)}") from None
    return network.eval().requires_grad_(False).to(device), config


def _described(content: storage.Content, name: str) -> dict[str, Any]:
    described = content.json_object("parts").get(name)
    if not isinstance(described, dict):
        raise content.damaged(f"it does not describe its {name} part")
    return described


def _write_interactions(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return {"log_probabilities": law.log_probabilities}, {}


def _read_interactions(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    logs = content.array(f"{name}.log_probabilities", np.float64, ndim=1)
    if len(logs) != 1 << num_bits:
        raise content.damaged(f"its interactions part is no table of {num_bits} bits")
    with np.errstate(over="ignore"):
        total = np.exp(logs).sum()
    if not abs(total - 1) < 1e-9:
        raise content.damaged("the probabilities of its interactions part do not sum to one")
    return TableLaw(logs)


def _write_matrix_product(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return write_chain(law), {}


def _read_matrix_product(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    return read_chain(content, name, num_bits)


def _write_shots(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return {"words": law.shots.words, "counts": law.shots.counts}, {}


def _read_shots(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    registers = registers_in(content)
    words = content.array(f"{name}.words", np.uint64, ndim=2)
    counts = content.array(f"{name}.counts", np.int64, ndim=1)
    if not len(counts):
        raise content.damaged("its shots part has no shots")
    with content.blamed("shots part"):
        return HistogramLaw(Shots(words=words, counts=counts, registers=registers))


def _read_circuit(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    return read_circuit(content, name, _described(content, name), num_bits)


def _write_table(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return {"probabilities": law.table()}, {}


def _read_table(
    content: storage.Content, name: str, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    return read_table(content, f"{name}.probabilities", name, num_bits)


_WRITERS: Mapping[Part, Callable[[Any], tuple[Tensors, dict[str, Any]]]] = {
    Part.DIFFUSION: _write_diffusion,
    Part.INTERACTIONS: _write_interactions,
    Part.MATRIX_PRODUCT: _write_matrix_product,
    Part.RECURRENT: _write_orders,
    Part.SHOTS: _write_shots,
    Part.CIRCUIT: write_circuit,
    Part.UNFOLDED: _write_table,
}
_READERS: Mapping[Part, Callable[[storage.Content, str, int, torch.device], AnyOrderLaw]] = {
    Part.DIFFUSION: _read_diffusion,
    Part.INTERACTIONS: _read_interactions,
    Part.MATRIX_PRODUCT: _read_matrix_product,
    Part.RECURRENT: _read_recurrent,
    Part.SHOTS: _read_shots,
    Part.CIRCUIT: _read_circuit,
    Part.UNFOLDED: _read_table,
}
