"""Recurrent networks of all folds, trained at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from known_laws import porter_thomas
from quick_fits import small_chains, training_shots

import qdiff
from qdiff import Distribution, FitConfig, InputError, Shots, Surrogate
from qdiff.fitting.config import Candidate
from qdiff.fitting.fold_examples import FoldExamples
from qdiff.models.diffusion.denoisers.config import AnyOrderRecurrent
from qdiff.models.diffusion.denoisers.denoiser import spins
from qdiff.models.diffusion.processes.masking import ordered_surprise
from qdiff.models.diffusion.processes.member_prefixes import MemberPrefixes
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.laws.mixture import members
from qdiff.models.surrogate.part import Part

TRAINING = TrainingConfig(steps=40, batch=64, evaluate_every=20, learning_rate=0.02)
CANDIDATE = Candidate(network=AnyOrderRecurrent(hidden=8), training=TRAINING)
FOLDED = FitConfig(candidates=(CANDIDATE,), folds=3)
ORDERS = np.array([[2, 0, 1, 3, 4], [4, 3, 1, 0, 2]])


def told_apart(number: int) -> list[Shots]:
    return [porter_thomas(5, seed).sample(300, seed=seed) for seed in range(number)]


def networks(number: int, seed: int = 0):
    """Members that are no fair coins any more."""
    generator = torch.Generator().manual_seed(seed)
    found = AnyOrderRecurrent(hidden=6).build_members(5, number, generator=generator)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape, generator=generator))
    return found


def test_members_surprise_is_that_of_each_network_string_by_string() -> None:
    """Two routes: prefixes of all members at once, and each network along whole strings."""
    stacked, folds = networks(3), told_apart(3)
    forests = FoldExamples(folds, ORDERS).all()
    at_once = torch.stack([forest.surprise(stacked.over_prefixes(forest)) for forest in forests])
    apart = torch.zeros(len(ORDERS), len(folds), dtype=torch.float64)
    for member, (network, shots) in enumerate(zip(stacked.networks(), folds, strict=True)):
        clean, weights = spins(torch.tensor(shots.bits)), torch.tensor(shots.counts)
        for place, order in enumerate(torch.from_numpy(ORDERS)):
            each = ordered_surprise(network, clean, order)
            apart[place, member] = (each.detach() * weights).sum() / weights.sum()
    assert torch.allclose(at_once.double(), apart, atol=1e-5)
    process = MemberPrefixes()
    assert float(process.loss(stacked, forests, None).detach()) == pytest.approx(
        float(apart.sum(1).mean()), abs=1e-5
    )


def test_a_member_learns_nothing_from_what_only_others_see() -> None:
    folds = [Shots.from_counts({"00": 70, "11": 30}), Shots.from_counts({"01": 50})]
    examples = FoldExamples(folds, np.array([[0, 1]]))
    stacked = AnyOrderRecurrent(hidden=4).build_members(
        2, 2, generator=torch.Generator().manual_seed(1)
    )
    (forest,) = examples.batch(200, torch.Generator().manual_seed(2))
    first = forest.surprise(stacked.over_prefixes(forest))[0]
    first.backward()
    last = stacked.last.grad
    assert last is not None
    assert bool((last[0] != 0).any())
    assert bool((last[1] == 0).all())


def test_batches_count_each_fold_without_bias() -> None:
    """The mean of many batches is the fold's own frequencies; five standard errors of it."""
    folds = told_apart(2)
    examples = FoldExamples(folds, ORDERS[:1])
    generator = torch.Generator().manual_seed(3)
    ones = []
    for _ in range(300):
        (forest,) = examples.batch(100, generator)
        ones.append(forest.levels[0].ones.numpy() / 100)
    mean, error = np.mean(ones, axis=0)[:, 0], np.std(ones, axis=0)[:, 0] / np.sqrt(300)
    truth = np.array([shots.counts @ shots.bits[:, 2] / shots.num_shots for shots in folds])
    assert (np.abs(mean - truth) < 5 * error).all()
    assert np.abs(truth[0] - truth[1]) > 10 * error.max()  # the folds differ by more


@pytest.fixture(scope="module")
def folded() -> Surrogate:
    with small_chains():
        return qdiff.fit(training_shots(), seed=4, config=FOLDED)


def test_the_card_names_the_orders(folded: Surrogate) -> None:
    decoding = folded.card["decoding"]
    assert decoding["orders"] == [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0]]
    assert sum(decoding["shares"]) == pytest.approx(1)
    assert decoding["from"] == "the bits' own order"
    assert len(members(folded.parts[Part.DIFFUSION])) == 3
    assert len(folded.card["training"]) == 1  # one training of all folds


def test_bits_that_depend_on_one_another_are_read_side_by_side() -> None:
    """Three pairs of equal bits, far apart in their own order."""
    random = np.random.default_rng(1)
    halves = random.integers(0, 2, (4000, 3))
    shots = Shots.from_bits(np.concatenate([halves, halves[:, [1, 2, 0]]], axis=1))
    with small_chains():
        decoding = qdiff.fit(shots, seed=1, config=FOLDED).card["decoding"]
    assert decoding["from"] == "mutual information of the shots"
    place = np.argsort(decoding["orders"][0])
    assert [abs(int(place[a] - place[b])) for a, b in ((0, 5), (1, 3), (2, 4))] == [1, 1, 1]


def test_a_file_gives_the_same_back_and_steps_are_refused(tmp_path, folded: Surrogate) -> None:
    folded.save(tmp_path / "model.safetensors")
    loaded = qdiff.load(tmp_path / "model.safetensors")
    assert np.array_equal(loaded.distribution().probabilities, folded.distribution().probabilities)
    for model in (folded, loaded):
        with pytest.raises(InputError, match="--any-order"):
            model.sample(10, steps=2, seed=1)


def test_a_resumed_fit_is_the_uninterrupted_one_bit_for_bit(
    tmp_path, monkeypatch, folded: Surrogate
) -> None:
    class Stopped(Exception):
        """Stands for whatever ends a fit early."""

    def watch(progress) -> None:
        if progress.step == 30:
            raise Stopped

    monkeypatch.setattr("qdiff.fitting.checkpoint.SECONDS_BETWEEN", 0.0)
    path = tmp_path / "fit.checkpoint"
    with pytest.raises(Stopped), small_chains():
        qdiff.fit(training_shots(), seed=4, config=FOLDED, checkpoint=path, watch=watch)
    with small_chains():
        resumed = qdiff.fit(training_shots(), seed=4, config=FOLDED, checkpoint=path)
    assert np.array_equal(resumed.distribution().probabilities, folded.distribution().probabilities)


def test_random_orders_are_learned_when_asked_for() -> None:
    with small_chains():
        model = qdiff.fit(training_shots(), seed=4, config=replace(FOLDED, any_order=True))
    assert model.sample(500, steps=2, seed=1).num_shots == 500
    assert model.penalty(2)[0] > 0


def test_a_single_bit_and_a_table_are_fitted() -> None:
    with small_chains():
        coin = qdiff.fit(Shots.from_counts({"0": 600, "1": 400}), seed=1, config=FOLDED)
        table = Distribution(probabilities=porter_thomas(4, seed=1).probabilities)
        law = qdiff.fit(table, seed=1, config=FOLDED)
    assert abs(coin.distribution().probabilities[1] - 0.4) < 0.05
    assert law.distribution().probabilities.shape == (16,)
