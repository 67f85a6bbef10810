"""A small fit that takes seconds, where it is not tested how good it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from unittest import mock

from known_laws import porter_thomas

from qdiff import Distribution, FitConfig, Register, Shots, Surrogate, fit
from qdiff.fitting.config import Candidate
from qdiff.models.diffusion.denoisers.config import MLP
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.matrix_product.fit import MatrixProductConfig, fit_matrix_product

TRAINING = TrainingConfig(steps=150, batch=256, evaluate_every=50)
FEW_STEPS = TrainingConfig(steps=10, batch=64, evaluate_every=5, warmup=2)


QUICK = FitConfig(
    orders=4,
    candidates=(Candidate(network=MLP(width=32), training=TRAINING),),
)


def brief(config: FitConfig, steps: int = 10) -> FitConfig:
    """The same with trainings of so few steps, where it does not matter how good they are."""
    training = replace(TRAINING, steps=steps, evaluate_every=steps)
    return replace(
        config,
        candidates=tuple(replace(each, training=training) for each in config.candidates),
    )


def training_shots(num_bits: int = 6, shots: int = 3000) -> Shots:
    law = Distribution(
        probabilities=porter_thomas(num_bits, power=2).probabilities,
        registers=(Register("a", 2), Register("b", num_bits - 2)),
    )
    return law.sample(shots, seed=1)


@contextmanager
def small_chains() -> Iterator[None]:
    """Fits whose matrix-product law has small bonds, found in few steps."""
    small = partial(fit_matrix_product, config=MatrixProductConfig(bonds=(1, 2), steps=30))
    with mock.patch("qdiff.fitting.fit_parts.fit_matrix_product", small):
        yield


@cache
def quick_surrogate() -> Surrogate:
    """A surrogate of six bits, fitted once for all files that a process tests."""
    with small_chains():
        return fit(training_shots(), seed=3, config=QUICK)


GIVEN = {1: 1, 4: 0}
"""Bits of `quick_surrogate` that tests of conditional answers fix."""
