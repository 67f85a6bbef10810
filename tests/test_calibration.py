"""Readout errors from calibration shots and from mthree's files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import qdiff
from qdiff import InputError, NoiseSpec, Shots
from qdiff.noise import calibration

RATES = {0: (0.01, 0.06), 1: (0.03, 0.02), 2: (0.0, 0.1)}


@pytest.mark.statistical
def test_rates_are_found_again_from_simulated_shots() -> None:
    truth = NoiseSpec(
        p1=0.0,
        p2=0.0,
        qubits={q: qdiff.noise.QubitNoise(readout=rates) for q, rates in RATES.items()},
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


def test_bits_are_mapped_to_qubits_and_the_base_is_kept() -> None:
    zeros, ones = Shots.from_counts({"00": 98, "10": 2}), Shots.from_counts({"11": 90, "10": 10})
    base = NoiseSpec.parse("depolarizing:p1=1e-3,p2=1e-2,readout=0.5,num_qubits=9")
    spec = calibration.from_shots(zeros, ones, qubits=[7, 4], base=base)
    assert spec.readout_of(7) == (0.0, pytest.approx(0.1))
    assert spec.readout_of(4) == (pytest.approx(0.02), 0.0)
    assert spec.readout_of(0) == (0.5, 0.5)
    assert (spec.p1, spec.p2, spec.num_qubits) == (1e-3, 1e-2, 9)
    assert NoiseSpec.from_dict(spec.to_dict()) == spec


def test_mthrees_json_old_and_new(tmp_path: Path) -> None:
    cals = [[[0.98, 0.05], [0.02, 0.95]], None, [[1.0, 0.1], [0.0, 0.9]]]
    document = {"timestamp": None, "backend": "b", "shots": 100, "cals": cals}
    path = tmp_path / "cals.json"
    for content in (document, cals):
        path.write_text(json.dumps(content))
        spec = calibration.from_mthree(path)
        assert spec.readout_of(0) == (0.02, 0.05)
        assert spec.readout_of(1) == (0.0, 0.0)
        assert spec.readout_of(2) == (0.0, 0.1)
        assert spec.num_qubits == 3


def test_mthree_itself_writes_what_is_read(tmp_path: Path) -> None:
    mthree = pytest.importorskip("mthree", reason="needs mthree")
    mitigation = mthree.M3Mitigation()
    mitigation.cals_from_matrices(
        [np.array([[0.97, 0.04], [0.03, 0.96]], dtype=np.float32) for _ in range(2)]
    )
    mitigation.cals_to_file(str(tmp_path / "cals.json"))
    spec = calibration.from_mthree(tmp_path / "cals.json")
    assert spec.readout_of(1) == (pytest.approx(0.03, abs=1e-7), pytest.approx(0.04, abs=1e-7))


def test_what_is_no_calibration_is_refused(tmp_path: Path) -> None:
    one, two = Shots.from_counts({"0": 1}), Shots.from_counts({"00": 1})
    for call, message in (
        (lambda: calibration.from_shots(one, two), "1 and 2 bits"),
        (lambda: calibration.from_shots(one.split(0.0, seed=1)[0], one), "no calibration shots"),
        (lambda: calibration.from_shots(two, two, qubits=[3, 3]), "distinct qubits"),
        (lambda: calibration.from_mthree({"cals": []}), "no list 'cals'"),
        (lambda: calibration.from_mthree({"cals": [None]}), "covers no qubit"),
        (lambda: calibration.from_mthree([[[0.5, 0.5], [0.6, 0.5]]]), "qubit 0"),
        (lambda: calibration.from_mthree([[["a", 0.5], [0.6, 0.5]]]), "confusion"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    (tmp_path / "x").write_text("[" * 100_000)
    with pytest.raises(InputError, match="no JSON"):
        calibration.from_mthree(tmp_path / "x")


def test_swapped_files_and_vast_numbers_are_refused() -> None:
    zeros, ones = Shots.from_counts({"00": 97, "01": 3}), Shots.from_counts({"11": 95, "10": 5})
    with pytest.raises(InputError, match="swapped"):
        calibration.from_shots(ones, zeros)
    with pytest.raises(InputError, match="no 2 x 2 confusion matrix"):
        calibration.from_mthree({"cals": [[[10**400, 0], [0, 1]]]})
