"""The masking process and decoding in a fixed order: draws against enumerated laws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from chi_square import FALSE_ALARM, biased, p_value
from untrained_networks import every_network, random_mlp, stirred

from qdiff import Distribution, Register, Shots
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.decoding import ordered as decoding
from qdiff.models.diffusion.decoding.ordered import OrderedDecoder
from qdiff.models.diffusion.denoisers.config import NetworkConfig
from qdiff.models.diffusion.processes import masking


def test_single_trials_and_many_are_binomial() -> None:
    """Sums over rows of both kinds, by chi-square; false alarm 1e-6."""
    counts = np.tile([1, 1, 2], 100_000)
    source, chances = np.random.default_rng(4), np.full(300_000, 0.3)
    ones = decoding._binomial(counts, chances, source)
    # a single trial gives 0 or 1; a pair 0, 1 or 2
    code = np.where(counts == 1, ones, 2 + ones)
    shots = Shots.from_indices(
        np.arange(8), np.bincount(code, minlength=8), registers=[Register("c", 3)]
    )
    exact = np.array([2 * 0.7, 2 * 0.3, 0.49, 0.42, 0.09, 0, 0, 0]) / 3
    law = Distribution(probabilities=exact)
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM
    certain = decoding._binomial(np.array([1, 1, 5, 5]), np.array([0.0, 1, 0, 1]), source)
    assert certain.tolist() == [0, 1, 0, 5]


@pytest.mark.parametrize("chunk", [1 << 12, 3])  # 3 rows at a time: the depth-first path
def test_prefix_splitting_follows_its_own_table(monkeypatch, chunk: int) -> None:
    monkeypatch.setattr(decoding, "_CHUNK_ROWS", chunk)
    decoder = OrderedDecoder(random_mlp(6), [5, 0, 3, 1, 4, 2])
    words, counts = decoder.draw(100_000, np.random.default_rng(3))
    shots = Shots.from_words(words, counts, registers=[Register("c", 6)])
    law = Distribution(probabilities=decoder.table() / decoder.table().sum())
    assert shots.num_shots == 100_000
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


def test_tree_table_and_one_bit_at_a_time_agree_in_law() -> None:
    """The plain sampler, a row a shot, against the table that the tree is tested against."""
    network, order = random_mlp(6), [5, 0, 3, 1, 4, 2]
    generator = torch.Generator().manual_seed(4)
    states = torch.zeros(100_000, 6)
    for bit in order:
        one = torch.sigmoid(network(states)[:, bit].double())
        uniform = torch.rand(len(states), dtype=torch.float64, generator=generator)
        states[:, bit] = torch.where(uniform < one, 1.0, -1.0)
    shots = Shots.from_bits((states > 0).numpy())
    table = OrderedDecoder(network, order).table()
    law = Distribution(probabilities=table / table.sum())
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM


def test_visible_sets_are_uniform_given_their_size() -> None:
    """Chi-square over all 7 non-full subsets of 3 bits, false alarm 1e-6."""
    visible = masking.random_visibility(60_000, 3, torch.Generator().manual_seed(1))
    index = (visible @ torch.tensor([1.0, 2.0, 4.0])).long().numpy()
    shots = Shots.from_indices(
        np.arange(8), np.bincount(index, minlength=8), registers=[Register("c", 3)]
    )
    chances = np.array([1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9, 1 / 9, 1 / 9, 0])
    assert p_value(shots, Distribution(probabilities=chances)) > FALSE_ALARM


@every_network
@pytest.mark.parametrize("chunk", [1 << 12, 3])  # 3 rows at a time: most prefixes are forgotten
def test_draws_follow_the_networks_own_table(
    monkeypatch: pytest.MonkeyPatch, config: NetworkConfig, chunk: int
) -> None:
    monkeypatch.setattr(decoding, "_CHUNK_ROWS", chunk)
    decoder = OrderedDecoder(stirred(config, torch.float32), [5, 0, 3, 1, 4, 2])
    table = decoder.table()
    assert abs(table.sum() - 1) < 1e-12
    assert np.allclose(np.log(table), decoder.log_prob(bitorder.all_bits(6)), atol=1e-4)
    words, counts = decoder.draw(100_000, np.random.default_rng(3))
    shots = Shots.from_words(words, counts, registers=[Register("c", 6)])
    law = Distribution(probabilities=table / table.sum())
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM
