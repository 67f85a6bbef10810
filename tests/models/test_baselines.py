"""Every baseline by one contract, then each against what only it must satisfy."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from quick_baselines import BASELINES, correlated, every_baseline
from scipy.stats import entropy

import qdiff.models.baselines
from qdiff.comparison.metrics.table_metrics import kl_divergence
from qdiff.data.bits import all_bits
from qdiff.data.distribution import Distribution
from qdiff.data.pair_statistics import mutual_information, pair_joint
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.baselines import hammer
from qdiff.models.baselines.base import Baseline, parted, without
from qdiff.models.baselines.chow_liu import ChowLiuTree, TreeLaw
from qdiff.models.baselines.counting import Histogram, IndependentBits, ProductLaw, Uniform
from qdiff.models.baselines.hammer import HAMMER
from qdiff.models.baselines.known_table import KnownTable
from qdiff.models.baselines.lstm import LSTM
from qdiff.models.baselines.made import MADE
from qdiff.models.baselines.matrix_product import MatrixProduct
from qdiff.models.baselines.rbm import RBM, Machine
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.matrix_product.fit import MatrixProductConfig

LONGER = TrainingConfig(steps=800, batch=256, learning_rate=0.02)


@every_baseline
@pytest.mark.parametrize("num_bits", [1, 2, 5])
def test_the_law_sums_to_one_and_is_its_log_prob(baseline: Baseline, num_bits: int) -> None:
    law = baseline.fit(correlated(num_bits, seed=1))
    table = law.distribution()
    assert table.probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert table.registers == law.registers
    # networks answer in float32, and not to the last digit alike in batches of different size
    trained = isinstance(baseline, MADE | LSTM)
    np.testing.assert_allclose(
        law.log_prob(all_bits(num_bits)),
        table.log_prob(all_bits(num_bits)),
        rtol=1e-5 if trained else 1e-12,
    )


@every_baseline
def test_the_same_seed_gives_the_same_bits(baseline: Baseline) -> None:
    law = baseline.fit(correlated(4, seed=4))
    assert law.sample(100, seed=5) == law.sample(100, seed=5)
    assert law.sample(100, seed=5) != law.sample(100, seed=6)
    assert law.sample(0, seed=5).num_shots == 0
    with pytest.raises(InputError, match="negative"):
        law.sample(-1, seed=5)


@every_baseline
def test_the_same_seed_gives_the_same_fit(baseline: Baseline) -> None:
    shots = correlated(4, seed=4)
    heldout, _ = shots.split(0.2, seed=1)
    tables = [
        baseline.fit(shots, heldout=heldout, seed=seed).distribution().probabilities
        for seed in (5, 5)
    ]
    assert np.array_equal(*tables)


@every_baseline
@pytest.mark.parametrize("shots", [Shots.from_bits([[0, 1, 1]]), Shots.from_bits([[1]], [500])])
def test_one_string_or_one_shot(baseline: Baseline, shots: Shots) -> None:
    table = baseline.fit(shots).distribution().probabilities
    assert table[shots.indices[0]] >= table.max() - 1e-12


@every_baseline
def test_two_hundred_bits(baseline: Baseline) -> None:
    rows = (np.random.default_rng(7).random((500, 200)) < 0.2).astype(np.uint8)
    law = baseline.fit(Shots.from_bits(rows))
    assert law.sample(50, seed=1).num_bits == 200
    assert np.isfinite(law.log_prob(rows)).all()
    assert law.log_prob(rows[:0]).shape == (0,)
    with pytest.raises(InputError, match="limit"):
        law.distribution()


@every_baseline
def test_no_shots_are_refused(baseline: Baseline) -> None:
    if isinstance(baseline, Uniform):
        pytest.skip("needs no shots")
    with pytest.raises(InputError, match="no shots"):
        baseline.fit(Shots.from_bits(np.empty((0, 3), dtype=np.uint8)))


@pytest.mark.parametrize("kind", [Histogram, IndependentBits, ChowLiuTree, HAMMER])
@pytest.mark.parametrize("pseudocount", [-1.0, np.nan, np.inf])
def test_bad_pseudocounts_are_refused(kind: type[Histogram], pseudocount: float) -> None:
    with pytest.raises(InputError, match="pseudocount"):
        kind(pseudocount=pseudocount)


def test_the_histogram_is_counts_plus_a_half() -> None:
    shots = correlated(4, seed=8)
    expected = Distribution.from_shots(shots, pseudocount=0.5).probabilities
    table = Histogram().fit(shots).distribution().probabilities
    np.testing.assert_allclose(table, expected, rtol=1e-12)
    raw = Histogram(pseudocount=0).fit(shots)
    np.testing.assert_allclose(np.exp(raw.log_prob(shots.bits)), shots.counts / 400)
    assert raw.log_prob(Shots.from_bits(1 - shots.bits[:1]).bits).shape == (1,)


def test_an_average_of_trajectories_is_a_baseline_like_others() -> None:
    """It knows the noise: closer to the exact law than the shots, which it does not look at."""
    circuit, noise = "ising:4", "superconducting"
    averaged = qdiff.trajectories(circuit, noise, samples=300, seed=1)
    shots = qdiff.simulate(circuit, noise, shots=1000, seed=2)
    truth = qdiff.exact(circuit, noise)
    model, others = (each.fit(shots) for each in (KnownTable(table=averaged), Histogram()))
    expected = averaged.log_prob(all_bits(4))
    np.testing.assert_allclose(model.log_prob(all_bits(4)), expected, atol=1e-12)
    assert model.registers == shots.registers
    own, counted = (
        kl_divergence(truth.probabilities, each.distribution().probabilities)
        for each in (model, others)
    )
    assert own < counted / 2


def test_a_known_table_refuses_what_does_not_fit() -> None:
    table = Distribution(probabilities=np.full(4, 0.25))
    with pytest.raises(InputError, match="shots have 3 bits, the table 2"):
        KnownTable(table=table).fit(Shots.from_counts({"000": 1}))
    with pytest.raises(InputError, match="must be a Distribution, got a ndarray"):
        KnownTable(table=table.probabilities)  # type: ignore[arg-type]
    for share in (-0.1, 1.1, np.nan, "a", None):
        with pytest.raises(InputError, match="share between 0 and 1"):
            KnownTable(table=table, uniform=share)  # type: ignore[arg-type]


def test_independent_bits_keep_each_bits_frequency() -> None:
    shots = Shots.from_bits([[0, 0, 1], [1, 0, 1]], [30, 10])
    law = IndependentBits(pseudocount=0).fit(shots)
    assert isinstance(law.law, ProductLaw)
    np.testing.assert_allclose(law.law.one, [0.25, 0, 1])
    assert law.log_prob([[1, 0, 1], [0, 1, 1]]).tolist() == [np.log(0.25), -np.inf]


def test_mutual_information_by_scipy() -> None:
    shots = correlated(4, seed=9)
    joint = pair_joint(shots, 0.5)
    information = mutual_information(joint)
    rows, counts = shots.bits, shots.counts
    for i, j in itertools.permutations(range(4), 2):
        cells = np.array(
            [[counts[(rows[:, i] == a) & (rows[:, j] == b)].sum() for b in (0, 1)] for a in (0, 1)]
        )
        smoothed = (cells + 0.5) / (shots.num_shots + 2)
        np.testing.assert_allclose(joint[i, j], smoothed, rtol=1e-12)
        product = np.outer(smoothed.sum(axis=1), smoothed.sum(axis=0))
        expected = entropy(smoothed.ravel(), product.ravel())
        assert information[i, j] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_chow_liu_is_the_best_of_all_trees_of_four_bits(seed: int) -> None:
    shots = correlated(4, seed=30 + seed)
    information = mutual_information(pair_joint(shots, 0.5))
    edges = list(itertools.combinations(range(4), 2))
    best = max(
        (tree for tree in itertools.combinations(edges, 3) if spans(tree)),
        key=lambda tree: sum(information[edge] for edge in tree),
    )
    parent = tree(shots).parent
    found = {tuple(sorted((bit, int(above)))) for bit, above in enumerate(parent) if bit != above}
    assert found == set(best)


def tree(shots: Shots) -> TreeLaw:
    law = ChowLiuTree().fit(shots).law
    assert isinstance(law, TreeLaw)
    return law


def spans(edges: tuple[tuple[int, int], ...]) -> bool:
    reached = {0}
    for _ in edges:
        reached |= {end for edge in edges for end in edge if set(edge) & reached}
    return len(reached) == 4


def test_chow_liu_finds_a_chain_and_keeps_its_pair_laws() -> None:
    rng = np.random.default_rng(11)
    flips = rng.random((20_000, 6)) < 0.15
    order = [3, 0, 5, 1, 4, 2]
    rows = np.zeros((20_000, 6), dtype=np.uint8)
    rows[:, order] = np.cumsum(flips, axis=1) % 2
    shots = Shots.from_bits(rows)
    edges = {frozenset(pair) for pair in enumerate(tree(shots).parent.tolist())} - {frozenset([0])}
    assert edges == {frozenset(pair) for pair in itertools.pairwise(order)}
    table = ChowLiuTree().fit(shots).distribution()
    for i, j in itertools.pairwise(order):
        pair = table.marginal([i, j]).probabilities.reshape(2, 2).T  # [value of i, value of j]
        np.testing.assert_allclose(pair, pair_joint(shots, 0.5)[i, j], rtol=1e-9)


def test_held_out_shots_are_a_part_of_the_shots() -> None:
    shots = correlated(4, seed=12)
    heldout, rest = shots.split(0.3, seed=1)
    assert without(shots, heldout) == rest
    assert parted(shots, heldout, seed=0) == (rest, heldout)
    train, tenth = parted(shots, None, seed=0)
    assert tenth.num_shots == 40
    assert train.merge(tenth).to_counts() == shots.to_counts()
    for wrong in (shots.merge(heldout), correlated(5, seed=12)):
        with pytest.raises(InputError):
            without(shots, wrong)


@pytest.mark.parametrize(
    "baseline",
    [
        MADE(hidden=(24,), weight_decay=(0.0,), training=LONGER),
        LSTM(hidden=(16,), weight_decay=(0.0,), training=LONGER),
        MatrixProduct(config=MatrixProductConfig(bonds=(1, 2, 4))),
        RBM(hidden=(8,), weight_decay=(0.0,), training=replace(LONGER, steps=2000, patience=20)),
    ],
    ids=["MADE", "LSTM", "matrix product", "RBM"],
)
def test_what_is_tuned_learns_a_parity(baseline: Baseline) -> None:
    """Four bits of even parity, no three of which depend on each other: a tree sees nothing."""
    parity = np.bitwise_count(np.arange(16)) % 2
    truth = np.where(parity == 0, 0.95, 0.05) / 8
    shots = Distribution(probabilities=truth).sample(20_000, seed=1)
    tree_table = ChowLiuTree().fit(shots).distribution().probabilities
    assert kl_divergence(truth, tree_table) > 0.4
    table = baseline.fit(shots, seed=2).distribution().probabilities
    assert kl_divergence(truth, table) < 0.02


@pytest.mark.parametrize("kind", [MADE, LSTM, RBM])
@pytest.mark.parametrize("change", [{"hidden": ()}, {"hidden": (0,)}, {"weight_decay": (-1.0,)}])
def test_bad_searches_are_refused(
    kind: type[MADE] | type[LSTM] | type[RBM], change: dict[str, tuple[float, ...]]
) -> None:
    with pytest.raises(InputError):
        kind(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["MADE", "LSTM"])
def test_logits_see_earlier_bits_only_and_steps_agree(name: str) -> None:
    """Flipping bit ``j`` changes no logit up to ``j``, and the sampler asks for the same ones."""
    network = BASELINES[name].fit(correlated(6, seed=13)).law.network  # type: ignore[attr-defined]
    clean = torch.from_numpy(all_bits(6)).float() * 2 - 1
    logits = network(clean)
    for bit in range(6):
        other = clean.clone()
        other[:, bit] *= -1
        assert torch.equal(network(other)[:, : bit + 1], logits[:, : bit + 1])
        assert bit == 5 or not torch.equal(network(other), logits)
    memory = None
    for position in range(6):
        states = torch.where(torch.arange(6) < position, clean, 0).to(torch.int8)
        kept, memory = network.step(states, range(6), position, memory)
        fresh, _ = network.step(states, range(6), position, None)
        torch.testing.assert_close(kept, logits[:, position], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(fresh, logits[:, position], atol=1e-5, rtol=1e-5)
    with pytest.raises(InputError, match="order"):
        network.step(states, range(5, -1, -1), 0, None)


@pytest.mark.parametrize(("num_bits", "hidden"), [(3, 5), (5, 3), (4, 4)])
def test_a_boltzmann_machine_by_summing_over_both_layers(num_bits: int, hidden: int) -> None:
    machine = Machine(num_bits, hidden, torch.Generator().manual_seed(1)).double()
    with torch.no_grad():
        machine.visible.copy_(torch.linspace(-1, 1, num_bits))
        machine.hidden.copy_(torch.linspace(0.5, -0.5, hidden))
    law = machine.law()
    s, h = 2 * all_bits(num_bits).astype(float) - 1, all_bits(hidden).astype(float)
    weights, visible, bias = (part.detach().numpy() for part in machine.parameters())
    joint = np.exp(s @ weights @ h.T + (s @ visible)[:, None] + (h @ bias)[None, :])
    expected = joint.sum(axis=1) / joint.sum()
    np.testing.assert_allclose(np.exp(law.log_prob(all_bits(num_bits))), expected, rtol=1e-12)
    np.testing.assert_allclose(law.table(), expected, rtol=1e-12)
    machine.states = machine.states.double()
    total = machine.log_partition()
    assert float(total.detach()) == pytest.approx(np.log(joint.sum()), abs=1e-12)
    # the gradient of log Z is the mean of what each parameter multiplies
    total.backward()  # type: ignore[no-untyped-call]
    means = (s.T @ joint @ h, s.T @ joint.sum(axis=1), joint.sum(axis=0) @ h)
    for parameter, mean in zip(machine.parameters(), means, strict=True):
        assert parameter.grad is not None
        np.testing.assert_allclose(parameter.grad.numpy(), mean / joint.sum(), atol=1e-12)


def test_a_boltzmann_machine_beyond_reach_is_refused() -> None:
    shots = Shots.from_bits(np.eye(30, dtype=np.uint8))
    with pytest.raises(InputError, match="at most 20 hidden"):
        RBM(hidden=(21,)).fit(shots)


def test_hammer_by_hand() -> None:
    """Neighbours that are less likely count, by one over the mean probability at their distance."""
    shots = Shots.from_counts({"00": 5, "01": 3, "11": 2})
    p = {"00": 0.5, "01": 0.3, "11": 0.2}
    one_apart = p["00"] + 2 * p["01"] + p["11"]  # 01 has two neighbours, the others one
    score = {
        "00": p["00"] * (p["00"] + p["01"] / one_apart),
        "01": p["01"] * (p["01"] + p["11"] / one_apart),
        "11": p["11"] ** 2,
    }
    table = HAMMER(pseudocount=0).fit(shots).distribution().probabilities
    expected = np.array([score["00"], score["01"], 0, score["11"]]) / sum(score.values())
    np.testing.assert_allclose(table, expected, rtol=1e-12)


def test_hammer_refuses_more_pairs_than_it_can_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hammer, "MOST_STRINGS", 3)
    with pytest.raises(InputError, match="distinct strings"):
        HAMMER().fit(correlated(4, seed=1))


def test_counting_needs_no_torch() -> None:
    code = "import sys, qdiff.models.baselines; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
    with pytest.raises(AttributeError):
        qdiff.models.baselines.nonsense  # noqa: B018
