"""Surrogates: draws, conditional draws and marginals against the enumerated law."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM, biased, p_value
from quick_fits import GIVEN, quick_surrogate

from qdiff import Distribution, Shots, Surrogate
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.diffusion.decoding.parallel import ParallelDecoder
from qdiff.models.diffusion.decoding.unmasking_laws import block_table
from qdiff.models.diffusion.decoding.unmasking_schedule import UnmaskingSchedule
from qdiff.models.surrogate import part_mixture
from qdiff.models.surrogate.part import Part


@pytest.fixture(scope="module")
def model() -> Surrogate:
    return quick_surrogate()


def test_samples_follow_the_surrogates_own_law(model: Surrogate) -> None:
    """From the table and from the prefix trees, with power against a bias of 2 %."""
    law = model.distribution()
    assert p_value(model.sample(200_000, seed=1), law) > FALSE_ALARM
    assert p_value(model.sample(200_000, seed=1), biased(law)) < FALSE_ALARM
    words, counts = part_mixture.PartMixture(model.parts, model.weights).law.draw(
        200_000, np.random.default_rng(2)
    )
    assert p_value(Shots.from_words(words, counts, registers=law.registers), law) > FALSE_ALARM


@pytest.mark.parametrize("reach", ["table", "orders"])
def test_conditional_samples_follow_the_conditional_law(model, reach, monkeypatch) -> None:
    """From the table, and, as for many bits, from the orders alone."""
    if reach == "orders":
        monkeypatch.setattr(part_mixture, "MAX_EXACT_BITS", 0)
    shots = model.sample(300_000, seed=4, given=GIVEN)
    rows = bitorder.all_bits(6)
    table = np.exp(model.log_prob(rows, given=GIVEN))
    # float32 networks round by the size of the batch, and that by the processor
    assert abs(table.sum() - 1) < 1e-7
    law = Distribution(probabilities=table / table.sum(), registers=shots.registers)
    assert (shots.bits[:, 1] == 1).all()
    assert (shots.bits[:, 4] == 0).all()
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


def test_marginals_beyond_a_table_are_within_their_stated_error(model, monkeypatch) -> None:
    """Every z-score below 4.9 (false alarm 1e-6 each), and not all suspiciously small."""
    exact = model.marginal([5, 2, 0]).probabilities
    monkeypatch.setattr(part_mixture, "MAX_EXACT_BITS", 0)
    scores = []
    for seed in range(5):
        found = model.marginal([5, 2, 0], shots=20_000, seed=seed)
        assert abs(found.probabilities.sum() - 1) < 1e-12
        scores.append((found.probabilities - exact) / found.standard_error)
    assert np.abs(scores).max() < 4.9
    assert 0.5 < np.std(scores) < 1.6


def test_a_random_order_follows_the_law_of_all_orders(model: Surrogate) -> None:
    """The pure diffusion sampler against the 3^n dynamic programme."""
    alone = model.only(Part.DIFFUSION)
    shots = alone.sample(100_000, seed=6, order="random")
    table = ParallelDecoder(alone.parts[Part.DIFFUSION].network, steps=alone.num_bits).table()
    law = Distribution(probabilities=table / table.sum(), registers=shots.registers)
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


def law_in_steps(model: Surrogate, steps: int) -> Distribution:
    """Bayes' rule over the parts, each by enumeration, the diffusion part's given bits first."""
    rows, schedule = bitorder.all_bits(6), UnmaskingSchedule.uniform(4, steps=steps)
    agrees = (rows[:, [*GIVEN]] == [*GIVEN.values()]).all(axis=1)
    total = np.zeros(64)
    for part, law in model.parts.items():
        joint = law.table() * agrees
        if part is Part.DIFFUSION:
            first = OrderedDecoder(law.network, [1, 4, 0, 2, 3, 5]).table() @ agrees
            joint = first * block_table(law.network, schedule, GIVEN)
        total += model.weights[part] * joint
    return Distribution(probabilities=total / total.sum())


@pytest.mark.parametrize(
    ("options", "steps"), [({"steps": 2}, 2), ({"steps": 4}, 4), ({"order": "random"}, 4)]
)
def test_given_bits_decoded_in_steps_follow_the_enumerated_law(model, options, steps) -> None:
    shots = model.sample(300_000, seed=8, given=GIVEN, **options)
    law = law_in_steps(model, steps)
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM
