"""The bit-flip process, its bound and its sampler, against enumeration."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import pytest
import torch
from enumeration import all_spins, flip_matrix, forward_matrix
from known_laws import porter_thomas
from oracles import LevelOracle
from torch import nn
from untrained_networks import random_level_mlp

from qdiff import Distribution, InputError
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.decoding.bitflip import BitFlipLaw
from qdiff.models.diffusion.decoding.bitflip_laws import bound_table, step_costs
from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.diffusion.denoisers.config import ResidualMLP
from qdiff.models.diffusion.denoisers.denoiser import spins
from qdiff.models.diffusion.denoisers.level_network import LevelMLP, LevelNetwork
from qdiff.models.diffusion.processes.bitflip import BitFlip, posterior_logits
from qdiff.models.diffusion.processes.flip_kernels import ReverseStep, correlations
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.diffusion.processes.masking import Masking
from qdiff.models.diffusion.processes.process import Process
from qdiff.models.diffusion.training.examples import Data
from qdiff.models.diffusion.training.trainer import Trainer, TrainingConfig

RATES = {None: (1.0, 1.0, 1.0), (0.4, 1.0, 3.0): (0.4, 1.0, 3.0)}
rates_of_three = pytest.mark.parametrize("rates", RATES)
SCHEDULES = [
    FlipSchedule.log_odds(steps=7),
    FlipSchedule.cosine(steps=7),
    FlipSchedule(correlations=(1.0, *(0.01 ** (k / 7) for k in range(1, 7)), 0.0)),
    FlipSchedule(correlations=(1.0, 1 - 1e-9, 1e-9, 0.0)),
]


def dense_kernels(network: LevelNetwork, process: BitFlip) -> list[np.ndarray]:
    """``[z_t, z_s]`` of steps K to 1, bit by bit and string by string, from the definition."""
    num_bits, size = network.num_bits, 1 << network.num_bits
    rates = process.rates or (1.0,) * num_bits
    levels, bits, kernels = process.schedule.correlations, bitorder.all_bits(num_bits), []
    for later in range(process.schedule.steps, 0, -1):
        t = torch.full((size,), levels[later], dtype=torch.float64)
        logits = posterior_logits(
            network, all_spins(num_bits), t, torch.tensor(rates, dtype=torch.float64)
        )
        one = 1 / (1 + np.exp(-logits.numpy()))
        kernel = np.ones((size, size))
        for z, y, bit in product(range(size), range(size), range(num_bits)):
            s_to_t = flip_matrix((levels[later] / levels[later - 1]) ** rates[bit])
            to_s, to_t = (flip_matrix(levels[k] ** rates[bit]) for k in (later - 1, later))
            zb, yb = bits[z, bit], bits[y, bit]
            kernel[z, y] *= sum(
                clean * to_s[x, yb] * s_to_t[yb, zb] / to_t[x, zb]
                for x, clean in enumerate((1 - one[z, bit], one[z, bit]))
            )
        kernels.append(kernel)
    return kernels


# schedules


@pytest.mark.parametrize("steps", [1, 2, 64])
def test_schedules_start_clean_and_end_trivial(steps: int) -> None:
    for make in (FlipSchedule.log_odds, FlipSchedule.cosine):
        schedule = make(steps=steps)
        assert schedule.steps == steps
        assert (schedule.correlations[0], schedule.correlations[-1]) == (1, 0)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_least_bound_is_the_best_of_all_choices(steps: int) -> None:
    fine = FlipSchedule.cosine(steps=6)
    costs = np.random.default_rng(steps).random((7, 7))

    def total(levels: tuple[int, ...]) -> float:
        return sum(costs[s, t] for s, t in pairwise(levels))

    choices = [(0, *inner, 6) for inner in combinations(range(1, 6), steps - 1)]
    best = min(choices, key=total)
    chosen = FlipSchedule.least_bound(fine, costs, steps=steps)
    assert chosen.correlations == tuple(fine.correlations[level] for level in best)


# kernels


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_kernels_sum_to_one(schedule: FlipSchedule) -> None:
    levels = torch.tensor(schedule.correlations, dtype=torch.float64)
    rates = torch.tensor([0.3, 1.0, 7.0], dtype=torch.float64)
    step = ReverseStep.between(levels[:-1], levels[1:], rates)
    assert (step.stay_if_agrees + step.flip_if_agrees - 1).abs().max() < 1e-12
    # 1 - a is as accurate as a rounding error of a allows: 1e-16 of 1e-9 at the sharpest
    error = 1e-12 if levels[1] < 0.9999 else 1e-6
    assert (step.stay_if_differs + step.flip_if_differs - 1).abs().max() < error
    stay, flip = step.predicted(torch.linspace(-30, 30, 3, dtype=torch.float64))
    assert (stay + flip - 1).abs().max() < error
    assert (step.flip_if_agrees[0] == 0).all()
    assert torch.allclose(step.flip_if_differs[0], torch.ones(3).double(), rtol=0, atol=error)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_forward_kernels_compose(schedule: FlipSchedule) -> None:
    """Chapman-Kolmogorov: ``q(z_t | x) = sum_s q(z_t | z_s) q(z_s | x)``, with the bits' rates."""
    rates = torch.tensor([0.3, 1.0, 7.0], dtype=torch.float64)
    levels = torch.tensor(schedule.correlations, dtype=torch.float64)
    each, between = correlations(levels, rates), correlations(levels[1:] / levels[:-1], rates)
    for s, bit in product(range(schedule.steps), range(3)):
        composed = flip_matrix(each[s, bit].item()) @ flip_matrix(between[s, bit].item())
        assert np.allclose(composed, flip_matrix(each[s + 1, bit].item()), rtol=0, atol=1e-12)


