"""One law on every device: fitted there, saved, loaded here, tabulated and drawn from on both.

Each test takes the device; where torch has no CUDA they run on the processor alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from chi_square import FALSE_ALARM, biased, p_value
from quick_fits import QUICK, TRAINING, training_shots

import qdiff
from qdiff import Distribution, FitConfig, Shots, Surrogate
from qdiff.fitting.config import Candidate
from qdiff.models.diffusion.decoding.parallel import ParallelDecoder
from qdiff.models.diffusion.denoisers.config import (
    MLP,
    AnyOrderRecurrent,
    LevelledMLP,
    NetworkConfig,
    Transformer,
)
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.laws.law import Law
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.part_mixture import PartMixture

ROUNDING = 1e-3
"""In total variation: what TF32, which CUDA's recurrent networks may round to, can move a law."""

DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.gpu,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
        ],
    ),
]


def here_and_there(device: str, config: FitConfig, folder) -> tuple[Surrogate, Surrogate]:
    """A surrogate that was fitted on `device`, loaded onto the processor and onto `device`."""
    path = folder / "model.safetensors"
    qdiff.fit(training_shots(), seed=1, device=device, config=config).save(path)
    there = Surrogate.load(path, device=device)
    assert next(there.parts[Part.DIFFUSION].network.parameters()).device.type == device
    return Surrogate.load(path), there


def distance(one: Law, other: Law) -> float:
    return float(np.abs(one.table() - other.table()).sum() / 2)


def assert_draws_follow(drawn: Law, tabulated: Law) -> None:
    """Chi-square of 100,000 draws against a table, with power against a bias of 2 %."""
    words, counts = drawn.draw(100_000, np.random.default_rng(2))
    shots = Shots.from_words(words, counts, registers=training_shots().registers)
    table = tabulated.table()
    law = Distribution(probabilities=table / table.sum(), registers=shots.registers)
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "network",
    [MLP(width=32), Transformer(width=16, depth=1, heads=2), AnyOrderRecurrent(hidden=16)],
)
def test_a_masked_surrogate_is_the_same_on_every_device(
    tmp_path, device: str, network: NetworkConfig
) -> None:
    candidate = Candidate(network=network, training=TRAINING)
    here, there = here_and_there(
        device,
        replace(
            QUICK,
            candidates=(candidate,),
            interactions=False,
            matrix_product=False,
            any_order=True,
        ),
        tmp_path,
    )
    diffusion = here.parts[Part.DIFFUSION], there.parts[Part.DIFFUSION]
    for cpu, other in zip(*(each.laws for each in diffusion), strict=True):
        assert distance(cpu, other) < ROUNDING
        assert_draws_follow(other, cpu)
    first, second, *_ = here.parts[Part.DIFFUSION].laws
    assert distance(first, second) > 2 * ROUNDING  # other orders would not pass for the same law
    assert (
        distance(*(PartMixture(each.parts, each.weights).law for each in (here, there))) < ROUNDING
    )
    steps = (ParallelDecoder(m.parts[Part.DIFFUSION].network, 3, {1: 1}) for m in (here, there))
    cpu, other = steps
    assert distance(cpu, other) < ROUNDING
    assert_draws_follow(other, cpu)
    assert there.penalty(2) == pytest.approx(here.penalty(2), rel=0.2)


@pytest.mark.parametrize("device", DEVICES)
def test_a_bit_flip_surrogate_is_the_same_on_every_device(tmp_path, device: str) -> None:
    config = FitConfig(
        folds=1,
        process=BitFlip(schedule=FlipSchedule.cosine(steps=8)),
        candidates=(Candidate(network=LevelledMLP(width=16, depth=1), training=TRAINING),),
        interactions=False,
        matrix_product=False,
    )
    here, there = (m.parts[Part.DIFFUSION] for m in here_and_there(device, config, tmp_path))
    assert distance(here, there) < ROUNDING
    assert_draws_follow(there, here)
