"""A table that was computed rather than fitted, such as an average over noise trajectories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qdiff.data.argument_checks import is_number, kind_of
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.baselines.base import Baseline, FittedBaseline
from qdiff.models.baselines.counting import ProductLaw
from qdiff.models.laws.mixture import Mixture
from qdiff.models.laws.table import TableLaw


@dataclass(frozen=True, eq=False, kw_only=True)
class KnownTable(Baseline):
    """A table that is known without any shots; of those only the bits and registers are used.

    Where circuit and noise are known and small, ``KnownTable(table=qdiff.trajectories(circuit,
    noise))`` is the strongest classical competitor, up to some 20 qubits. It knows the noise, which
    no other baseline is told.

    Attributes
    ----------
    table
        The law, from `qdiff.trajectories`, `qdiff.exact` or anywhere else.
    uniform
        The share of the uniform law mixed in. Without it a string that no trajectory reached is
        impossible, and held-out shots that show it have no likelihood.

    Raises `InputError` for another kind of table or share, and when fitted to shots of other bits.

    >>> bell = Distribution(probabilities=np.array([0.5, 0, 0, 0.5]))
    >>> model = KnownTable(table=bell, uniform=0.2).fit(Shots.from_counts({"01": 1}))
    >>> model.distribution().probabilities.round(3).tolist()
    [0.45, 0.05, 0.05, 0.45]
    """

    table: Distribution
    uniform: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.table, Distribution):
            raise InputError(f"table must be a Distribution, got {kind_of(self.table)}")
        if not is_number(self.uniform) or not 0 <= self.uniform <= 1:
            raise InputError(f"uniform is a share between 0 and 1, got {self.uniform!r}")

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        if shots.num_bits != self.table.num_bits:
            raise InputError(
                f"the shots have {shots.num_bits} bits, the table {self.table.num_bits}"
            )
        known = TableLaw.of(self.table.probabilities / self.table.probabilities.sum())
        flat = ProductLaw(np.full(shots.num_bits, 0.5))
        law = Mixture([known, flat], [1 - self.uniform, self.uniform])
        return FittedBaseline(law=law, registers=shots.registers)
