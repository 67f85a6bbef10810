"""Readout errors that shots were simulated with are found again."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from calibration_jobs import DEVICE, assert_device, calibrate, device_circuits, job

import qdiff
from qdiff import NoiseSpec, Register, Shots
from qdiff.noise import calibration
from qdiff.noise.rates import QubitNoise

RATES = {0: (0.01, 0.06), 1: (0.03, 0.02), 2: (0.0, 0.1)}


def test_rates_are_found_again_from_simulated_shots() -> None:
    truth = NoiseSpec(
        p1=0.0,
        p2=0.0,
        qubits={q: QubitNoise(readout=rates) for q, rates in RATES.items()},
    )
    number = 40_000
    zeros, ones = (
        qdiff.simulate(circuit, truth, shots=number, seed=seed)
        for seed, circuit in enumerate(calibration.calibration_circuits(3))
    )
    spec = calibration.from_shots(zeros, ones)
    for qubit, rates in RATES.items():
        for found, rate in zip(spec.readout_of(qubit), rates, strict=True):
            # 5.5 standard errors: a false alarm of 4e-8 for each of six
            assert abs(found - rate) <= 5.5 * math.sqrt(rate * (1 - rate) / number)
    assert (spec.p1, spec.p2) == (0, 0)


def test_from_one_job_to_the_qubits_of_a_device(tmp_path: Path) -> None:
    """The circuit that ran says which qubit each bit reads; --qubits says it too."""
    other = Shots.from_counts({"0 111": 3}, registers=[Register("meas", 3), Register("spare", 1)])
    source, out = job(tmp_path, first=(other,)), tmp_path / "readout.toml"
    where = ("--circuit", tmp_path / "ones.qpy"), ("--qubits", "5,3,6", "--only", "meas")
    for options in where:
        calibrate(source, "--pub", "1,2", *options, "--out", out, "--force")
        spec = NoiseSpec.load(out)
        assert_device(spec, DEVICE)
        assert spec.num_qubits == 7
    calibrate(source, source, "--pub", "1,2", "--only", "0-1", "--out", out, "--force")
    rates = [*DEVICE.values()]
    assert_device(NoiseSpec.load(out), {0: rates[0], 1: rates[1]})
    calibrate(
        *(source, "--pub", "1,2", "--only", "2", "--circuit", tmp_path / "ones.qpy"),
        *("--base", "depolarizing:p1=0,p2=1e-2,readout=0.5,num_qubits=9", "--out", out),
        "--force",
    )
    spec = NoiseSpec.load(out)
    assert (spec.p2, spec.num_qubits, spec.readout_of(5)) == (1e-2, 9, (0.5, 0.5))
    assert_device(spec, {6: DEVICE[6]})
    # what was measured is what a circuit on these qubits then sees
    circuit = device_circuits()[1]
    law = qdiff.exact(circuit, spec)
    assert law.probabilities[0b0111] == pytest.approx(0.25 * (1 - spec.readout_of(6)[1]))
