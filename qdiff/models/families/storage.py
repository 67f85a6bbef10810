"""How a family's model is kept in a file: arrays and JSON, checked before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qdiff.data import storage
from qdiff.data.bits import Floats
from qdiff.data.family_shots import names_in
from qdiff.data.registers import Register, registers_in, registers_to_json, width_of
from qdiff.models.diffusion.decoding.ordered import Orders
from qdiff.models.diffusion.denoisers.conditional import ConditionalRecurrentNetwork
from qdiff.models.families.parameter_box import Box

Kept = tuple[ConditionalRecurrentNetwork, Orders, Floats]
"""A member: its network, orders and shares."""

_MAX_SIZE, _MAX_MEMBERS = 1 << 14, 1 << 8
"""Beyond any network that this package can train, and any number of them."""


def write(
    path: str | Path,
    box: Box,
    members: Sequence[Kept],
    registers: Sequence[Register],
    card: Mapping[str, Any],
    *,
    force: bool,
) -> None:
    """One safetensors file. An existing `path` is refused unless `force`."""
    tensors: dict[str, NDArray[Any]] = {"points": box.points}
    for place, (network, orders, shares) in enumerate(members):
        tensors |= {f"{place}.orders": orders, f"{place}.shares": shares}
        for name, tensor in network.state_dict().items():
            tensors[f"{place}.network.{name}"] = tensor.cpu().numpy()
    metadata = {
        "names": list(box.names),
        "registers": registers_to_json(registers),
        "members": [[network.hidden, network.width] for network, _, _ in members],
        "card": dict(card),
    }
    storage.write(path, storage.Kind.FAMILY, tensors, metadata, force=force)


def read(path: str | Path) -> tuple[Box, list[Kept], tuple[Register, ...], dict[str, Any]]:
    """Read what `write` wrote. Raises `InputError` for any other or damaged file."""
    content = storage.read(path, storage.Kind.FAMILY)
    registers = registers_in(content)
    with content.blamed("names"):
        names = names_in(content)
    points = content.array("points", np.float64, ndim=2)
    if not len(points) or points.shape[1] != len(names) + 1:
        raise content.damaged(f"it has no points of {len(names)} parameters and a strength")
    box = Box(names=names, points=points)
    sizes = content.metadata.get("members")
    if not isinstance(sizes, list) or not 1 <= len(sizes) <= _MAX_MEMBERS:
        raise content.damaged("it does not describe its networks")
    num_bits = width_of(registers)
    members = [_member(content, place, size, num_bits, box) for place, size in enumerate(sizes)]
    return box, members, registers, content.json_object("card")


def _member(content: storage.Content, place: int, size: Any, num_bits: int, box: Box) -> Kept:
    pair = isinstance(size, list) and len(size) == 2
    if not pair or not all(type(each) is int and 1 <= each <= _MAX_SIZE for each in size):
        raise content.damaged(f"its network {place} has the sizes {size!r}")
    orders = content.array(f"{place}.orders", np.int64, ndim=2)
    if orders.shape != (max(1, len(orders)), num_bits):
        raise content.damaged(f"its network {place} has no orders of {num_bits} bits")
    if not (np.sort(orders, axis=1) == np.arange(num_bits)).all():
        raise content.damaged(f"the orders of its network {place} are no permutations")
    shares = content.array(f"{place}.shares", np.float64, ndim=1)
    if len(shares) != len(orders) or shares.min() < 0 or not abs(shares.sum() - 1) < 1e-9:
        raise content.damaged(f"the orders of its network {place} have no such shares")
    prefix, state = f"{place}.network.", {}
    for key in (key for key in content.tensors if key.startswith(prefix)):
        tensor = content.array(key, np.float32, ndim=content.tensors[key].ndim)
        state[key.removeprefix(prefix)] = torch.from_numpy(tensor)
    hidden, width = size
    network = ConditionalRecurrentNetwork.skeleton(
        num_bits, box.num_features, hidden=hidden, width=width
    )
    try:
        network.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise content.damaged(f"its network {place}: {storage.one_line(error)}") from None
    return network.eval().requires_grad_(False), orders, shares
