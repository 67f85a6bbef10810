"""Trees of prefixes: they ask about every distinct prefix once, and lose nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from untrained_networks import seeded, stir

from qdiff.models.diffusion.denoisers.conditional import ConditionalRecurrentNetwork
from qdiff.models.diffusion.denoisers.prefix_forest import forest_of, sorted_along

BITS, FEATURES = 5, 3


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_all_strings_surprise_as_they_do_one_by_one(order: list[int]) -> None:
    generator = np.random.default_rng(1)
    along, tree = np.array(order), np.sort(generator.choice([0, 3, 7], 40))
    bits = generator.integers(0, 2, (40, BITS)).astype(np.uint8)
    counts = generator.integers(1, 9, 40).astype(float)
    rows = sorted_along(along, bits, tree)
    bits, counts = bits[rows], counts[rows]
    forest = forest_of(along, bits, counts, tree)
    network = stir(
        ConditionalRecurrentNetwork.initialised(
            BITS, FEATURES, hidden=8, width=6, generator=seeded()
        )
    ).requires_grad_(False)
    features = torch.randn(3, FEATURES, generator=seeded())
    found = network.over_prefixes(forest, features)
    total = sum(level.surprise(logits) for level, logits in zip(forest.levels, found, strict=True))
    clean = 2.0 * torch.from_numpy(bits).float() - 1.0
    orders = torch.from_numpy(along).expand(40, BITS)
    own = features[torch.from_numpy(np.searchsorted([0, 3, 7], tree))]
    logits = network.along(clean, orders, own)
    surprise = torch.nn.functional.softplus(-clean.gather(1, orders) * logits).sum(1)
    assert float(total) == pytest.approx(float(surprise @ torch.from_numpy(counts).float()))


def test_each_prefix_is_there_once() -> None:
    bits = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 0, 0], [0, 0, 0]], np.uint8)
    tree = np.array([0, 0, 0, 0, 1])
    forest = forest_of(np.arange(3), bits, np.array([5.0, 1, 2, 3, 7]), tree)
    assert forest.trees == 2
    assert [len(level.parents) for level in forest.levels] == [2, 3, 4]
    first, second, third = forest.levels
    assert (first.zeros.tolist(), first.ones.tolist()) == ([8, 7], [3, 0])
    assert second.parents.tolist() == [0, 0, 1]
    assert second.values.tolist() == [-1, 1, -1]
    assert (second.zeros.tolist(), second.ones.tolist()) == ([6, 3, 7], [2, 0, 0])
    assert third.parents.tolist() == [0, 0, 1, 2]
    assert third.ones.tolist() == [1, 2, 0, 0]