@rates_of_three
@pytest.mark.parametrize("num_bits", [1, 2, 3])
def test_posterior_and_reverse_kernel_are_bayes_rule(
    num_bits: int, rates: tuple[float, ...] | None
) -> None:
    """The leave-one-out identity and ``p(z_s,i | z_t)``, against the joint law by enumeration."""
    rates = rates and rates[:num_bits]
    plain = rates or (1.0,) * num_bits
    law, process = porter_thomas(num_bits, seed=num_bits), BitFlip(rates=rates)
    bits, states = bitorder.all_bits(num_bits) == 1, all_spins(num_bits)
    levels = process.schedule.correlations
    for later in (5, 30, 60, 64):
        ratio = forward_matrix(levels[later] / levels[later - 1], plain)
        # [x, z_s, z_t]
        joint = (
            law.probabilities[:, None, None]
            * forward_matrix(levels[later - 1], plain)[:, :, None]
            * ratio
        )
        given = joint / joint.sum(axis=(0, 1))
        level = torch.full((len(states),), levels[later], dtype=torch.float64)
        logits = posterior_logits(LevelOracle(law, rates), states, level, process.rates_on(states))
        clean_one = np.einsum("xst,xb->tb", given, bits)
        assert np.allclose(torch.sigmoid(logits), clean_one, rtol=0, atol=1e-12)
        step, agreement = process.reverse_step(LevelOracle(law, rates), states, later)
        stay, flip = step.predicted(agreement)
        earlier_one = np.einsum("xst,sb->tb", given, bits)
        assert np.allclose(torch.where(states > 0, stay, flip), earlier_one, rtol=0, atol=1e-12)


# the exact law


@rates_of_three
def test_the_table_multiplies_the_dense_transition_matrices(
    rates: tuple[float, ...] | None,
) -> None:
    network = random_level_mlp(3)
    process = BitFlip(schedule=FlipSchedule.cosine(steps=4), rates=rates)
    law = np.full(8, 1 / 8)
    for kernel in dense_kernels(network, process):
        assert np.allclose(kernel.sum(1), 1, rtol=0, atol=1e-12)
        law = law @ kernel
    found = BitFlipLaw(network, process)
    assert np.allclose(found.table(), law, rtol=0, atol=1e-12)
    assert np.allclose(found.log_prob(bitorder.all_bits(3)), np.log(law), rtol=0, atol=1e-11)


@rates_of_three
def test_one_step_is_the_product_of_the_marginals(rates: tuple[float, ...] | None) -> None:
    law = porter_thomas(3)
    process = BitFlip(schedule=FlipSchedule.cosine(steps=1), rates=rates)
    table = BitFlipLaw(LevelOracle(law, rates), process).table()
    one = law.probabilities @ bitorder.all_bits(3)
    factors = np.where(bitorder.all_bits(3) == 1, one, 1 - one)
    assert np.allclose(table, factors.prod(axis=1), rtol=0, atol=1e-12)


