"""Shots of a circuit with free parameters at many points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qdiff import InputError, NoiseSpec, simulate_family
from qdiff.noise.rates import EdgeNoise, QubitNoise

QASM = """OPENQASM 3.0;
include "stdgates.inc";
input angle b;
input angle a;
qubit[2] q;
bit[2] c;
ry(a) q[0];
rx(b) q[1];
c = measure q;
"""
POINTS = [[0.0, np.pi], [np.pi, 0.0]]


def template() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.ry(Parameter("a"), 0)
    circuit.rx(Parameter("b"), 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def test_columns_are_the_parameters_in_the_circuits_order(tmp_path: Path) -> None:
    path = tmp_path / "template.qasm"
    path.write_text(QASM)
    for source in (template(), path):
        family = simulate_family(source, POINTS, shots=50, seed=1)
        assert family.names == ("a", "b")
        assert [shots.to_counts() for shots in family.shots] == [{"10": 50}, {"01": 50}]


def test_strengths_multiply_the_noise() -> None:
    noise = NoiseSpec(p1=0.0, readout=(0.0, 0.1))
    points = [[np.pi, 0.0]] * 3
    strengths = [0.001, 1, 5]
    family = simulate_family(template(), points, noise, strengths=strengths, shots=4000, seed=2)
    lost = [shots.to_counts().get("00", 0) / 4000 for shots in family.shots]
    assert lost == pytest.approx([0.0001, 0.1, 0.5], abs=0.04)
    listed = [noise.scaled(strength) for strength in strengths]
    again = simulate_family(template(), points, listed, strengths=strengths, shots=4000, seed=2)
    assert again.shots == family.shots


def test_noise_is_scaled_everywhere() -> None:
    noise = NoiseSpec(
        p2=0.01,
        t1=1.0,
        time1=2.0,
        qubits={1: QubitNoise(readout=(0.1, 0.2), t1=3.0)},
        edges={(0, 1): EdgeNoise(p2=0.2)},
    )
    found = noise.scaled(2)
    assert (found.p2, found.t1, found.time1, found.p1) == (0.02, 0.5, 2.0, None)
    assert found.qubits[1] == QubitNoise(readout=(0.2, 0.4), t1=1.5)
    assert found.edges[0, 1].p2 == 0.4
    for factor in (0, -1, np.nan, "2", 6):
        with pytest.raises(InputError, match=r"positive number|is too large"):
            noise.scaled(factor)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"points": [[0.1]]}, r"shape \(k, 2\), a column for each of a, b"),
        ({"points": [0.1, 0.2]}, r"shape \(k, 2\)"),
        ({"points": np.zeros((0, 2))}, r"shape \(k, 2\)"),
        ({"points": [[0.1, np.nan]]}, "finite"),
        ({"strengths": [1, 2]}, "as many strengths"),
        ({"noise": [NoiseSpec()]}, "one for each, and strengths"),
        ({"template": "ghz:2"}, "no free parameters"),
        ({"shots": 0}, "positive whole number"),
    ],
)
def test_what_does_not_fit_is_refused(changed, message: str) -> None:
    given = {"template": template(), "points": [[0.1, 0.2]], **changed}
    with pytest.raises(InputError, match=message):
        simulate_family(**given)


@pytest.mark.parametrize("noise", [None, "light"])
@pytest.mark.parametrize("strengths", [[0, 1], [np.nan, 1], [-1, 1]])
def test_strengths_are_refused_before_the_work(noise: str | None, strengths: list[float]) -> None:
    with pytest.raises(InputError, match="strengths must be positive"):
        simulate_family(template(), [[0.1, 0.2]] * 2, noise, strengths=strengths, shots=10**9)
