"""Which network a diffusion model has and how large it is: what a user sets and a file keeps.

To add a network: write it in its own file as a `Denoiser`, add its configuration here, and name
that in ``_KINDS``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import torch
from torch import nn

from qdiff.errors import InputError
from qdiff.models.diffusion.denoisers.any_order_recurrent import AnyOrderRecurrentNetwork
from qdiff.models.diffusion.denoisers.level_network import LevelMLP
from qdiff.models.diffusion.denoisers.mlp import ResidualMLP
from qdiff.models.diffusion.denoisers.recurrent import RecurrentNetwork
from qdiff.models.diffusion.denoisers.recurrent_members import RecurrentMembers
from qdiff.models.diffusion.denoisers.transformer import CausalTransformer, Coupling

__all__ = [
    "MLP",
    "AnyOrderRecurrent",
    "AnyOrderRecurrentNetwork",
    "CausalTransformer",
    "LevelMLP",
    "LevelledMLP",
    "NetworkConfig",
    "Recurrent",
    "RecurrentNetwork",
    "ResidualMLP",
    "Transformer",
    "network_from_dict",
]

_MAX_WIDTH, _MAX_DEPTH = 1 << 14, 1 << 8
"""Beyond any network this package can train: a file that asks for more is damaged."""


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(ABC):
    """The kind and size of a network for any number of bits."""

    kind: ClassVar[str]

    @abstractmethod
    def build(self, num_bits: int, *, generator: torch.Generator) -> nn.Module:
        """A fresh network on the CPU, drawn from `generator` alone; every bit is a fair coin."""

    @abstractmethod
    def skeleton(self, num_bits: int) -> nn.Module:
        """The network without memory for its parameters, to compare a file's shapes with.

        ``load_state_dict(state, assign=True)`` makes it whole.
        """

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for `network_from_dict`.

        >>> MLP(width=32, depth=1).to_dict()
        {'kind': 'mlp', 'width': 32, 'depth': 1}
        """
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class MLP(NetworkConfig):
    """A `ResidualMLP`: quick on a CPU, the better choice up to some 20 bits.

    >>> MLP().build(4, generator=torch.Generator().manual_seed(0))(torch.zeros(1, 4)).tolist()
    [[0.0, 0.0, 0.0, 0.0]]
    """

    kind: ClassVar[str] = "mlp"
    width: int = 128
    depth: int = 2

    def __post_init__(self) -> None:
        _check_size("width", self.width, _MAX_WIDTH)
        _check_size("depth", self.depth, _MAX_DEPTH)

    def build(self, num_bits: int, *, generator: torch.Generator) -> ResidualMLP:
        return ResidualMLP.initialised(
            num_bits, width=self.width, depth=self.depth, generator=generator
        )

    def skeleton(self, num_bits: int) -> ResidualMLP:
        with torch.device("meta"):
            return ResidualMLP(num_bits, width=self.width, depth=self.depth)


@dataclass(frozen=True, kw_only=True)
class Transformer(NetworkConfig):
    """A `CausalTransformer`: one pass trains all conditionals of an order.

    Attributes
    ----------
    width, depth, heads
        Of the residual stream, in layers, and of attention; `heads` divides `width`.
    coupling
        Pairs of bits whose qubits are coupled. If there are any, attention has a learned bias for
        each distance in this graph.
    """

    kind: ClassVar[str] = "transformer"
    width: int = 64
    depth: int = 3
    heads: int = 4
    coupling: Coupling = ()

    def __post_init__(self) -> None:
        _check_size("width", self.width, _MAX_WIDTH)
        _check_size("depth", self.depth, _MAX_DEPTH)
        _check_size("heads", self.heads, self.width)
        if self.width % self.heads:
            raise InputError(f"{self.heads} heads do not divide a width of {self.width}")
        _check_coupling(self.coupling)

    def build(self, num_bits: int, *, generator: torch.Generator) -> CausalTransformer:
        return CausalTransformer.initialised(
            num_bits,
            width=self.width,
            depth=self.depth,
            heads=self.heads,
            coupling=self.coupling,
            generator=generator,
        )

    def skeleton(self, num_bits: int) -> CausalTransformer:
        with torch.device("meta"):
            return CausalTransformer(
                num_bits,
                width=self.width,
                depth=self.depth,
                heads=self.heads,
                coupling=self.coupling,
            )


