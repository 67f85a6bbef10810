"""A surrogate's matrix-product part as a baseline of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from qdiff.data.shots import Shots
from qdiff.models.baselines.base import Baseline, FittedBaseline, parted
from qdiff.models.matrix_product.fit import MatrixProductConfig, fit_matrix_product


@dataclass(frozen=True, kw_only=True)
class MatrixProduct(Baseline):
    """A hidden Markov chain along the bits; see `qdiff.models.matrix_product`.

    Held-out shots choose the bond dimension, the order of the chain and when to stop.
    """

    config: MatrixProductConfig = field(default_factory=MatrixProductConfig)

    def fit(self, shots: Shots, *, heldout: Shots | None = None, seed: int = 0) -> FittedBaseline:
        train, heldout = parted(shots, heldout, seed)
        law = fit_matrix_product(train, heldout, seed=seed, config=self.config)
        return FittedBaseline(law=law, registers=shots.registers)
