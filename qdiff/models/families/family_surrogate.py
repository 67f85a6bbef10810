"""`FamilySurrogate`: one model for a parametrised circuit at all its values and noise strengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from qdiff.data.argument_checks import check_whole, generator_of
from qdiff.data.bits import Floats
from qdiff.data.registers import Register, width_of
from qdiff.data.shots import Seed
from qdiff.models.diffusion.decoding.ordered import OrderEnsemble, Orders
from qdiff.models.diffusion.denoisers.conditional import ConditionalRecurrentNetwork
from qdiff.models.diffusion.denoisers.config import AnyOrderRecurrent
from qdiff.models.families import storage
from qdiff.models.families.disagreement import disagreement
from qdiff.models.families.parameter_box import Box, Values
from qdiff.models.families.suggestion import suggested
from qdiff.models.laws.mixture import averaged
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.part_mixture import MAX_EXACT_BITS
from qdiff.models.surrogate.surrogate import Surrogate

CALIBRATION = 5.0
"""The law's KL divergence from the truth is about so many times the members' disagreement: with two
members and eight qubits, 5.0 in the median of a Heisenberg family and 2.4 of a QAOA one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Member:
    """A network, the orders that it is decoded along, and how much each weighs."""

    network: ConditionalRecurrentNetwork
    orders: Orders
    shares: Floats

    def at(self, features: torch.Tensor) -> OrderEnsemble:
        """Its law where the network is told `features`."""
        network = self.network.at(features)
        config = AnyOrderRecurrent(hidden=self.network.hidden)
        wide = self.orders.shape[1] > MAX_EXACT_BITS  # random orders are trained from there on
        return OrderEnsemble(network, config, self.orders, self.shares, any_order=wide)


class FamilySurrogate:
    """Conditional diffusion models of a family; at any values, an ordinary `Surrogate`.

    Build one with `qdiff.fit_family`.

    Attributes
    ----------
    box
        The points that it was trained on; outside of the box around them it refuses to answer.
    members
        The networks whose laws are averaged.
    registers
        The classical registers of the shots.
    card
        What it was trained on and how, as JSON.
    """

    def __init__(
        self,
        *,
        box: Box,
        members: Sequence[Member],
        registers: Sequence[Register],
        card: Mapping[str, Any],
    ) -> None:
        self.box, self.members = box, tuple(members)
        self.registers, self.card = tuple(registers), dict(card)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in the order of values given as a list."""
        return self.box.names

    @property
    def num_bits(self) -> int:
        return width_of(self.registers)

    def at(
        self, values: Values, *, strength: float | None = None, force: bool = False
    ) -> Surrogate:
        """The surrogate at some values of the parameters.

        Parameters
        ----------
        values
            By name, or in the order of `names`.
        strength
            How strong the noise is, in the units of the training points; needed where these had
            different ones.
        force
            Extrapolate beyond the points that the family was trained on.

        Raises `InputError` for missing values, those that are not finite, and outside the box.
        """
        point = self.box.point(values, strength, force=force)
        record = {
            **self.card.get("trained_on", {}),
            "values": dict(zip(self.names, point[:-1].tolist(), strict=True)),
            "strength": float(np.exp(point[-1])),
        }
        return Surrogate(
            parts={Part.DIFFUSION: averaged(self._laws(point))},
            weights={Part.DIFFUSION: 1.0},
            registers=self.registers,
            card={**self.card, "trained_on": record, "weights": {Part.DIFFUSION.value: 1.0}},
        )

    def __call__(self, values: Values) -> Surrogate:
        """`at` of the values alone, as `SurrogateSampler` asks; for a family of one strength."""
        return self.at(values)

    def uncertainty(
        self, values: Values, *, strength: float | None = None, force: bool = False, seed: Seed = 0
    ) -> float:
        """About how far the law there is from the true one, as a KL divergence in nats.

        It is `CALIBRATION` times what the members disagree by, who began from other networks and
        learned from other points. docs/families.md has how well it foretells the divergence. NaN
        for a single member. `seed` decides the draws that it is estimated from beyond 14 bits.
        """
        return self._doubt(self.box.point(values, strength, force=force), generator_of(seed))

    def suggest(self, number: int, *, seed: Seed = 0) -> tuple[Floats, Floats]:
        """Values ``(number, parameters)`` and strengths ``(number,)`` to measure next.

        Far from all that was measured, where the members disagree: see `suggested`.
        """
        number, generator = check_whole(number, "number"), generator_of(seed)

        def doubt(point: Floats) -> float:
            return self._doubt(point, generator) if len(self.members) > 1 else 1.0

        points = suggested(self.box, number, doubt, generator)
        return points[:, :-1], np.exp(points[:, -1])

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write one safetensors file. An existing `path` is refused unless `force`."""
        kept = [(member.network, member.orders, member.shares) for member in self.members]
        storage.write(path, self.box, kept, self.registers, self.card, force=force)

    @classmethod
    def load(cls, path: str | Path) -> FamilySurrogate:
        """Read what `save` wrote. Raises `InputError` for any other or damaged file."""
        box, kept, registers, card = storage.read(path)
        members = [
            Member(network=network, orders=orders, shares=shares)
            for network, orders, shares in kept
        ]
        return cls(box=box, members=members, registers=registers, card=card)

    def _doubt(self, point: Floats, generator: np.random.Generator) -> float:
        if len(self.members) < 2:
            return float("nan")
        return CALIBRATION * disagreement(self._laws(point), generator)

    def _laws(self, point: Floats) -> list[OrderEnsemble]:
        (features,) = torch.from_numpy(self.box.features(point[None]))
        return [member.at(features) for member in self.members]

    def __repr__(self) -> str:
        return (
            f"FamilySurrogate({', '.join(self.names)}; num_bits={self.num_bits}, "
            f"points={len(self.box.points)}, members={len(self.members)})"
        )
