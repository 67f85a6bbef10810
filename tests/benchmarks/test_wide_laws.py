"""The laws beyond tables, small enough for a table."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from quick_fits import QUICK
from scipy.stats import chisquare

from qdiff import fit
from qdiff.data.bits import all_bits


def small_laws():
    import wide_laws

    draw = np.random.default_rng(1)
    lattice = wide_laws.LatticeIsing(right=draw.normal(size=(3, 3)), down=draw.normal(size=(3, 3)))
    tree = wide_laws.NoisyTreeGHZ(
        parents=np.array([1, -1, 1, 0, 2]),
        order=np.array([1, 0, 2, 3, 4]),
        flips=np.array([0.1, 0.5, 0.2, 0.05, 0.3]),
        readout=np.array([0.02, 0.1, 0.05, 0.07, 0.2]),
    )
    return {"lattice": lattice, "tree": tree, "products": wide_laws.product_mixture(3, 6)}


@pytest.mark.parametrize("kind", ["lattice", "tree", "products"])
def test_draws_follow_the_probabilities_which_sum_to_one(kind: str) -> None:
    """Chi-square at a false alarm of 1e-6; of 100,000 draws, so that no string is rare."""
    law = small_laws()[kind]
    table = np.exp(law.log_prob(all_bits(law.num_bits)))
    assert table.sum() == pytest.approx(1)
    rows = law.draw(100_000, np.random.default_rng(2))
    counts = np.bincount(rows @ (1 << np.arange(law.num_bits)), minlength=len(table))
    often = table > 1e-4
    seen = np.append(counts[often], counts[~often].sum())
    expected = 100_000 * np.append(table[often], table[~often].sum())
    kept = expected > 0
    assert chisquare(seen[kept], expected[kept]).pvalue > 1e-6


def test_a_lattice_has_boltzmanns_probabilities() -> None:
    """Two routes: spin by spin, and from the energies of all strings."""
    law = small_laws()["lattice"]
    spins = 2.0 * all_bits(9).reshape(-1, 3, 3) - 1
    energy = (law.right[:, :-1] * spins[:, :, :-1] * spins[:, :, 1:]).sum((1, 2))
    energy += (law.down[:-1] * spins[:, :-1] * spins[:, 1:]).sum((1, 2))
    weights = np.exp(energy)
    table = np.exp(law.log_prob(all_bits(9)))
    assert table == pytest.approx(weights / weights.sum(), rel=1e-10)


def test_a_tree_without_errors_is_a_ghz_state() -> None:
    import wide_laws

    tree = wide_laws.heavy_hex_ghz(3)
    few = np.full(tree.num_bits, 1e-12)
    clean = wide_laws.NoisyTreeGHZ(parents=tree.parents, order=tree.order, flips=few, readout=few)
    both = np.repeat([[0], [1]], tree.num_bits, axis=1).astype(np.uint8)
    assert clean.log_prob(both) == pytest.approx(np.log([0.5, 0.5]))
    assert sorted(tree.order) == list(range(tree.num_bits))
    assert (tree.parents < 0).sum() == 1


def test_a_cell_measures_the_surrogate_beside_every_baseline(monkeypatch) -> None:
    """Of a law of nine bits, whose divergences are known exactly too."""
    import beyond_tables

    law = small_laws()["lattice"]
    monkeypatch.setattr(beyond_tables, "LAWS", {"small": law})
    kept = {name: beyond_tables.BASELINES[name] for name in ("independent_bits", "chow_liu")}
    monkeypatch.setattr(beyond_tables, "BASELINES", kept)
    monkeypatch.setattr(beyond_tables, "MOST_DRAWN", 1 << 18)
    monkeypatch.setattr(beyond_tables.qdiff, "fit", partial(fit, config=QUICK))
    row = beyond_tables.measure({"law": "small", "shots": 20_000, "seed": 1})
    assert {"surrogate", "independent_bits", "chow_liu"} <= {*row["kl"]}
    table = np.exp(law.log_prob(all_bits(9)))
    ones = table @ all_bits(9)
    product = np.exp(all_bits(9) @ np.log(ones) + (1 - all_bits(9)) @ np.log1p(-ones))
    exact = float(table @ np.log(table / product))
    found = row["kl"]["independent_bits"]
    assert abs(found["mean"] - exact) < 5 * found["error"] + 0.02
    assert row["conditional"]["shots"] == 2000
    assert row["conditional"]["p"] > 1e-6
