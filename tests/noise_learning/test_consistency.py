"""Tests of shots along few directions: their false alarms, their power, and what `doubts` says."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from scipy.stats import kstest

import qdiff
from qdiff import NoiseSpec
from qdiff.noise_learning.consistency import (
    disagreement,
    few_bit_change,
    few_bit_residue,
)
from qdiff.noise_learning.learn import learn_noise
from qdiff.noise_learning.learned_noise import LearnedNoise

TRUTH = NoiseSpec(p1=1.5e-3, p2=1e-2, readout=(0.02, 0.03))
CIRCUITS = ("ansatz:4,seed=1", "brickwork:4,depth=6,seed=1", "xy:4")
FEW = 3e6


def test_a_score_is_judged_by_all_that_it_is_uncertain_of() -> None:
    """500 draws of parameters that the others tell and of a score: p-values are uniform."""
    draw = np.random.default_rng(2)
    root = draw.normal(size=(5, 5))
    information, precision = 30 * root @ root.T, 10 * np.eye(5) + np.ones((5, 5))
    covariance = information + information @ np.linalg.solve(precision, information)
    scores = draw.multivariate_normal(np.zeros(5), covariance, size=500)
    found = [disagreement(score, information, precision) for score in scores]
    assert kstest(found, "uniform").pvalue > 1e-6
    assert disagreement(10 * scores[0], information, precision) < 1e-6


def test_means_of_one_and_two_bits_have_their_false_alarms_and_power() -> None:
    """Of 300 sets p-values are uniform; bits that agree 3 % more often than they should fail."""
    law = np.random.default_rng(1).dirichlet(np.ones(16))
    right = qdiff.Distribution(probabilities=law)
    nothing = (np.zeros((1, 16)), np.zeros((1, 1)))
    sets = [right.sample(3000, seed=seed) for seed in range(300)]
    found = [few_bit_residue(law, *nothing, shots) for shots in sets]
    assert kstest(found, "uniform").pvalue > 1e-6
    batches = [few_bit_change(a, [b, c]) for a, b, c in zip(*[iter(sets)] * 3, strict=True)]
    assert kstest(batches, "uniform").pvalue > 1e-6
    agree = np.array([(x & 1) == (x >> 1 & 1) for x in range(16)])
    more = law * np.where(agree, 1.1, 1.0)
    wrong = qdiff.Distribution(probabilities=more / more.sum())
    shots = wrong.sample(100_000, seed=1)
    assert few_bit_residue(law, *nothing, shots) < 1e-6
    assert few_bit_change(shots, [right.sample(100_000, seed=2)]) < 1e-6


@pytest.mark.parametrize(("chance", "shots"), [(0.002, 500), (0.002, 5000), (0.02, 1), (0.02, 30)])
def test_rare_strings_alone_raise_no_doubt(chance: float, shots: int) -> None:
    """Of bits that hardly ever flip, a pair that does is no normal residue; 300 sets a case, of
    which five below 1e-4 are expected once in 10^10 times."""
    flips = np.array([int(x).bit_count() for x in range(64)])
    law = chance**flips * (1 - chance) ** (6 - flips)
    right = qdiff.Distribution(probabilities=law)
    nothing = (np.zeros((1, 64)), np.zeros((1, 1)))
    sets = [right.sample(shots, seed=seed) for seed in range(300)]
    assert sum(few_bit_residue(law, *nothing, own) < 1e-4 for own in sets) < 5


def learned_from(laws: list[tuple[str, qdiff.Distribution]]) -> LearnedNoise:
    pairs = [(text, law.sample(10_000, seed=place)) for place, (text, law) in enumerate(laws)]
    return learn_noise(pairs, start=NoiseSpec(), seed=1, operations=FEW)


def test_right_shots_are_not_doubted() -> None:
    learned = learned_from([(text, qdiff.exact(text, TRUTH)) for text in CIRCUITS])
    assert learned.doubts == []
    rows = learned.lessons[0]["circuits"]
    assert all(row["p_values"]["other circuits"] > 1e-3 for row in rows)
    assert all(row["p_values"]["other batches"] is None for row in rows)


def test_drift_from_circuit_to_circuit_is_named() -> None:
    """Errors of gates and readout double from the second circuit to the third."""
    noises = (TRUTH, TRUTH, TRUTH.scaled(2))
    laws = [(text, qdiff.exact(text, own)) for text, own in zip(CIRCUITS, noises, strict=True)]
    assert any("other circuits" in doubt for doubt in learned_from(laws).doubts)


@pytest.mark.slow
def test_drift_between_batches_of_a_circuit_is_named_and_within_one_is_not() -> None:
    """Two batches tell; pooled they are, to first order, a batch at the mean rates."""
    text = CIRCUITS[2]
    one, two = (qdiff.exact(text, own) for own in (TRUTH, TRUTH.scaled(1.5)))
    apart = learned_from([(text, one), (text, two)])
    assert any("other batches" in doubt for doubt in apart.doubts)
    half = (one.probabilities + two.probabilities) / 2
    pooled = learned_from([(text, qdiff.Distribution(probabilities=half))] * 2)
    assert pooled.doubts == []


@pytest.mark.slow
def test_crosstalk_is_named() -> None:
    """Each gate on two qubits also turns the next qubit about ZZ, by a tenth of a radian."""

    def spoiled(text: str) -> QuantumCircuit:
        circuit = qdiff.load_circuit(text)
        with_more = circuit.copy_empty_like()
        for step in circuit.data:
            with_more.append(step)
            if len(step.qubits) == 2:
                last = max(circuit.find_bit(qubit).index for qubit in step.qubits)
                if last + 1 < circuit.num_qubits:
                    with_more.rzz(0.1, last, last + 1)
        return with_more

    circuits = [text.replace(":4", ":6") for text in CIRCUITS]
    laws = [(text, qdiff.exact(spoiled(text), TRUTH)) for text in circuits]
    assert any("one and two bits" in doubt for doubt in learned_from(laws).doubts)
