"""The matrix-product law: draws against its table, and fits as good as statistics allow."""

from __future__ import annotations

import numpy as np
import pytest
from chi_square import FALSE_ALARM, biased, p_value
from known_laws import ghz
from laws_of_each_kind import random_chain

from qdiff.comparison.metrics.table_metrics import kl_divergence
from qdiff.data.distribution import Distribution
from qdiff.data.registers import Register
from qdiff.data.shots import Shots
from qdiff.models.matrix_product.chain_order import chain_orders, spectral_order
from qdiff.models.matrix_product.fit import (
    MatrixProductConfig,
    fit_along,
    fit_matrix_product,
)


@pytest.mark.parametrize("given", [{}, {1: 1, 4: 0}])
def test_draws_follow_the_table(given: dict[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qdiff.models.matrix_product.law._CHUNK_PREFIXES", 7)  # many chunks
    _, model = random_chain(6, bond=4, seed=2).condition(given)
    words, counts = model.draw(100_000, np.random.default_rng(1))
    shots = Shots.from_words(words, counts, registers=[Register("c", 6)])
    assert shots.num_shots == 100_000
    assert len(shots.counts) == len(counts)  # distinct already
    table = Distribution(probabilities=model.table())
    assert p_value(shots, table) > FALSE_ALARM
    assert p_value(shots, biased(table)) < FALSE_ALARM


def test_ghz_is_learned_to_its_parametric_limit() -> None:
    """A mixture of two products has ``2n + 1`` parameters, so ``KL = (2n + 1) / 2N`` on average."""
    truth, sizes = ghz(10, readout=0.02), (20_000, 2_000)
    divergences = []
    for seed in range(4):
        train, heldout = (truth.sample(size, seed=seed + 10 * size) for size in sizes)
        model = fit_matrix_product(
            train, heldout, seed=seed, config=MatrixProductConfig(bonds=(1, 2))
        )
        assert model.bond == 2
        divergences.append(kl_divergence(truth.probabilities, model.table()))
    assert np.mean(divergences) < 2 * 21 / (2 * sizes[0])


def test_a_chain_in_disguise_is_found() -> None:
    """Along the bits' own order this Markov chain needs large bonds, along its own only 2."""
    generator = np.random.default_rng(7)
    hidden = generator.permutation(12)
    flips = generator.random((20_000, 12)) < 0.1
    rows = np.empty((20_000, 12), dtype=np.uint8)
    rows[:, hidden] = np.cumsum(flips, axis=1) % 2
    shots = Shots.from_bits(rows)
    assert spectral_order(shots) in (tuple(hidden), tuple(hidden[::-1]))
    assert len(chain_orders(shots)) == 2
    heldout, train = shots.split(0.1, seed=1)
    small, generator = MatrixProductConfig(bonds=(1, 2)), np.random.default_rng(0)
    own, spectral = (
        fit_along(order, train, heldout, small, generator) for order in chain_orders(train)
    )
    scores = [model.log_prob(heldout.bits) @ heldout.counts for model in (own, spectral)]
    assert scores[1] > scores[0] + 100
    assert (
        fit_matrix_product(train, heldout, config=MatrixProductConfig(bonds=(1, 2))).order
        == spectral.order
    )
