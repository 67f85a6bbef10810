"""Parallel unmasking: draws against enumerated laws, measured profiles against exact ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from chi_square import FALSE_ALARM, biased, p_value
from enumeration import exact_profile
from known_laws import porter_thomas
from oracles import Oracle
from scipy import stats
from untrained_networks import Rough

from qdiff import Distribution, Register, Shots
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.decoding import parallel as unmasking
from qdiff.models.diffusion.decoding.entropy_profile import entropy_profile
from qdiff.models.diffusion.decoding.parallel import ParallelDecoder
from qdiff.models.diffusion.decoding.unmasking_schedule import (
    UnmaskingSchedule,
    factorisation_penalty,
)


def drawn(decoder: ParallelDecoder, shots: int, seed: int) -> Shots:
    words, counts = decoder.draw(shots, np.random.default_rng(seed))
    return Shots.from_words(words, counts, registers=[Register("c", decoder.num_bits)])


@pytest.mark.parametrize("steps", [1, 2, 3, 6])
def test_the_sampler_follows_its_own_law(steps: int) -> None:
    decoder = ParallelDecoder(Rough(6, seed=2), steps=steps)
    law = Distribution(probabilities=decoder.table() / decoder.table().sum())
    shots = drawn(decoder, 100_000, seed=steps)
    assert shots.num_shots == 100_000
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


@pytest.mark.parametrize("steps", [1, 3, 4])
def test_the_sampler_follows_its_conditional_law(steps: int) -> None:
    decoder = ParallelDecoder(Rough(6, seed=2), steps=steps, given={4: 1, 0: 0})
    law = Distribution(probabilities=decoder.table() / decoder.table().sum())
    shots = drawn(decoder, 100_000, seed=steps)
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


def test_the_number_of_steps_matters_to_the_test() -> None:
    """Power: two steps are not taken for six, nor the reverse."""
    network = Rough(6, seed=2)
    two, six = (ParallelDecoder(network, steps=steps) for steps in (2, 6))
    laws = [Distribution(probabilities=law.table() / law.table().sum()) for law in (two, six)]
    assert p_value(drawn(six, 100_000, seed=1), laws[0]) < FALSE_ALARM
    assert p_value(drawn(two, 100_000, seed=1), laws[1]) < FALSE_ALARM


@pytest.mark.parametrize("rows", [7, 100, 1 << 17])  # equal states: never, sometimes, always
def test_chunks_do_not_change_the_law(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(unmasking, "_CHUNK_ROWS", rows)
    decoder = ParallelDecoder(Rough(5, seed=3), steps=5)
    law = Distribution(probabilities=decoder.table() / decoder.table().sum())
    shots = drawn(decoder, 20_000, seed=rows)
    assert shots.num_shots == 20_000
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law, by=0.06)) < FALSE_ALARM


def test_rare_bits_are_drawn_at_their_rate() -> None:
    """Chances near 3e-5, where a float32 uniform already has visible steps; false alarm 1e-6."""
    source, chance, number = torch.Generator().manual_seed(0), 3e-5, 3_000_000
    logits = torch.full((number,), float(np.log(chance / (1 - chance))))
    ones = int((unmasking.draw_spins(logits, source) > 0).sum())
    assert stats.binomtest(ones, number, chance).pvalue > FALSE_ALARM
    assert stats.binomtest(ones, number, 2 * chance).pvalue < FALSE_ALARM


def test_the_measured_profile_agrees_with_enumeration() -> None:
    """Six means within 5.5 standard errors: false alarm 6 * 4e-8 < 1e-6."""
    law, network = porter_thomas(6, seed=7), Rough(6, seed=7)
    rows = law.sample(20_000, seed=1).bits.repeat(law.sample(20_000, seed=1).counts, axis=0)
    measured = entropy_profile(network, rows, np.random.default_rng(1))
    exact = exact_profile(network, law)
    schedule = UnmaskingSchedule.uniform(6, steps=2)
    penalty, error = measured.penalty(schedule)
    assert (np.abs(measured.nats - exact) < 5.5 * measured.standard_errors).all()
    assert (measured.standard_errors < 0.01).all()
    assert abs(penalty - factorisation_penalty(exact, schedule)) < 5.5 * error
    # power: a network that sees no bits differs by more
    assert np.abs(exact - exact[0]).max() > 11 * measured.standard_errors.max()


def test_the_profile_under_given_bits_is_that_of_the_conditional_law() -> None:
    """Three means within 5.5 standard errors: false alarm 3 * 4e-8 < 1e-6."""
    law = porter_thomas(4, seed=3)
    rows = bitorder.all_bits(4)
    agrees = rows[:, 2] == 1
    table = law.probabilities * agrees
    conditional = Distribution(probabilities=table / table.sum())
    rest = conditional.marginal([0, 1, 3])
    counts = conditional.sample(40_000, seed=1)
    strings = np.repeat(counts.bits, counts.counts, axis=0)
    measured = entropy_profile(Oracle(law), strings, np.random.default_rng(1), given=[2])
    exact = exact_profile(Oracle(rest), rest)
    assert measured.samples.shape == (40_000, 3)
    assert (np.abs(measured.nats - exact) < 5.5 * measured.standard_errors).all()
    # power: the profile of strings without given bits differs by more
    without = exact_profile(Oracle(law), law)[1:]
    assert np.abs(exact - without).max() > 11 * measured.standard_errors.max()
