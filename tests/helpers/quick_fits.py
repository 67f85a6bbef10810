"""A small fit that takes seconds, where it is not tested how good it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from unittest import mock

import numpy as np
import torch
from known_laws import porter_thomas

from qdiff import Distribution, FitConfig, Register, Shots, Surrogate, fit
from qdiff.fitting.config import Candidate
from qdiff.models.diffusion.decoding.ordered import OrderEnsemble
from qdiff.models.diffusion.denoisers.config import MLP, Recurrent
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.matrix_product.fit import MatrixProductConfig, fit_matrix_product
from qdiff.models.surrogate.part import Part

TRAINING = TrainingConfig(steps=150, batch=256, evaluate_every=50)
FEW_STEPS = TrainingConfig(steps=10, batch=64, evaluate_every=5, warmup=2)


QUICK = FitConfig(
    folds=1,
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


def with_recurrent(model: Surrogate) -> Surrogate:
    """With a recurrent network of one order, as surrogates of earlier versions have it."""
    network = Recurrent(hidden=4)
    built = network.build(model.num_bits, generator=torch.Generator().manual_seed(0)).eval()
    recurrent = OrderEnsemble(built, network, np.arange(model.num_bits)[None])
    halves = {part: 0.5 * weight for part, weight in model.weights.items()}
    return Surrogate(
        parts={**model.parts, Part.RECURRENT: recurrent},
        weights={**halves, Part.RECURRENT: 0.5},
        registers=model.registers,
        card={},
    )


@cache
def quick_surrogate() -> Surrogate:
    """A surrogate of six bits, fitted once for all files that a process tests."""
    with small_chains():
        return fit(training_shots(), seed=3, config=QUICK)


GIVEN = {1: 1, 4: 0}
"""Bits of `quick_surrogate` that tests of conditional answers fix."""
