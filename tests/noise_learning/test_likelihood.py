"""The likelihood of learned noise: each piece against the exact law or its definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from asymmetric_circuits import asymmetric
from noisy_pairs import kl

import qdiff
from qdiff import NoiseSpec, Shots
from qdiff.data import bits as bitorder
from qdiff.models.noisy_circuit.error_groups import error_groups
from qdiff.models.noisy_circuit.history_laws import Dictionary, Round
from qdiff.models.noisy_circuit.over_rotation import STRAIGHT
from qdiff.models.noisy_circuit.statevector import ideal_law
from qdiff.noise.rates import EdgeNoise, QubitNoise
from qdiff.noise_learning import prediction
from qdiff.noise_learning.device_circuit import DeviceCircuit
from qdiff.noise_learning.drawn_laws import DrawnLaws
from qdiff.noise_learning.goodness_of_fit import agreement
from qdiff.noise_learning.joint_likelihood import JointLikelihood
from qdiff.noise_learning.learned_noise import LearnedNoise
from qdiff.noise_learning.likelihood import CircuitLikelihood
from qdiff.noise_learning.numbers import KINDS, Number, from_scale, slope, to_scale
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prior import DevicePrior
from qdiff.simulation.program import program_of

CALIBRATION = NoiseSpec(
    p1=0.004,
    p2=0.02,
    t1=50e-6,
    t2=40e-6,
    time1=0.1e-6,
    time2=1e-6,
    readout=(0.02, 0.05),
    over_rotation=0.02,
    qubits={1: QubitNoise(p1=0.02, readout=(0.1, 0.01), t1=20e-6, t2=38e-6, time1=0.3e-6)},
    edges={(2, 3): EdgeNoise(p2=0.08, time2=3e-6)},
    num_qubits=4,
)


def calibrated(start: NoiseSpec = CALIBRATION) -> LearnedNoise:
    """What a calibration says, without any shots."""
    prior = DevicePrior(start=start, turns=bool(start.over_rotation))
    return LearnedNoise(posterior=Posterior.of(prior), lessons=())


@pytest.mark.parametrize("by_histories", [False, True])
def test_without_shots_the_prediction_is_that_of_the_calibration(
    by_histories: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors, relaxation (T2 > T1 too), times of gates, over-rotation and readout, all per qubit.

    To what a background of 3e-4 makes by the exact law, to a KL of 3e-5 by histories; with power.
    """
    if by_histories:
        monkeypatch.setattr(prediction, "exact_law", lambda *_: None)
    truth = qdiff.exact(asymmetric(4), CALIBRATION).probabilities
    predicted = calibrated().predict(asymmetric(4), seed=1).distribution().probabilities
    assert kl(truth, predicted) < (3e-5 if by_histories else 3e-8)
    for change in ({"qubits": {}}, {"edges": {}}, {"t1": None, "t2": None}, {"over_rotation": 0.0}):
        start = NoiseSpec(**{**vars(CALIBRATION), **change})
        wrong = calibrated(start).predict(asymmetric(4), seed=1).distribution().probabilities
        assert kl(truth, wrong) > 1e-4


