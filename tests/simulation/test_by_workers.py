"""Trajectories and points of a family: the same bits, whoever simulates them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from losing_workers import LosingOne
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qdiff import Distribution, InputError, LocalProcesses, simulate_family, trajectories
from qdiff.executors.engine import Engine
from qdiff.simulation import grouped_shots
from qdiff.simulation.grouped_shots import GROUPING


def engines(tmp_path: Path) -> list[Engine]:
    return [LocalProcesses(workers=2), LosingOne(note=tmp_path / "killed")]


@pytest.mark.parametrize("engine", ["aer", pytest.param(GROUPING, marks=pytest.mark.slow)])
def test_trajectories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    if engine == GROUPING:
        monkeypatch.setattr(grouped_shots, "_START", 0.0)
        monkeypatch.setattr(grouped_shots, "_AT_LEAST", 0.0)

    def found(executor: Engine | None, seed: int = 1) -> Distribution:
        return trajectories(
            "brickwork:6,depth=4", "heavy", samples=400, seed=seed, executor=executor
        )

    here = found(None)
    assert here.provenance["engine"] == engine
    for executor in engines(tmp_path):
        there = found(executor)
        assert there.probabilities.tobytes() == here.probabilities.tobytes()
        assert there.standard_error.tobytes() == here.standard_error.tobytes()
    assert (tmp_path / "killed").exists()
    assert not np.array_equal(found(None, seed=2).probabilities, here.probabilities)


def test_points_of_a_family(tmp_path: Path) -> None:
    circuit = QuantumCircuit(3)
    for qubit in range(3):
        circuit.ry(Parameter(f"a{qubit}"), qubit)
    circuit.cx(0, 1)
    circuit.measure_all()
    points = np.random.default_rng(1).uniform(0, 3, (5, 3))
    here = simulate_family(circuit, points, "heavy", shots=200, seed=1)
    for executor in engines(tmp_path):
        there = simulate_family(circuit, points, "heavy", shots=200, seed=1, executor=executor)
        assert there.shots == here.shots
    assert (tmp_path / "killed").exists()


def test_an_executor_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="executor"):
        trajectories("ghz:2", "light", samples=4, executor="local")
