"""The parts that a surrogate is mixed from, and how each is kept in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from qdiff import storage
from qdiff.diffusion.bitflip import BitFlip
from qdiff.diffusion.bitflip_decoding import BitFlipLaw
from qdiff.diffusion.denoiser import Denoiser
from qdiff.diffusion.ensemble import OrderEnsemble
from qdiff.diffusion.flip_schedule import FlipSchedule
from qdiff.diffusion.networks import LevelledMLP, NetworkConfig, network_from_dict
from qdiff.errors import InputError
from qdiff.laws import AnyOrderLaw, HistogramLaw, TableLaw
from qdiff.matrix_product import MatrixProductLaw
from qdiff.physics.files import read_circuit, write_circuit
from qdiff.shots import Shots, registers_from_json

Tensors = dict[str, NDArray[Any]]


class Part(StrEnum):
    """What a surrogate's law is mixed from."""

    DIFFUSION = "diffusion"
    INTERACTIONS = "interactions"
    MATRIX_PRODUCT = "matrix_product"
    RECURRENT = "recurrent"
    SHOTS = "shots"
    CIRCUIT = "circuit"
    UNFOLDED = "unfolded"


def to_file(parts: Mapping[Part, AnyOrderLaw]) -> tuple[Tensors, dict[str, Any]]:
    """Tensors and JSON that `from_file` reads again."""
    tensors: Tensors = {}
    metadata: dict[str, Any] = {}
    for part, law in parts.items():
        arrays, described = _WRITERS[part](law)
        tensors |= {f"{part.value}.{name}": array for name, array in arrays.items()}
        metadata[part.value] = described
    return tensors, metadata


