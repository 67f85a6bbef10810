"""Parallel unmasking: its law against brute force, what drawing costs, the penalty of few steps."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import combinations, permutations
from math import comb

import numpy as np
import pytest
import torch
from enumeration import conditionals, exact_profile
from known_laws import ghz, porter_thomas
from oracles import Oracle
from torch import nn
from untrained_networks import Rough

from qdiff import InputError
from qdiff.comparison.metrics.table_metrics import kl_divergence
from qdiff.data import bits as bitorder
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.models.diffusion.decoding import parallel as unmasking
from qdiff.models.diffusion.decoding.entropy_profile import EntropyProfile, entropy_profile
from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.diffusion.decoding.parallel import ParallelDecoder
from qdiff.models.diffusion.decoding.unmasking_laws import block_table
from qdiff.models.diffusion.decoding.unmasking_schedule import (
    UnmaskingSchedule,
    factorisation_penalty,
)
from qdiff.models.diffusion.denoisers.denoiser import Denoiser, StatelessDenoiser

LN2 = np.log(2)


def blocks_of(bits: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """All ordered choices of blocks of given sizes."""
    if not sizes:
        yield []
        return
    for block in combinations(bits, sizes[0]):
        rest = tuple(bit for bit in bits if bit not in block)
        for later in blocks_of(rest, sizes[1:]):
            yield [block, *later]


def law_of_blocks(network: StatelessDenoiser, blocks: list[tuple[int, ...]]) -> np.ndarray:
    """The probability of every string along given blocks, string by string."""
    rows = bitorder.all_bits(network.num_bits)
    table = np.ones(len(rows))
    for index, row in enumerate(rows):
        state = np.zeros(network.num_bits, dtype=np.float32)
        for block in blocks:
            one = conditionals(network, state)
            for bit in block:
                table[index] *= one[bit] if row[bit] else 1 - one[bit]
            for bit in block:
                state[bit] = 2.0 * row[bit] - 1
    return table


# The exact laws


def random_order_table(network: Denoiser) -> np.ndarray:
    return block_table(network, UnmaskingSchedule(sizes=(1,) * network.num_bits))


def test_the_dynamic_programme_is_the_mean_over_all_orders() -> None:
    network = Rough(4)
    orders = [OrderedDecoder(network, order).table() for order in permutations(range(4))]
    assert np.abs(orders[0] - orders[-1]).max() > 0.01  # the orders do disagree
    assert np.abs(random_order_table(network) - np.mean(orders, axis=0)).max() < 1e-12


@pytest.mark.parametrize("sizes", [(4,), (1, 3), (3, 1), (2, 2), (1, 2, 1), (1, 1, 1, 1)])
def test_the_block_law_is_the_mean_over_all_choices_of_blocks(sizes: tuple[int, ...]) -> None:
    network = Rough(4, seed=1)
    each = [law_of_blocks(network, blocks) for blocks in blocks_of((0, 1, 2, 3), sizes)]
    table = block_table(network, UnmaskingSchedule(sizes=sizes))
    assert np.abs(table - np.mean(each, axis=0)).max() < 1e-12


@pytest.mark.parametrize("sizes", [(3,), (1, 2), (2, 1), (1, 1, 1)])
def test_given_bits_are_those_of_blocks_that_begin_with_them(sizes: tuple[int, ...]) -> None:
    """The mean over all choices of blocks after the given bits, conditional on their values."""
    network, given = Rough(5, seed=2), {3: 0, 1: 1}
    rows = bitorder.all_bits(5)
    agrees = (rows[:, [*given]] == [*given.values()]).all(axis=1)
    each = [law_of_blocks(network, [(3,), (1,), *blocks]) for blocks in blocks_of((0, 2, 4), sizes)]
    joint = np.mean(each, axis=0) * agrees
    decoder = ParallelDecoder(network, UnmaskingSchedule(sizes=sizes), given)
    assert np.abs(decoder.table() - joint / joint.sum()).max() < 1e-12


def test_laws_sum_to_one_and_do_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    network, schedule = Rough(8), UnmaskingSchedule.uniform(8, steps=3)
    whole = block_table(network, schedule)
    assert abs(whole.sum() - 1) < 1e-12
    monkeypatch.setattr("qdiff.models.diffusion.decoding.unmasking_laws._CHUNK", 50)
    assert np.abs(block_table(network, schedule) - whole).max() < 1e-12


def test_one_bit_a_step_is_the_random_order_law() -> None:
    network = Rough(5)
    decoder = ParallelDecoder(network, steps=5)
    assert np.array_equal(decoder.table(), random_order_table(network))
    rows = bitorder.all_bits(5)[[3, 17]]
    assert np.allclose(decoder.log_prob(rows), np.log(decoder.table()[[3, 17]]), atol=1e-12)


def test_a_perfect_denoiser_one_bit_a_step_gives_back_the_law() -> None:
    law = porter_thomas(6)
    assert np.abs(random_order_table(Oracle(law)) - law.probabilities).max() < 1e-12


def test_a_bell_pair_in_one_step_is_two_fair_coins_and_in_two_is_exact() -> None:
    bell = Oracle(ghz(2))
    assert np.allclose(ParallelDecoder(bell, steps=1).table(), 0.25, atol=1e-12)
    assert np.allclose(ParallelDecoder(bell, steps=2).table(), [0.5, 0, 0, 0.5], atol=1e-12)


# The sampler


@pytest.mark.parametrize("num_bits", [1, 6, 70])
def test_the_same_seed_gives_the_same_shots(num_bits: int) -> None:
    decoder = ParallelDecoder(Rough(num_bits), steps=min(3, num_bits))
    first, again, other = (decoder.draw(5000, np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[1], other[1]) or not np.array_equal(first[0], other[0])
    assert first[1].sum() == 5000


def test_the_global_generators_are_left_alone() -> None:
    before = torch.random.get_rng_state()
    ParallelDecoder(Rough(4), steps=2).draw(100, np.random.default_rng(0))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_no_shots_are_no_rows() -> None:
    words, counts = ParallelDecoder(Rough(70), steps=2).draw(0, np.random.default_rng(0))
    assert words.shape == (0, 2)
    assert counts.shape == (0,)


def test_equal_states_are_asked_about_once() -> None:
    asked: list[int] = []

    class Counting(Rough):
        def forward(self, states: torch.Tensor) -> torch.Tensor:
            asked.append(len(states))
            return super().forward(states)

    network = Counting(6)
    ParallelDecoder(network, steps=6).draw(60_000, np.random.default_rng(0))
    assert asked == [comb(6, visible) << visible for visible in range(6)]


def test_memory_is_a_chunk_not_all_shots() -> None:
    """Two million shots of 12 bits: a byte a bit would be 24 MB, their words and counts 32 MB."""
    decoder = ParallelDecoder(Fair(12), steps=2)
    decoder.draw(1, np.random.default_rng(0))
    tracemalloc.start()
    counts = decoder.draw(2_000_000, np.random.default_rng(0))[1]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts.sum() == 2_000_000
    assert peak < 8e6


def test_no_tensor_is_longer_than_a_chunk() -> None:
    longest = 0

    class Watching(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            nonlocal longest
            result = func(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor) and result.ndim:
                longest = max(longest, len(result))
            return result

    with Watching():
        ParallelDecoder(Fair(12), steps=2).draw(200_000, np.random.default_rng(0))
    assert longest == unmasking._CHUNK_ROWS


class Fair(StatelessDenoiser):
    def __init__(self, num_bits: int) -> None:
        super().__init__()
        self.num_bits = num_bits
        self.unused = nn.Parameter(torch.zeros(1))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(states)


def test_a_tally_counts_every_row_once_whatever_the_chunks() -> None:
    rows = np.random.default_rng(0).integers(0, 2, (1000, 70), dtype=np.uint8) * (np.arange(70) < 5)
    tally = StreamingCounts(70)
    for part in np.split(rows, [1, 2, 300, 310, 900]):
        tally.add(part)
    expected = bitorder.aggregate(bitorder.pack(rows), np.ones(1000, np.int64))
    assert all(np.array_equal(a, b) for a, b in zip(tally.total(), expected, strict=True))


# Schedules and the penalty


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_uniform_schedules_reveal_every_bit_in_near_equal_steps(steps: int) -> None:
    schedule = UnmaskingSchedule.uniform(5, steps=steps)
    assert (schedule.num_bits, schedule.steps) == (5, steps)
    assert max(schedule.sizes) - min(schedule.sizes) <= 1


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 6])
def test_the_best_placement_beats_every_other(steps: int) -> None:
    profile = np.sort(np.random.default_rng(steps).random(6))[::-1]
    best = UnmaskingSchedule.least_penalty(profile, steps=steps)
    cuts = combinations(range(1, 6), steps - 1)
    all_sizes = [tuple(np.diff([0, *cut, 6]).tolist()) for cut in cuts]
    least = min(factorisation_penalty(profile, UnmaskingSchedule(sizes=s)) for s in all_sizes)
    assert best.steps == steps
    assert factorisation_penalty(profile, best) == pytest.approx(least, abs=1e-12)


def test_a_ghz_state_in_one_step_costs_all_but_one_of_its_bits() -> None:
    num_bits = 8
    oracle, rows = Oracle(ghz(num_bits)), np.repeat([[0], [1]], num_bits, axis=1)
    profile = entropy_profile(oracle, rows.astype(np.uint8), np.random.default_rng(0))

    def cost(*sizes: int) -> float:
        return profile.penalty(UnmaskingSchedule(sizes=sizes))[0]

    assert np.abs(profile.nats - LN2 * (np.arange(num_bits) == 0)).max() < 1e-12
    assert cost(num_bits) == pytest.approx((num_bits - 1) * LN2, abs=1e-12)
    assert cost(*[1] * num_bits) == pytest.approx(0, abs=1e-12)
    assert cost(1, num_bits - 1) == pytest.approx(0, abs=1e-12)
    assert UnmaskingSchedule.least_penalty(profile.nats, steps=2).sizes == (1, num_bits - 1)


def test_a_ghz_state_in_one_step_is_that_far_from_its_law() -> None:
    law = ghz(6)
    one_step = ParallelDecoder(Oracle(law), steps=1).table()
    assert kl_divergence(law.probabilities, one_step) == pytest.approx(5 * LN2, abs=1e-12)


@pytest.mark.parametrize("sizes", [(4,), (2, 2), (1, 3), (1, 2, 1), (1, 1, 1, 1)])
def test_the_penalty_is_the_kl_of_the_joint_law_and_bounds_that_of_the_strings(
    sizes: tuple[int, ...],
) -> None:
    """For a perfect denoiser: E_B KL(p || q_B) = penalty >= KL(p || E_B q_B)."""
    law = porter_thomas(4, seed=5)
    oracle, schedule = Oracle(law), UnmaskingSchedule(sizes=sizes)
    penalty = factorisation_penalty(exact_profile(oracle, law), schedule)
    each = [law_of_blocks(oracle, blocks) for blocks in blocks_of((0, 1, 2, 3), sizes)]
    joint = np.mean([kl_divergence(law.probabilities, table) for table in each])
    strings = kl_divergence(law.probabilities, block_table(oracle, schedule))
    assert penalty == pytest.approx(joint, abs=1e-12)
    assert strings <= penalty + 1e-12
    if 1 < len(sizes) < 4:  # several choices of blocks, and they do disagree
        assert strings < 0.98 * penalty


def test_for_any_denoiser_the_penalty_is_the_increase_of_the_mean_kl() -> None:
    """E_B KL(p || q_B) - E_s KL(p || q_s) = penalty, whatever the denoiser."""
    law, network, sizes = porter_thomas(4, seed=6), Rough(4, seed=6), (1, 3)

    def mean_kl(sizes: tuple[int, ...]) -> float:
        each = [law_of_blocks(network, blocks) for blocks in blocks_of((0, 1, 2, 3), sizes)]
        return float(np.mean([kl_divergence(law.probabilities, table) for table in each]))

    penalty = factorisation_penalty(exact_profile(network, law), UnmaskingSchedule(sizes=sizes))
    assert abs(penalty) > 0.01
    assert penalty == pytest.approx(mean_kl(sizes) - mean_kl((1, 1, 1, 1)), abs=1e-12)


# What is refused


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="1 to 4 steps"):
        ParallelDecoder(Rough(4), steps=5)
    with pytest.raises(InputError, match="1 to 4 steps"):
        ParallelDecoder(Rough(4), steps=0)
    with pytest.raises(InputError, match="reveals 3 bits"):
        ParallelDecoder(Rough(4), UnmaskingSchedule(sizes=(1, 2)))
    with pytest.raises(InputError, match="reveals 4 bits, but 3 are hidden"):
        ParallelDecoder(Rough(4), UnmaskingSchedule(sizes=(2, 2)), {0: 1})
    with pytest.raises(InputError, match="1 to 3 steps"):
        ParallelDecoder(Rough(4), steps=4, given={0: 1})
    with pytest.raises(InputError, match="at least one bit"):
        UnmaskingSchedule(sizes=(2, 0))
    with pytest.raises(InputError, match="profile has 3"):
        factorisation_penalty(np.ones(3), UnmaskingSchedule(sizes=(4,)))
    with pytest.raises(InputError, match="two strings"):
        entropy_profile(Rough(4), np.zeros((1, 4), dtype=np.uint8), np.random.default_rng(0))


def test_laws_beyond_reach_are_refused() -> None:
    decoder = ParallelDecoder(Rough(13), steps=2)
    for ask in (decoder.table, lambda: decoder.log_prob(np.zeros((1, 13), dtype=np.uint8))):
        with pytest.raises(InputError, match="up to 12 bits"):
            ask()
    with pytest.raises(InputError, match="up to 12 bits"):
        random_order_table(Rough(13))


def test_standard_errors_shrink_with_rows() -> None:
    samples = np.random.default_rng(0).normal(size=(400, 3))
    few, many = EntropyProfile(samples=samples[:100]), EntropyProfile(samples=samples)
    assert np.allclose(few.standard_errors / many.standard_errors, 2, rtol=0.2)