def test_a_specification_comes_back_as_it_went_in() -> None:
    start = NoiseSpec(**{**vars(CALIBRATION), "over_rotation": None})
    back = calibrated(start).to_spec().to_dict()
    given = start.to_dict()
    for key in ("p1", "p2", "t1", "t2", "time1", "time2", "readout"):
        assert np.allclose(back[key], given[key], rtol=1e-9)
    assert np.allclose(back["edges"]["2-3"]["p2"], 0.08)
    assert np.allclose(back["edges"]["2-3"]["time2"], 3e-6)
    for key, value in given["qubits"]["1"].items():
        assert np.allclose(back["qubits"]["1"][key], value, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_goes_to_its_scale_and_back(kind: str) -> None:
    value = 0.013
    assert abs(from_scale(kind, to_scale(kind, value)) - value) < 1e-15
    step = 1e-6
    found = (from_scale(kind, to_scale(kind, value) + step) - value) / step
    assert abs(found - slope(kind, value)) < 1e-6


def joint_of(num_bits: int) -> tuple[JointLikelihood, Posterior]:
    """A likelihood with every kind of number in it, and a posterior away from its prior."""
    known = Posterior.of(DevicePrior(pair_flips=True, turns=True))
    circuit = DeviceCircuit(program=program_of(asymmetric(num_bits)))
    start = Dictionary.without_errors(ideal_law(circuit.program), error_groups(circuit.program))
    shares = np.ones(len(start.groups)) / len(start.groups)
    drawn = Round(numbers=(200, 100), shares=shares)
    laws = DrawnLaws(
        circuit=circuit,
        dictionary=start.extended(circuit.program, drawn, np.random.default_rng(1)),
        angles=STRAIGHT,
    )
    shots = Shots.from_bits(bitorder.all_bits(num_bits), np.arange(1, (1 << num_bits) + 1))
    own = CircuitLikelihood(laws, shots, circuit.numbers(known.prior))
    joint = JointLikelihood([own], known)
    moved = np.random.default_rng(2).normal(size=len(joint.known.parameters)) / 5
    return joint, joint.posterior(moved)


def test_the_gradient_and_the_slopes_are_those_of_the_log_likelihood() -> None:
    joint, known = joint_of(3)
    own = joint.likelihoods[0]
    values = torch.from_numpy(known.values(own.numbers)).requires_grad_()
    (gradient,) = torch.autograd.grad((own.counts * own.log_seen(values)).sum(), values)
    slopes = own.slopes(values.detach().numpy())
    assert np.allclose(slopes @ own.counts.numpy(), gradient.numpy(), rtol=0.01, atol=0.01)
    step = 1e-5 * np.random.default_rng(3).normal(size=len(known.mean))
    ahead, behind = joint.surprise(known.mean + step), joint.surprise(known.mean - step)
    total = joint._surprise(known.mean)[1]
    assert abs((ahead - behind) / 2 - total @ step) < 1e-3 * abs(total @ step) + 1e-6


def test_a_law_put_right_of_which_nothing_is_left_has_finite_slopes() -> None:
    """As where a search steps to rates of thousands, and histories that count against prevail."""
    joint, known = joint_of(2)
    own = joint.likelihoods[0]
    own._anchor = torch.ones(4, dtype=torch.float64), torch.full((4,), -2.0, dtype=torch.float64)
    values = torch.from_numpy(known.values(own.numbers)).requires_grad_()
    seen = own.log_seen(values).sum()
    (gradient,) = torch.autograd.grad(seen, values)
    assert seen.isfinite()
    assert gradient.isfinite().all()


def test_the_law_is_that_of_the_seen_strings_and_sums_to_one() -> None:
    joint, known = joint_of(3)
    law = joint.likelihoods[0].law(known.values(joint.likelihoods[0].numbers))
    assert np.allclose(np.log(law), joint.log_seen(known.mean)[0], atol=1e-9)
    assert abs(law.sum() - 1) < 1e-5


def test_numbers_are_named_by_the_qubits_of_the_device() -> None:
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(9, 2)
    circuit.sx(7)
    circuit.cz(7, 3)
    circuit.measure([7, 3], [0, 1])
    named = DeviceCircuit(program=program_of(circuit)).numbers(DevicePrior(pair_flips=True))
    assert {number.qubits for number in named if number.kind == "pauli2"} == {(3, 7)}
    assert [number.qubits for number in named if number.kind == "one_given_zero"] == [(7,), (3,)]
    assert Number("pair_flip", (3, 7)) in named


def test_agreement_has_its_false_alarms_and_power() -> None:
    """p-values of 200 sets are uniform (Kolmogorov-Smirnov, false alarm 1e-6); 20 % off fails."""
    from scipy.stats import kstest

    law = np.random.default_rng(1).dirichlet(np.ones(64))
    right = qdiff.Distribution(probabilities=law)
    found = [agreement(law, right.sample(2000, seed=seed)) for seed in range(200)]
    assert kstest([each.p_value for each in found], "uniform").pvalue > 1e-6
    assert abs(np.mean([each.excess / each.standard_error for each in found])) < 0.5
    wrong = law * np.random.default_rng(2).choice([0.8, 1.2], size=64)
    assert agreement(wrong / wrong.sum(), right.sample(20_000, seed=1)).p_value < 1e-6
