"""Which shots are held out, and the weights that they decide."""

from __future__ import annotations

import numpy as np
import pytest
from known_laws import porter_thomas
from scipy import stats

from qdiff import FitConfig, Shots
from qdiff.data.registers import default_registers
from qdiff.fitting.heldout import Division, divisions, hold_out, thinned
from qdiff.fitting.stacking import Fold, weigh
from qdiff.models.laws.mixture_weights import mixture_weights
from qdiff.models.laws.table import TableLaw
from qdiff.models.surrogate.part import Part


def shots_of(number: int, seed: int = 0) -> Shots:
    return porter_thomas(5, seed).sample(number, seed=seed)


@pytest.mark.parametrize("number", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("folds", [2, 4])
def test_every_shot_is_held_out_once(number: int, folds: int) -> None:
    shots = shots_of(number)
    config = FitConfig(folds=folds, heldout=1 / folds)
    divided = divisions(shots, config, np.random.SeedSequence(1))
    if number == 1:
        assert divided == [(shots, shots)]
        return
    assert len(divided) == min(folds, number)
    heldout = [part for part, _ in divided]
    assert heldout[0].merge(*heldout[1:]) == shots
    for part, train in divided:
        assert part.merge(train) == shots
        assert min(part.num_shots, train.num_shots) >= 1
    sizes = [part.num_shots for part in heldout]
    assert max(sizes) - min(sizes) <= 1


def test_folds_hold_out_another_tenth_each() -> None:
    shots = shots_of(1005)
    divided = divisions(shots, FitConfig(folds=4), np.random.SeedSequence(1))
    assert [part.num_shots for part, _ in divided] == [100, 101, 101, 100]
    for part, train in divided:
        assert part.merge(train) == shots
    heldout = Shots.merge(*(part for part, _ in divided))
    every = dict(zip(shots.indices, shots.counts, strict=True))
    assert all(n <= every[i] for i, n in zip(heldout.indices, heldout.counts, strict=True))


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_a_large_share_leaves_shots_to_train_on(number: int) -> None:
    config = FitConfig(folds=4, heldout=0.9)
    (division,) = divisions(shots_of(number), config, np.random.SeedSequence(1))
    assert min(division.heldout.num_shots, division.train.num_shots) >= 1


def test_one_fold_is_a_share_held_out() -> None:
    (division,) = divisions(
        shots_of(1000), FitConfig(folds=1), np.random.SeedSequence(3).spawn(1)[0]
    )
    assert division == hold_out(shots_of(1000), seed=3)
    assert division[0].num_shots == 100


def test_folds_are_scored_by_the_laws_that_have_not_seen_them() -> None:
    """Two routes: weights of pooled scores, and `weigh` with each fold's own laws."""
    random = np.random.default_rng(5)
    heldout = [shots_of(400, seed) for seed in (1, 2)]
    laws = [
        {part: TableLaw.of(random.dirichlet(np.ones(32))) for part in (Part.DIFFUSION, Part.SHOTS)}
        for _ in heldout
    ]
    folds = [
        Fold(division=Division(shots, shots), laws=own)
        for shots, own in zip(heldout, laws, strict=True)
    ]
    weights, record = weigh(folds, np.random.SeedSequence(0))
    scores = np.array(
        [
            [np.log(own[part].table()[index]) for own, fold in zip(laws, heldout, strict=True)
             for index in fold.indices]
            for part in weights
        ]
    )  # fmt: skip
    counts = np.concatenate([fold.counts for fold in heldout])
    assert np.allclose([*weights.values()], mixture_weights(scores, counts), atol=1e-12)
    mixed = np.log(np.array([*weights.values()]) @ np.exp(scores)) @ counts / counts.sum()
    assert abs(record["nats_per_shot"] - mixed) < 1e-12


def test_many_strings_are_thinned_fairly() -> None:
    """Each kept string's expected count is in proportion to its own: chi-square at 1e-6."""
    shots = Shots.from_indices(
        np.arange(64), np.arange(1, 65) * 100, registers=default_registers([6])
    )
    assert thinned(shots, 64, np.random.SeedSequence(0)) == shots
    drawn = thinned(shots, 63, np.random.SeedSequence(0))
    assert drawn.num_shots == 63
    total = np.zeros(64)
    for seed in range(400):
        part = thinned(shots, 63, np.random.SeedSequence(seed))
        total[part.indices] += part.counts
    expected = total.sum() * shots.counts / shots.num_shots
    assert stats.chisquare(total, expected).pvalue > 1e-6
    assert stats.chisquare(total, total.sum() / 64).pvalue < 1e-6  # power: not uniform