@dataclass(frozen=True, kw_only=True)
class Recurrent(NetworkConfig):
    """A `RecurrentNetwork`, which knows the bits in their own order only.

    No fit makes one now; surrogates that earlier versions saved have it.
    """

    kind: ClassVar[str] = "recurrent"
    hidden: int = 64

    def __post_init__(self) -> None:
        _check_size("hidden", self.hidden, _MAX_WIDTH)

    def build(self, num_bits: int, *, generator: torch.Generator) -> RecurrentNetwork:
        return RecurrentNetwork.initialised(num_bits, hidden=self.hidden, generator=generator)

    def skeleton(self, num_bits: int) -> RecurrentNetwork:
        with torch.device("meta"):
            return RecurrentNetwork(num_bits, hidden=self.hidden)


@dataclass(frozen=True, kw_only=True)
class AnyOrderRecurrent(NetworkConfig):
    """An `AnyOrderRecurrentNetwork`, which reads the bits in whatever order it was trained on."""

    kind: ClassVar[str] = "any_order_recurrent"
    hidden: int = 64

    def __post_init__(self) -> None:
        _check_size("hidden", self.hidden, _MAX_WIDTH)

    def build(self, num_bits: int, *, generator: torch.Generator) -> AnyOrderRecurrentNetwork:
        return AnyOrderRecurrentNetwork.initialised(
            num_bits, hidden=self.hidden, generator=generator
        )

    def build_members(
        self, num_bits: int, members: int, *, generator: torch.Generator
    ) -> RecurrentMembers:
        """So many fresh networks, for training at once."""
        return RecurrentMembers([self.build(num_bits, generator=generator) for _ in range(members)])

    def skeleton(self, num_bits: int) -> AnyOrderRecurrentNetwork:
        with torch.device("meta"):
            return AnyOrderRecurrentNetwork(num_bits, hidden=self.hidden)


@dataclass(frozen=True, kw_only=True)
class LevelledMLP(NetworkConfig):
    """A `LevelMLP`, which reverses the bit-flip process: it is told how much was flipped."""

    kind: ClassVar[str] = "levelled_mlp"
    width: int = 128
    depth: int = 2

    def __post_init__(self) -> None:
        _check_size("width", self.width, _MAX_WIDTH)
        _check_size("depth", self.depth, _MAX_DEPTH)

    def build(self, num_bits: int, *, generator: torch.Generator) -> LevelMLP:
        return LevelMLP.initialised(
            num_bits, width=self.width, depth=self.depth, generator=generator
        )

    def skeleton(self, num_bits: int) -> LevelMLP:
        with torch.device("meta"):
            return LevelMLP(num_bits, width=self.width, depth=self.depth)


_Kind = (
    type[MLP] | type[Transformer] | type[Recurrent] | type[AnyOrderRecurrent] | type[LevelledMLP]
)

_KINDS: dict[str, _Kind] = {
    network.kind: network
    for network in (MLP, Transformer, Recurrent, AnyOrderRecurrent, LevelledMLP)
}


def network_from_dict(value: object) -> NetworkConfig:
    """What `NetworkConfig.to_dict` wrote.

    Raises `InputError` for anything else: an unknown kind, a missing or unknown field, a size that
    is not a positive whole number or is beyond any network this package can train.

    >>> network_from_dict({"kind": "mlp", "width": 32, "depth": 1})
    MLP(width=32, depth=1)
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("kind"), str):
        raise InputError("a network is described by a table with its kind and sizes")
    kind = _KINDS.get(value["kind"])
    if kind is None:
        raise InputError(f"unknown network {value['kind']!r}; there are {', '.join(_KINDS)}")
    given = {str(name): item for name, item in value.items() if name != "kind"}
    names = [field.name for field in fields(kind)]
    if set(given) != set(names):
        raise InputError(f"{kind.kind} is described by {', '.join(names)}; got {sorted(given)}")
    if isinstance(given.get("coupling"), list):
        given["coupling"] = tuple(
            tuple(pair) if isinstance(pair, list) else pair for pair in given["coupling"]
        )
    return kind(**given)


def _check_size(name: str, value: object, largest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= largest:
        raise InputError(f"{name} must be a whole number from 1 to {largest}, got {value!r}")


def _check_coupling(value: object) -> None:
    pairs = value if isinstance(value, tuple) else (None,)
    for pair in pairs:
        if not (
            isinstance(pair, tuple)
            and len(pair) == 2
            and all(isinstance(bit, int) and not isinstance(bit, bool) for bit in pair)
            and min(pair) >= 0
            and pair[0] != pair[1]
        ):
            raise InputError(
                "coupling must be a tuple of pairs of different bits, as whole numbers"
            )