@rates_of_three
def test_many_steps_of_a_perfect_network_give_back_the_law(
    rates: tuple[float, ...] | None,
) -> None:
    law, distances = porter_thomas(3), []
    for steps in (1, 4, 16, 64, 256):
        process = BitFlip(schedule=FlipSchedule.cosine(steps=steps), rates=rates)
        table = BitFlipLaw(LevelOracle(law, rates), process).table()
        distances.append(np.abs(table - law.probabilities).sum() / 2)
    assert all(a > 1.5 * b for a, b in pairwise(distances))
    assert distances[0] > 0.05
    assert distances[-1] < 2e-3


def test_relabelled_bits_permute_the_table() -> None:
    law, relabel, rates = porter_thomas(3, seed=1), [2, 0, 1], (0.4, 1.0, 3.0)
    moved = tuple(rates[bit] for bit in relabel)
    process = BitFlip(schedule=FlipSchedule.cosine(steps=3), rates=rates)
    table = BitFlipLaw(LevelOracle(law, rates), process).table()
    found = BitFlipLaw(LevelOracle(law.marginal(relabel), moved), replace(process, rates=moved))
    expected = Distribution(probabilities=table).marginal(relabel).probabilities
    assert np.allclose(found.table(), expected, rtol=0, atol=1e-12)


# the sampler


