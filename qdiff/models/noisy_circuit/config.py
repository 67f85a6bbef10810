"""How much work a circuit's fit may do, and what is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field

from qdiff.errors import InputError
from qdiff.models.readout.confusion import Confusion


@dataclass(frozen=True, kw_only=True)
class CircuitFitConfig:
    """How much work a fit may do, and what is known beforehand.

    Attributes
    ----------
    operations
        Gates times amplitudes that errors are simulated with.
    order
        0 leaves errors of gates out; None simulates as many a run as there are.
    rates, readout, confusion
        Where the fit starts from, and the readout if it is known, as in `PriorConfig`.
    """

    operations: float = 4e9
    order: int | None = None
    rates: dict[str, float] = field(default_factory=dict)
    readout: tuple[float, float] | None = None
    confusion: Confusion | None = None

    def __post_init__(self) -> None:
        if not self.operations > 0:
            raise InputError(f"operations must be positive, got {self.operations}")
        if self.order not in (None, 0):
            raise InputError(f"order must be 0 or None, got {self.order!r}")
