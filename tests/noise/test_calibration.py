"""Readout errors from calibration shots and from mthree's files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from calibration_jobs import DEVICE, assert_device, calibrate, job
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Clbit
from qiskit.primitives import StatevectorSampler

from qdiff import InputError, NoiseSpec, Shots
from qdiff.cli import main as cli
from qdiff.files.qiskit_results import from_qiskit
from qdiff.noise import calibration


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


# ------------------------------------------------------------------------- from a device's job


def test_a_job_of_two_results_needs_no_pub(tmp_path: Path) -> None:
    calibrate(job(tmp_path), "--only", "meas", "--out", tmp_path / "readout.json")
    assert_device(NoiseSpec.load(tmp_path / "readout.json"), dict(enumerate(DEVICE.values())))


def test_wrong_choices_are_refused(tmp_path: Path) -> None:
    source, out = job(tmp_path), tmp_path / "x.toml"
    counts = tmp_path / "counts.json"
    counts.write_text(json.dumps({"01": 5, "10": 5}))
    (tmp_path / "cals.json").write_text(json.dumps([[[0.98, 0.05], [0.02, 0.95]]]))
    ones = tmp_path / "ones.qpy"
    for arguments, message in (
        ((source, "--pub", "0"), "--pub names"),
        ((source, "--pub", "0,5"), "no pub 5"),
        ((source, "--pub", "0,0"), "one set of shots"),
        ((source, "--pub", "1,0", "--only", "meas"), "swapped"),
        ((source, "--only", "flags"), r"name registers \(meas, spare\)"),
        ((source, "--only", "9"), "bits 0 to 3"),
        ((source, "--only", "0,0"), "each once"),
        ((source, "--only", "0-1", "--qubits", "4"), "distinct qubits"),
        ((source, "--only", "0-1", "--qubits", "4,x"), "--qubits must look"),
        ((source, "--only", "3", "--circuit", ones), "nothing into bit 3"),
        ((source, "--qubits", "5,3,6", "--circuit", ones), "say the same"),
        ((counts,), "one set of shots"),
        ((counts, counts, counts), "give the shots of"),
        ((tmp_path / "cals.json", "--qubits", "1"), "by qubit"),
    ):
        with pytest.raises(InputError, match=message):
            calibrate(*arguments, "--out", out)
    assert not out.exists()


def test_swapped_files_and_vast_numbers_are_refused() -> None:
    zeros, ones = Shots.from_counts({"00": 97, "01": 3}), Shots.from_counts({"11": 95, "10": 5})
    with pytest.raises(InputError, match="swapped"):
        calibration.from_shots(ones, zeros)
    with pytest.raises(InputError, match="no 2 x 2 confusion matrix"):
        calibration.from_mthree({"cals": [[[10**400, 0], [0, 1]]]})


@pytest.mark.parametrize(
    ("zeros", "ones", "message"),
    [
        ({"00": 97, "01": 3}, {"00": 97, "01": 3}, "bit 0, 1 reads alike"),
        ({"00": 97, "01": 3}, {"11": 5, "01": 95}, "bit 1 reads alike"),
        ({"00": 55, "01": 45}, {"11": 50, "10": 50}, "bit 0 reads alike"),
    ],
    ids=["one state twice", "a dead bit", "within its error"],
)
def test_bits_that_say_nothing_are_refused(zeros, ones, message) -> None:
    with pytest.raises(InputError, match=message):
        calibration.from_shots(Shots.from_counts(zeros), Shots.from_counts(ones))


def test_the_circuit_says_which_qubit_each_bit_of_a_job_reads() -> None:
    """Registers need not come in the order of the bits that they hold."""
    bits = [Clbit(), Clbit(), Clbit()]
    circuit = QuantumCircuit(QuantumRegister(6), bits)
    circuit.add_register(ClassicalRegister(bits=[bits[2]], name="late"))
    circuit.add_register(ClassicalRegister(bits=bits[:2], name="early"))
    circuit.measure([5, 3, 4], bits)
    assert calibration.qubits_read(circuit) == {0: 4, 1: 5, 2: 3}
    ready = circuit.copy_empty_like()
    ready.x(4)
    ready.measure([5, 3, 4], bits)
    result = StatevectorSampler(seed=1).run([ready], shots=5).result()
    assert from_qiskit(result).bits.tolist() == [[1, 0, 0]]


@pytest.mark.parametrize("readout", ["2E-2", "0.02/3e-2", "1.5e-2/2E-02"])
def test_rates_may_have_exponents(readout: str, tmp_path: Path) -> None:
    shots, out = tmp_path / "shots.json", tmp_path / "model.safetensors"
    shots.write_text(json.dumps({"0": 90, "1": 10}))
    arguments = ["mitigate", str(shots), "--readout", readout, "--out", str(out)]
    cli.app(arguments, standalone_mode=False)
    assert out.exists()
