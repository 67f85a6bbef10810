"""The exact law at known rates, and histories that are put right by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from asymmetric_circuits import asymmetric
from noisy_pairs import kl

import qdiff
from qdiff import NoiseSpec
from qdiff.noise.rates import QubitNoise
from qdiff.noise_learning.drawn_laws import DrawnLaws
from qdiff.noise_learning.exact_law import exact_law
from qdiff.noise_learning.learn import learn_noise
from qdiff.noise_learning.learned_noise import LearnedNoise
from qdiff.noise_learning.likelihood import CircuitLikelihood, anchored
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prior import DevicePrior
from qdiff.noise_learning.update import device_circuit

RELAXING = NoiseSpec(
    p1=0.0, p2=0.0, t1=20e-6, t2=25e-6, time1=30e-9, time2=300e-9, readout=(0.01, 0.03)
)
TAUGHT = ("ansatz:4,seed=1", "brickwork:4,depth=8,seed=1", "xy:4")
FEW = 3e6


def test_it_is_none_where_it_takes_longer_than_it_may() -> None:
    known = Posterior.of(DevicePrior(start=RELAXING))
    circuit = device_circuit(asymmetric(4), known)
    rates = np.exp(known.values(circuit.rates))
    assert exact_law(circuit, rates, (0, 0, 0), 1.0) is None


def test_histories_that_are_put_right_give_the_exact_law_there_and_near_it() -> None:
    """Few of them: far off by themselves, close at rates a third higher once they are anchored."""
    known = Posterior.of(DevicePrior(start=RELAXING.scaled(3)))
    circuit = device_circuit(asymmetric(4), known)
    numbers = circuit.numbers(known.prior)
    known = known.widened(numbers)
    drawn = DrawnLaws.without_errors(circuit, known.angles)
    drawn = drawn.with_histories(known, 2e5, np.random.default_rng(1))
    shots = qdiff.exact(asymmetric(4), RELAXING).sample(10, seed=1)
    plain = CircuitLikelihood(drawn, shots, numbers)
    right = CircuitLikelihood(anchored(drawn, plain, known, FEW), shots, numbers)
    for factor, most in ((1.0, 1e-12), (4 / 3, 1e-3)):
        values = known.values(numbers)
        values[: len(circuit.groups)] += np.log(factor)
        rates = circuit.net @ np.exp(values[: len(circuit.groups)])
        truth = exact_law(circuit, rates, (0, 0, 0), FEW)
        assert truth is not None
        by_both = [each.before_readout(torch.from_numpy(values)).numpy() for each in (plain, right)]
        assert kl(truth, by_both[1]) < most
        assert kl(truth, by_both[0]) > 5 * kl(truth, by_both[1])


@pytest.mark.slow
def test_gates_on_one_qubit_are_found_to_be_short(tmp_path: Path) -> None:
    pairs = [(c, qdiff.exact(c, RELAXING).sample(50_000, seed=k)) for k, c in enumerate(TAUGHT)]
    learned = learn_noise(pairs, seed=1, operations=FEW)
    time = learned.posterior.prior.one_qubit_time
    assert time in (0.1, 0.2)
    learned.save(tmp_path / "device.safetensors")
    assert LearnedNoise.load(tmp_path / "device.safetensors").to_spec() == learned.to_spec()
    spec = learned.to_spec()
    assert spec.time1 is not None
    assert spec.time2 is not None
    assert abs(spec.time1 / spec.time2 - time) < 1e-12


@pytest.mark.slow
def test_shots_improve_on_a_calibration_that_is_off() -> None:
    """Of a device whose gates differ in length, per qubit; mean KL over two draws of being off."""
    truth = replace(
        RELAXING,
        p1=1e-3,
        p2=8e-3,
        num_qubits=4,
        qubits={q: QubitNoise(readout=(0.01 + 0.01 * q, 0.02), t2=35e-6) for q in range(4)},
    )
    pairs = [(c, qdiff.exact(c, truth).sample(10_000, seed=k)) for k, c in enumerate(TAUGHT)]
    law = qdiff.exact("heisenberg:4", truth).probabilities
    before, after = [], []
    for seed in (1, 2):
        draw = np.random.default_rng(seed)
        off = replace(
            truth,
            p2=8e-3 * 2 ** draw.uniform(-1, 1),
            qubits={
                q: replace(own, readout=tuple(np.array(own.readout) * 2 ** draw.uniform(-1, 1, 2)))
                for q, own in truth.qubits.items()
            },
        )
        before.append(kl(law, qdiff.exact("heisenberg:4", off).probabilities))
        learned = learn_noise(pairs, start=off, seed=seed, operations=FEW)
        after.append(kl(law, learned.predict("heisenberg:4").distribution().probabilities))
    assert np.mean(after) < 0.2 * np.mean(before)


def test_plausible_laws_are_finite_where_phase_errors_cancel() -> None:
    """T2 = T1: the resets' own dephasing is all there is, and other rates leave some over."""
    even = replace(RELAXING, t2=RELAXING.t1)
    known = LearnedNoise(posterior=Posterior.of(DevicePrior(start=even)), lessons=())
    laws = known.plausible_laws(asymmetric(4), draws=32, seed=1, operations=FEW)
    assert np.isfinite(laws).all()
    assert np.allclose(laws.sum(axis=1), 1)