def from_file(
    content: storage.Content, part: Part, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    """Read one part. Raises `InputError` where the file does not hold it whole."""
    return _READERS[part](content, num_bits, device)


def _write_diffusion(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return _write_flips(law) if isinstance(law, BitFlipLaw) else _write_orders(law)


def _read_diffusion(content: storage.Content, num_bits: int, device: torch.device) -> AnyOrderLaw:
    described = _described(content, Part.DIFFUSION)
    if "correlations" in described:
        return _read_flips(content, described, num_bits, device)
    return _read_orders(content, Part.DIFFUSION, num_bits, device)


def _write_orders(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return {**_weights(law.network), "orders": law.orders}, {"network": law.config.to_dict()}


def _read_orders(
    content: storage.Content, part: Part, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    orders = content.array(f"{part.value}.orders", np.int64, ndim=2)
    whole = np.arange(num_bits)
    if orders.shape[1:] != whole.shape or not (np.sort(orders, axis=1) == whole).all():
        raise InputError(f"{content.path} is damaged: its orders do not permute {num_bits} bits")
    network, config = _read_network(content, part, num_bits, device)
    if not isinstance(network, Denoiser) or not len(orders):
        raise InputError(f"{content.path} is damaged: its {part.value} part has no orders")
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
    content: storage.Content, described: dict[str, Any], num_bits: int, device: torch.device
) -> AnyOrderLaw:
    network, _ = _read_network(content, Part.DIFFUSION, num_bits, device)
    rates = described.get("rates")
    try:
        process = BitFlip(
            schedule=FlipSchedule(correlations=tuple(described["correlations"])),
            rates=None if rates is None else tuple(rates),
        )
        return BitFlipLaw(network, process)
    except (InputError, TypeError) as error:
        raise InputError(f"{content.path} is damaged: {storage.one_line(error)}") from None


def _read_recurrent(content: storage.Content, num_bits: int, device: torch.device) -> AnyOrderLaw:
    return _read_orders(content, Part.RECURRENT, num_bits, device)


def _weights(network: nn.Module) -> Tensors:
    state = network.state_dict()
    return {f"network.{name}": tensor.cpu().numpy() for name, tensor in state.items()}


def _read_network(
    content: storage.Content, part: Part, num_bits: int, device: torch.device
) -> tuple[Any, NetworkConfig]:
    """A network whose shapes were compared with its configuration before memory was taken."""
    prefix = f"{part.value}.network."
    state = {
        name.removeprefix(prefix): torch.from_numpy(tensor)
        for name, tensor in content.tensors.items()
        if name.startswith(prefix)
    }
    try:
        config = network_from_dict(_described(content, part).get("network"))
        network = config.skeleton(num_bits)
        network.load_state_dict(state, assign=True)
    except (RuntimeError, InputError, TypeError, ValueError) as error:
        raise InputError(f"{content.path} is damaged: {storage.one_line(error)}") from None
    return network.eval().requires_grad_(False).to(device), config


def _described(content: storage.Content, part: Part) -> dict[str, Any]:
    described = content.json_object("parts").get(part.value)
    if not isinstance(described, dict):
        raise InputError(f"{content.path} is damaged: it does not describe its {part.value} part")
    return described


def _write_interactions(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return {"log_probabilities": law.log_probabilities}, {}


def _read_interactions(
    content: storage.Content, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    logs = content.array("interactions.log_probabilities", np.float64, ndim=1)
    if len(logs) != 1 << num_bits or not abs(np.exp(logs).sum() - 1) < 1e-9:
        raise InputError(f"{content.path} is damaged: its interaction law does not sum to one")
    return TableLaw(logs)


def _write_matrix_product(law: Any) -> tuple[Tensors, dict[str, Any]]:
    tensors = {f"site{site}": tensor for site, tensor in enumerate(law.tensors)}
    return tensors | {"order": np.array(law.order, dtype=np.int64)}, {}


def _read_matrix_product(
    content: storage.Content, num_bits: int, device: torch.device
) -> AnyOrderLaw:
    order = content.array("matrix_product.order", np.int64, ndim=1)
    names = [f"matrix_product.site{site}" for site in range(num_bits)]
    try:
        return MatrixProductLaw(
            [content.array(name, np.float64, ndim=3) for name in names], order.tolist()
        )
    except InputError as error:
        raise InputError(f"{content.path} is damaged: {error}") from None


def _write_shots(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return {"words": law.shots.words, "counts": law.shots.counts}, {}


def _read_shots(content: storage.Content, num_bits: int, device: torch.device) -> AnyOrderLaw:
    registers = registers_from_json(content.metadata.get("registers"))
    words = content.array("shots.words", np.uint64, ndim=2)
    counts = content.array("shots.counts", np.int64, ndim=1)
    return HistogramLaw(Shots(words=words, counts=counts, registers=registers))


def _read_circuit(content: storage.Content, num_bits: int, device: torch.device) -> AnyOrderLaw:
    return read_circuit(content, Part.CIRCUIT.value, _described(content, Part.CIRCUIT), num_bits)


def _write_table(law: Any) -> tuple[Tensors, dict[str, Any]]:
    return {"probabilities": law.table()}, {}


def _read_table(content: storage.Content, num_bits: int, device: torch.device) -> AnyOrderLaw:
    table = content.array(f"{Part.UNFOLDED.value}.probabilities", np.float64, ndim=1)
    if len(table) != 1 << num_bits or table.min() < 0 or not abs(table.sum() - 1) < 1e-6:
        raise InputError(f"{content.path} is damaged: its unfolded law does not sum to one")
    return TableLaw.of(table)


_WRITERS: Mapping[Part, Callable[[Any], tuple[Tensors, dict[str, Any]]]] = {
    Part.DIFFUSION: _write_diffusion,
    Part.INTERACTIONS: _write_interactions,
    Part.MATRIX_PRODUCT: _write_matrix_product,
    Part.RECURRENT: _write_orders,
    Part.SHOTS: _write_shots,
    Part.CIRCUIT: write_circuit,
    Part.UNFOLDED: _write_table,
}
_READERS: Mapping[Part, Callable[[storage.Content, int, torch.device], AnyOrderLaw]] = {
    Part.DIFFUSION: _read_diffusion,
    Part.INTERACTIONS: _read_interactions,
    Part.MATRIX_PRODUCT: _read_matrix_product,
    Part.RECURRENT: _read_recurrent,
    Part.SHOTS: _read_shots,
    Part.CIRCUIT: _read_circuit,
    Part.UNFOLDED: _read_table,
}