def test_the_same_seed_gives_the_same_bits() -> None:
    law = BitFlipLaw(random_level_mlp(6), BitFlip(schedule=FlipSchedule.cosine(steps=3)))
    first, again, other = (law.draw(500, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


# the bound


def test_the_bound_against_all_trajectories() -> None:
    """``E_q[log q(z_1..z_K | x) - log p(z_0..z_K)]`` summed over all paths of 2 bits."""
    network, rates = random_level_mlp(2), (0.5, 2.0)
    process = BitFlip(schedule=FlipSchedule.log_odds(steps=3, sharpest=3.0), rates=rates)
    levels, kernels = process.schedule.correlations, dense_kernels(network, process)[::-1]
    forward = [forward_matrix(b / a, rates) for a, b in pairwise(levels)]
    expected = np.zeros(4)
    for path in product(range(4), repeat=4):
        moves = list(pairwise(path))
        chance = np.prod([forward[k][move] for k, move in enumerate(moves)])
        reverse = np.prod([kernels[k][move[::-1]] for k, move in enumerate(moves)]) / 4
        expected[path[0]] += chance * np.log(chance / reverse)
    assert np.allclose(bound_table(network, process), expected, rtol=0, atol=1e-11)


@rates_of_three
def test_the_bound_lies_below_the_log_probability(rates: tuple[float, ...] | None) -> None:
    for steps in (2, 9):
        process = BitFlip(schedule=FlipSchedule.cosine(steps=steps), rates=rates)
        for network in (random_level_mlp(3), LevelOracle(porter_thomas(3), rates)):
            gap = bound_table(network, process) + np.log(BitFlipLaw(network, process).table())
            assert (gap > 1e-4).all()


def test_the_bound_is_the_log_probability_where_it_must_be() -> None:
    """In one step nothing lies between; a product law loses nothing in any number of steps."""
    one = BitFlip(schedule=FlipSchedule.cosine(steps=1))
    network = random_level_mlp(3)
    assert np.allclose(bound_table(network, one), -np.log(BitFlipLaw(network, one).table()))
    table = np.ones(1)
    for chance in (0.2, 0.5, 0.9):
        table = np.concatenate([table * (1 - chance), table * chance])
    law = Distribution(probabilities=table)
    bound = bound_table(LevelOracle(law), BitFlip(schedule=FlipSchedule.cosine(steps=5)))
    assert np.allclose(bound, -np.log(table), rtol=0, atol=1e-12)


# training


def two_bit_data(seed: int) -> Data:
    shots = Distribution(probabilities=np.array([0.4, 0.1, 0.1, 0.4])).sample(2000, seed=seed)
    weights = torch.from_numpy(shots.counts * 1.0)
    return Data(spins=spins(torch.from_numpy(shots.bits)), weights=weights)


def trained(process: Process[Any], network: nn.Module, **config: int) -> list[float]:
    defaults = {"steps": 300, "batch": 256, "evaluate_every": 100}
    trainer = Trainer(
        network,
        process,
        two_bit_data(1),
        two_bit_data(2),
        TrainingConfig(**{**defaults, **config}),
        torch.Generator().manual_seed(0),
    )
    losses = [progress.loss for progress in trainer.run()]
    assert all(np.isfinite(row).all() for row in trainer.history)
    return losses


def masked() -> tuple[Process[Any], nn.Module, Any]:
    network = ResidualMLP.initialised(
        2, width=8, depth=1, generator=torch.Generator().manual_seed(0)
    )
    return Masking(), network, OrderedDecoder(network, [0, 1])


def flipped() -> tuple[Process[Any], nn.Module, Any]:
    process = BitFlip(schedule=FlipSchedule.log_odds(steps=32), rates=(1.0, 1.5))
    network = LevelMLP.initialised(2, width=16, depth=1, generator=torch.Generator().manual_seed(0))
    return process, network, BitFlipLaw(network, process)


@pytest.mark.parametrize("make", [masked, flipped])
def test_both_processes_train_through_one_interface(make: Any) -> None:
    process, network, law = make()
    trained(process, network)
    assert np.abs(law.table() - [0.4, 0.1, 0.1, 0.4]).sum() / 2 < 0.05  # untrained: 0.3


def test_training_is_deterministic() -> None:
    runs = [trained(*flipped()[:2], steps=20, evaluate_every=10) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_fresh_network_is_a_fair_coin_and_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    network = LevelMLP.initialised(4, width=8, depth=2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(network(torch.ones(2, 4), torch.tensor([0.0, 0.999])), torch.zeros(2, 4))


# the ends


def test_one_bit() -> None:
    law = Distribution(probabilities=np.array([0.3, 0.7]))
    decoder = BitFlipLaw(LevelOracle(law), BitFlip())
    assert np.allclose(decoder.table(), law.probabilities, rtol=0, atol=1e-12)
    words, counts = decoder.draw(10, np.random.default_rng(0))
    assert counts.sum() == 10
    assert set(words[:, 0].tolist()) <= {0, 1}


def test_two_hundred_bits() -> None:
    process = BitFlip(schedule=FlipSchedule.cosine(steps=4))
    network = LevelMLP.initialised(
        200, width=8, depth=1, generator=torch.Generator().manual_seed(0)
    )
    law = BitFlipLaw(network, process)
    words, _ = law.draw(50, np.random.default_rng(0))
    assert words.shape == (50, 4)
    rows = bitorder.unpack(words, 200)
    # fair coins, for which the bound is the log-probability
    bound, error = law.bound(rows, np.random.default_rng(0))
    assert abs(bound.mean() + 200 * np.log(2)) < 5 * np.sqrt((error**2).sum()) / 50 < 2.8  # 2 %
    process.loss(network, spins(torch.from_numpy(rows)), torch.Generator()).backward()
    with pytest.raises(InputError, match="12 bits"):
        law.log_prob(rows)


@pytest.mark.parametrize(
    "make",
    [
        lambda: FlipSchedule(correlations=(1.0,)),
        lambda: FlipSchedule(correlations=(1.0, 0.5, 0.5, 0.0)),
        lambda: FlipSchedule(correlations=(1.0, float("nan"), 0.0)),
        lambda: FlipSchedule(correlations=(0.9, 0.0)),
        lambda: FlipSchedule(correlations=(1.0, 0.1)),
        lambda: FlipSchedule.cosine(steps=0),
        lambda: FlipSchedule.log_odds(steps=4, sharpest=0.0),
        lambda: FlipSchedule.log_odds(steps=4, sharpest=100.0),
        lambda: FlipSchedule.least_bound(FlipSchedule.cosine(steps=2), np.ones((3, 3)), steps=3),
        lambda: FlipSchedule.least_bound(FlipSchedule.cosine(steps=2), np.ones((2, 2)), steps=1),
        lambda: BitFlip(rates=()),
        lambda: BitFlip(rates=(1.0, 0.0)),
        lambda: BitFlip(rates=(1.0, float("nan"))),
        lambda: BitFlip(rates=(1.0, float("inf"))),
        lambda: BitFlipLaw(random_level_mlp(3), BitFlip(rates=(1.0, 1.0))),
        lambda: LevelMLP(2, width=0, depth=1),
        lambda: step_costs(
            random_level_mlp(2), BitFlip(), np.zeros((0, 2), np.uint8), torch.Generator()
        ),
        lambda: BitFlipLaw(random_level_mlp(2), BitFlip()).bound(
            np.zeros((1, 2), np.uint8), np.random.default_rng(0), samples=1
        ),
    ],
)
def test_what_cannot_work_is_refused(make: Any) -> None:
    with pytest.raises(InputError):
        make()
