"""A sampler that has learned a device's noise answers circuits that never ran."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from noisy_pairs import noisy_pairs
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

import qdiff
from qdiff import InputError, LearnedNoise, OnDemand, SurrogateSampler, learn_noise
from qdiff.primitives import answers


@pytest.fixture(scope="module")
def learned() -> LearnedNoise:
    return learn_noise(noisy_pairs(2000), seed=3, operations=2e5)


def rotated() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.ry(Parameter("a"), 0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def test_any_parameters_are_answered_without_a_fit(learned: LearnedNoise) -> None:
    """Shots are drawn from what `predict` says of each binding."""
    sampler = SurrogateSampler(noise=learned, seed=1)
    angles = [0.0, 1.0, 3.1]
    result = sampler.run([(rotated(), angles)], shots=20_000).result()[0]
    assert result.metadata["qdiff"]["matched_by"] == ["predicted"]
    ones = [result.data.meas[place].get_counts().get("11", 0) / 20_000 for place in range(3)]
    wanted = [
        float(learned.predict(rotated().assign_parameters([a])).distribution().probabilities[3])
        for a in angles
    ]
    assert np.abs(np.array(ones) - wanted).max() < 5 * 0.5 / 20_000**0.5
    assert ones[0] < 0.05 < 0.9 < ones[2]


def test_a_long_loop_keeps_few_predictions(
    learned: LearnedNoise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_PREDICTIONS", 3)
    sampler = SurrogateSampler(noise=learned, seed=1)
    sampler.run([(rotated(), np.linspace(0, 1, 5))], shots=1).result()
    assert len(sampler._answers._fits) == 3


def test_predictions_are_kept_in_a_cache(tmp_path: Path, learned: LearnedNoise) -> None:
    bound = rotated().assign_parameters([0.3])
    wish = OnDemand(noise=learned, cache=tmp_path)
    first = wish.surrogate(bound)
    (kept,) = tmp_path.glob("*.safetensors")
    again = qdiff.Surrogate.load(kept)
    laws = [each.distribution().probabilities for each in (first, again, wish.surrogate(bound))]
    assert (laws[0] == laws[1]).all()
    assert (laws[0] == laws[2]).all()
    other = learned.add(noisy_pairs(500)[:1], operations=2e5)
    OnDemand(noise=other, cache=tmp_path).surrogate(bound)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def test_noise_twice_is_refused(learned: LearnedNoise) -> None:
    with pytest.raises(InputError, match="not both"):
        SurrogateSampler(noise=learned, on_demand=OnDemand(noise="light"))
