"""The masking process and its decoders, against enumeration; trained quality is a benchmark's."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
import torch
from known_laws import porter_thomas
from oracles import Oracle
from torch import nn
from untrained_networks import random_mlp

from qdiff import Distribution, InputError
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.diffusion.denoisers.config import MLP, NetworkConfig, ResidualMLP, Transformer
from qdiff.models.diffusion.denoisers.denoiser import Denoiser, StatelessDenoiser, spins
from qdiff.models.diffusion.processes import masking
from qdiff.models.diffusion.training import acceleration
from qdiff.models.diffusion.training.examples import Data
from qdiff.models.diffusion.training.trainer import Trainer, TrainingConfig


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [3, 1, 4, 0, 2], [4, 3, 2, 1, 0]])
def test_table_equals_log_prob_and_sums_to_one(order: list[int]) -> None:
    decoder = OrderedDecoder(random_mlp(5), order)
    table = decoder.table()
    assert abs(table.sum() - 1) < 1e-12
    assert np.allclose(np.log(table), decoder.log_prob(bitorder.all_bits(5)), atol=1e-6)


def test_log_prob_against_a_written_out_chain_rule() -> None:
    network, order = random_mlp(4), [2, 0, 3, 1]
    row = np.array([1, 0, 0, 1], dtype=np.uint8)
    state, expected = torch.zeros(1, 4), 0.0
    for bit in order:
        one = torch.sigmoid(network(state)[0, bit].double()).item()
        expected += np.log(one if row[bit] else 1 - one)
        state[0, bit] = 2.0 * row[bit] - 1
    assert OrderedDecoder(network, order).log_prob(row[None])[0] == pytest.approx(
        expected, abs=1e-6
    )


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_perfect_denoiser_gives_back_the_law_along_every_order(order: tuple[int, ...]) -> None:
    law = porter_thomas(3)
    table = OrderedDecoder(Oracle(law), order).table()
    assert np.allclose(table, law.probabilities, atol=1e-12)


def test_relabelled_bits_permute_the_table() -> None:
    """The table of order s under a relabelled oracle is the relabelled table."""
    law, relabel = porter_thomas(3, seed=1), [2, 0, 1]
    moved = law.marginal(relabel)
    table = OrderedDecoder(Oracle(moved), [1, 2, 0]).table()
    assert np.allclose(table, moved.probabilities, atol=1e-12)


@pytest.mark.parametrize("given", [{}, {3: 1}, {0: 1, 2: 0}])
def test_given_bits_and_marginals_against_enumeration(given: dict[int, int]) -> None:
    law, rows = porter_thomas(4, seed=2), bitorder.all_bits(4)
    agrees = (rows[:, [*given]] == [*given.values()]).all(axis=1)
    total = law.probabilities[agrees].sum()
    exact = np.where(agrees, law.probabilities, 0) / total
    log_prob, decoder = OrderedDecoder(Oracle(law), [2, 0, 3, 1]).condition(given)
    assert log_prob == pytest.approx(np.log(total), abs=1e-12)
    assert np.allclose(decoder.table(), exact, atol=1e-12)
    assert np.allclose(np.exp(decoder.log_prob(rows)), exact, atol=1e-12)
    kept = Distribution(probabilities=exact).marginal([3, 1]).probabilities
    assert np.allclose(decoder.marginal([3, 1]), kept, atol=1e-12)
    words, counts = decoder.draw(1000, np.random.default_rng(0))
    assert counts.sum() == 1000
    assert agrees[bitorder.to_indices(words, 4)].all()


def test_splitting_costs_prefixes_not_shots() -> None:
    """A point mass of 1e9 shots passes one network row a bit."""
    calls: list[int] = []

    class Certain(StatelessDenoiser):
        def __init__(self) -> None:
            super().__init__()
            self.unused = nn.Parameter(torch.zeros(1))

        def forward(self, spins: torch.Tensor) -> torch.Tensor:
            calls.append(len(spins))
            return torch.full_like(spins, 800.0)

    words, counts = OrderedDecoder(Certain(), range(40)).draw(10**9, np.random.default_rng(0))
    assert counts.tolist() == [10**9]
    assert bitorder.unpack(words, 40).all()
    assert calls == [1] * 40


def test_the_loss_estimates_the_mean_over_orders() -> None:
    """For n = 3, averaged over all visible sets, it is the mean over the 3! orders."""
    law = porter_thomas(3)
    oracle = Oracle(law)
    clean = spins(torch.from_numpy(bitorder.all_bits(3)))
    exact = np.mean(
        [
            -OrderedDecoder(oracle, order).log_prob(bitorder.all_bits(3))
            for order in permutations(range(3))
        ],
        axis=0,
    )
    total = torch.zeros(8, dtype=torch.float64)
    for row in range(8):
        for visible_set in range(7):
            visible = torch.tensor([[visible_set >> j & 1 for j in range(3)]]).float()
            size = int(visible.sum())
            chance = 1 / 3 / {0: 1, 1: 3, 2: 3}[size]
            loss = masking.any_order_loss(oracle, clean[row : row + 1], visible)
            total[row] += chance * loss.double()
    assert np.allclose(total.numpy(), exact, atol=1e-6)


def test_a_fresh_network_is_a_fair_coin_and_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    network = ResidualMLP.initialised(
        4, width=8, depth=2, generator=torch.Generator().manual_seed(0)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(network(torch.ones(2, 4)), torch.zeros(2, 4))


def new_trainer(
    config: TrainingConfig,
    process: masking.Masking | None = None,
    *,
    network: NetworkConfig | None = None,
    seed: int = 0,
) -> Trainer:
    law = Distribution(probabilities=np.array([0.4, 0.1, 0.1, 0.4]))
    data = [law.sample(2000, seed=s) for s in (1, 2)]
    train, heldout = (
        Data(spins=spins(torch.from_numpy(d.bits)), weights=torch.from_numpy(d.counts * 1.0))
        for d in data
    )
    built = (network or MLP(width=8, depth=1)).build(
        2, generator=torch.Generator().manual_seed(seed)
    )
    generator = torch.Generator().manual_seed(seed)
    return Trainer(built, process or masking.Masking(), train, heldout, config, generator)


def trained(config: TrainingConfig, seed: int = 0) -> tuple[nn.Module, list[float]]:
    trainer = new_trainer(config, seed=seed)
    losses = [progress.loss for progress in trainer.run()]
    return trainer.network, losses


def test_training_learns_two_correlated_bits() -> None:
    network, _ = trained(TrainingConfig(steps=300, batch=256, evaluate_every=50))
    table = OrderedDecoder(network, [0, 1]).table()
    assert np.abs(table - [0.4, 0.1, 0.1, 0.4]).sum() / 2 < 0.05  # untrained: 0.3


def test_training_is_deterministic_under_its_seed() -> None:
    config = TrainingConfig(steps=30, batch=64, evaluate_every=10)
    assert trained(config)[1] == trained(config)[1]
    assert trained(config)[1] != trained(config, seed=1)[1]


def test_training_stops_when_held_out_shots_say_so() -> None:
    config = TrainingConfig(steps=5000, batch=64, evaluate_every=10, patience=2)
    assert len(trained(config)[1]) < 5000


def test_divergence_is_reported() -> None:
    with pytest.raises(InputError, match="diverged"):
        trained(TrainingConfig(steps=50, learning_rate=float("inf"), evaluate_every=40))


class Failing(masking.Masking):
    """Masking whose loss fails at the step `at`, as `failure` says."""

    def __init__(self, at: int, failure: Exception | float) -> None:
        self.left, self.failure = at, failure

    def loss(
        self, network: Denoiser, clean: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        self.left -= 1
        loss = super().loss(network, clean, generator)
        if self.left >= 0:
            return loss
        if isinstance(self.failure, Exception):
            raise self.failure
        return loss * self.failure


@pytest.mark.parametrize("failure", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_ends_training_with_the_best_weights(failure: float) -> None:
    config = TrainingConfig(steps=60, batch=64, evaluate_every=10)
    trainer = new_trainer(config, Failing(25, failure))
    assert len(list(trainer.run())) == 25
    assert [done for done, *_ in trainer.history] == [10, 20]
    untouched = new_trainer(config)
    for progress in untouched.run():
        if progress.step == 19:
            break
    best = untouched.state()[0]
    for name, tensor in trainer.network.state_dict().items():
        assert np.array_equal(tensor.numpy(), best[f"best/{name}"])


class Surprised(masking.Masking):
    """Masking whose held-out score is not finite from the call number `at` on."""

    def __init__(self, at: int) -> None:
        self.left = at

    def surprise(
        self, network: Denoiser, clean: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        self.left -= 1
        surprise = super().surprise(network, clean, generator)
        return surprise if self.left >= 0 else surprise * np.nan


def test_a_score_that_is_not_finite_ends_training_for_good() -> None:
    config = TrainingConfig(steps=60, batch=64, evaluate_every=10)
    trainer = new_trainer(config, Surprised(2))
    assert len(list(trainer.run())) == 29
    assert [done for done, *_ in trainer.history] == [10, 20]
    resumed = new_trainer(config)
    resumed.restore(*trainer.state())
    assert not list(resumed.run())
    assert resumed.score_of_best == trainer.score_of_best < np.inf
    with pytest.raises(InputError, match="diverged"):
        list(new_trainer(config, Surprised(0)).run())


@pytest.mark.parametrize(
    "failure",
    [MemoryError("cpu"), torch.OutOfMemoryError("cuda"), RuntimeError("can't allocate memory")],
)
def test_running_out_of_memory_reaches_the_caller_and_loses_nothing(failure: Exception) -> None:
    config = TrainingConfig(steps=60, batch=64, evaluate_every=10)
    trainer = new_trainer(config, Failing(25, failure))
    with pytest.raises(type(failure)) as caught:
        list(trainer.run())
    assert caught.value is failure
    resumed = new_trainer(config)
    resumed.restore(*trainer.state())
    assert len(list(resumed.run())) == 60 - 25


def test_a_checkpoint_is_not_blamed_for_a_full_device(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = new_trainer(TrainingConfig(steps=10))

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(trainer, "_restore", full)
    with pytest.raises(torch.OutOfMemoryError):
        trainer.restore({}, {})
    with pytest.raises(InputError, match="does not fit"):
        new_trainer(TrainingConfig(steps=10)).restore({}, {})


@pytest.mark.parametrize("config", [MLP(width=8, depth=1), Transformer(width=8, depth=1, heads=2)])
@pytest.mark.parametrize("stop", [3, 20])
def test_resumed_training_is_uninterrupted_training_bit_for_bit(
    config: NetworkConfig, stop: int
) -> None:
    training = TrainingConfig(steps=40, batch=32, evaluate_every=10)
    whole, first, second = (new_trainer(training, network=config) for _ in range(3))
    for progress in first.run():
        if progress.step == stop - 1:
            break
    list(whole.run())
    second.restore(*first.state())
    list(second.run())
    assert second.history == whole.history
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, second.network.state_dict()[name])


def test_acceleration_is_for_cuda_alone() -> None:
    cpu, network = torch.device("cpu"), random_mlp(3)
    assert acceleration.compiled(network, cpu) is network
    with acceleration.mixed_precision(cpu):
        assert not torch.is_autocast_enabled("cpu")
        assert network(torch.ones(1, 3)).dtype == torch.float32


def test_a_compiled_network_is_the_same_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a compiler that only counts: passes go through it, and weights are shared."""
    passes: list[str] = []

    def compile_(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        def counted(*tensors: torch.Tensor) -> torch.Tensor:
            passes.append(function.__name__)
            return function(*tensors)

        return counted

    monkeypatch.setattr(torch, "compile", compile_)
    monkeypatch.setattr(acceleration, "find_spec", lambda _: True)
    network, states = random_mlp(3), torch.tensor([[1.0, 0.0, -1.0]])
    twin = acceleration.compiled(network, torch.device("cuda"))
    with torch.no_grad():
        network.head.bias += 1.0
    assert torch.equal(twin(states), network(states))
    assert passes == ["forward"]
    assert twin.state_dict().keys() == network.state_dict().keys()


@pytest.mark.parametrize(
    "change", [{"steps": 0}, {"batch": -1}, {"learning_rate": 0.0}, {"averaging": 1.0}]
)
def test_impossible_configurations_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(InputError):
        TrainingConfig(**change)
