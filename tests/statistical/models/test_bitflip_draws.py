"""The bit-flip process: draws against enumerated laws, estimates against exact bounds."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from chi_square import FALSE_ALARM, biased, p_value
from enumeration import all_spins, forward_matrix
from known_laws import porter_thomas
from oracles import LevelOracle
from untrained_networks import random_level_mlp

from qdiff import Distribution, Register, Shots
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.decoding import bitflip as bitflip_decoding
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import bound_table, step_costs
from qdiff.models.diffusion.denoisers.denoiser import spins
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_kernels import correlations, corrupt
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule


def test_every_bit_flips_at_its_own_rate() -> None:
    rates, level = (0.4, 1.0, 3.0), 0.7
    clean = spins(torch.tensor([[0, 1, 1]])).expand(100_000, 3)
    correlation = correlations(torch.tensor([level]), torch.tensor(rates, dtype=torch.float64))
    corrupted = corrupt(clean, correlation, torch.Generator().manual_seed(0))
    shots = Shots.from_bits((corrupted > 0).numpy())
    law = Distribution(probabilities=forward_matrix(level, rates)[0b110])
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM
    assert p_value(shots, Distribution(probabilities=forward_matrix(level, (1, 1, 1))[6])) == 0


@pytest.mark.parametrize(
    ("num_bits", "chunk"),
    [(5, 1 << 14), (5, 30_001), (12, 4_000)],  # the last: more strings than rows in a chunk
)
def test_the_sampler_follows_its_own_table(monkeypatch: Any, num_bits: int, chunk: int) -> None:
    monkeypatch.setattr(bitflip_decoding, "_CHUNK_ROWS", chunk)
    rates = (0.5, 1.0, 2.0, 1.0, 1.5) + (1.0,) * (num_bits - 5)
    process = BitFlip(schedule=FlipSchedule.cosine(steps=5), rates=rates)
    law = BitFlipLaw(random_level_mlp(num_bits), process)
    number = 1_000_000 if num_bits == 5 else 100_000
    words, counts = law.draw(number, np.random.default_rng(3))
    shots = Shots.from_words(words, counts, registers=[Register("c", num_bits)])
    table = law.table()
    exact = Distribution(probabilities=table / table.sum())
    assert shots.num_shots == number
    assert abs(table.sum() - 1) < 1e-12
    assert p_value(shots, exact) > FALSE_ALARM
    assert p_value(shots, biased(exact)) < FALSE_ALARM


def test_bound_and_surprise_estimate_the_exact_bound() -> None:
    """Each within 5.5 standard errors (false alarm 3e-7 for 8 strings), which is below 2 %."""
    network, process = (
        random_level_mlp(3),
        BitFlip(schedule=FlipSchedule.log_odds(steps=20, sharpest=4.0), rates=(0.5, 1.0, 2.0)),
    )
    exact = bound_table(network, process)
    bound, error = BitFlipLaw(network, process).bound(
        bitorder.all_bits(3), np.random.default_rng(0), samples=2000
    )
    clean = all_spins(3).repeat(4000, 1)
    scores = process.surprise(network, clean, torch.Generator().manual_seed(0)).reshape(-1, 8)
    spread = scores.std(0) / len(scores) ** 0.5
    for mean, one_error in ((-bound, error), (scores.mean(0).numpy(), spread.numpy())):
        assert (np.abs(mean - exact) < 5.5 * one_error).all()
        assert 5.5 * np.sqrt((one_error**2).sum()) < 0.02 * exact.sum()


def test_step_costs_add_up_to_the_bound() -> None:
    """With a perfect network and strings of its law, for every choice of steps."""
    law = porter_thomas(3)
    fine = BitFlip(schedule=FlipSchedule.cosine(steps=6), rates=(0.5, 1.0, 2.0))
    oracle, generator = LevelOracle(law, fine.rates), torch.Generator().manual_seed(0)
    rows = law.sample(3000, seed=2)
    rows_each = np.repeat(rows.bits, rows.counts, axis=0)
    repeats = np.stack(
        [
            step_costs(oracle, fine, part, generator)
            for part in np.array_split(np.random.default_rng(0).permutation(rows_each), 30)
        ]
    )
    for levels in ((0, 1, 2, 3, 4, 5, 6), (0, 2, 5, 6)):
        each = sum(repeats[:, s, t] for s, t in pairwise(levels))
        chosen = FlipSchedule(correlations=tuple(fine.schedule.correlations[k] for k in levels))
        exact = law.probabilities @ bound_table(oracle, replace(fine, schedule=chosen))
        error = each.std(ddof=1) / len(each) ** 0.5
        assert abs(each.mean() - exact) < 5 * error < 0.02 * exact
