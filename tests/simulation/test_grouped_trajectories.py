"""Trajectories with the same errors simulated once: their law, errors, choice and memory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from asymmetric_circuits import SPARE_BITS_NOISE, crosswise_with_spare_bits, random_circuit
from qiskit import QuantumCircuit

from qdiff import Distribution, NoiseSpec, exact, load_circuit, trajectories
from qdiff.simulation import grouped_shots, grouped_trajectories
from qdiff.simulation.error_patterns import averages, walk
from qdiff.simulation.grouped_shots import GROUPING

RELAXING = NoiseSpec(
    p1=0.02, p2=0.04, t1=1e-4, t2=7e-5, time1=1e-6, time2=5e-6, readout=(0.02, 0.06)
)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouped_shots, "_START", 0.0)
    monkeypatch.setattr(grouped_shots, "_AT_LEAST", 0.0)


def deviations(found: Distribution, law: Distribution) -> np.ndarray:
    assert found.provenance["engine"] == GROUPING
    apart = found.probabilities - law.probabilities
    errors = found.standard_error
    assert errors is not None
    assert np.abs(apart[errors == 0]).max(initial=0) < 1e-9
    return np.asarray(apart[errors > 0] / errors[errors > 0])


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize(
    ("circuit", "noise"),
    [
        (random_circuit(4, 12, seed=2), RELAXING),
        (crosswise_with_spare_bits(), SPARE_BITS_NOISE),
    ],
)
def test_they_agree_with_the_exact_law(circuit: QuantumCircuit, noise: NoiseSpec) -> None:
    law = exact(circuit, noise)
    found = deviations(trajectories(circuit, noise, samples=4000, seed=5), law)
    # 50 batches: Student's t with 49 degrees of freedom, at most 64 entries, false alarm 1e-6
    assert np.abs(found).max() < 6.8
    assert 0.3 < np.sqrt((found**2).mean()) < 2.0
    stronger = exact(circuit, noise.scaled(1.5))
    apart = deviations(trajectories(circuit, noise, samples=4000, seed=5), stronger)
    assert np.abs(apart).max() > 6.8


@pytest.mark.usefixtures("always")
def test_batches_that_do_not_fit_are_walked_one_after_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    circuit, noise = load_circuit("brickwork:5,depth=4"), NoiseSpec(p1=0.01, p2=0.05)
    monkeypatch.setattr(grouped_trajectories, "_TABLES", 7 * (8 << 5))
    monkeypatch.setattr(grouped_trajectories, "_APART", 0.0)
    found = trajectories(circuit, noise, samples=2000, seed=1)
    assert found.provenance["batches"] == 50
    assert np.abs(deviations(found, exact(circuit, noise))).max() < 6.8


@pytest.mark.usefixtures("always")
def test_same_seed_same_law_and_qubits_without_gates() -> None:
    circuit = QuantumCircuit(3)
    circuit.ry(0.4, 1)
    circuit.measure_all()
    first, again, other = (
        trajectories(circuit, "heavy", samples=200, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.probabilities, again.probabilities)
    assert not np.array_equal(first.probabilities, other.probabilities)
    assert np.abs(first.probabilities - exact(circuit, "heavy").probabilities).max() < 0.01


def test_it_is_chosen_where_it_pays() -> None:
    def engine(name: str, noise: str, samples: int) -> object:
        return trajectories(name, noise, samples=samples, seed=1).provenance["engine"]

    assert engine("brickwork:12,depth=6", "light", 3000) == GROUPING
    assert engine("brickwork:6,depth=4", "light", 100) == "aer"
    assert engine("ghz:3", "depolarizing:p1=0,p2=0.1,t1=1e-4,time2=1e-6", 100) == "aer"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.usefixtures("always")
def test_a_graphics_card_finds_the_same_law(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = load_circuit("brickwork:8,depth=6")
    there = trajectories(circuit, RELAXING, samples=500, seed=1)
    for module in (averages, walk):
        monkeypatch.setattr(module, "best_device", lambda: torch.device("cpu"))
    here = trajectories(circuit, RELAXING, samples=500, seed=1)
    assert there.probabilities == pytest.approx(here.probabilities, abs=1e-4)
