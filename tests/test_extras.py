"""Fake backends and MQT Bench circuits where the extras are there; what is said where not."""

from __future__ import annotations

import sys

import pytest
from qiskit.providers.fake_provider import GenericBackendV2

import qdiff
from qdiff import InputError, NoiseSpec
from qdiff.circuit.measurement import is_dynamic


@pytest.fixture
def no_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("qiskit_ibm_runtime", "qiskit_ibm_runtime.fake_provider", "mqt", "mqt.bench"):
        monkeypatch.setitem(sys.modules, package, None)


@pytest.mark.usefixtures("no_extras")
def test_missing_extras_are_named() -> None:
    with pytest.raises(InputError, match=r"pip install 'qdiff-sampler\[ibm\]'"):
        NoiseSpec.parse("fake_torino")
    with pytest.raises(InputError, match=r"pip install 'qdiff-sampler\[mqt\]'"):
        qdiff.load_circuit("mqt:ghz:4")


def test_a_generic_backend_needs_no_extra() -> None:
    noise = NoiseSpec.from_backend(GenericBackendV2(3, seed=1))
    assert noise.num_qubits == 3
    assert qdiff.simulate("ghz:3", noise, shots=50, seed=1).num_shots == 50


class TestFakeBackends:
    @pytest.fixture(autouse=True)
    def _needs_the_extra(self) -> None:
        pytest.importorskip("qiskit_ibm_runtime", reason="needs the extra 'ibm'")

    def test_noise_by_name(self) -> None:
        noise = NoiseSpec.parse("fake_torino")
        assert (noise.name, noise.num_qubits) == ("fake_torino", 133)
        assert 1e-3 < (noise.p2 or 0) < 3e-2
        assert NoiseSpec.from_dict(noise.to_dict()) == noise

    def test_an_unknown_name_gets_a_hint(self) -> None:
        with pytest.raises(InputError, match="fake_torino"):
            NoiseSpec.parse("fake_turino")


class TestMQTBench:
    @pytest.fixture(autouse=True)
    def _needs_the_extra(self) -> None:
        pytest.importorskip("mqt.bench", reason="needs the extra 'mqt'")

    @pytest.mark.parametrize("family", ["ghz:3", "qaoa:4", "wstate:3", "draper_qft_adder:4"])
    def test_circuits_are_measured_and_run(self, family: str) -> None:
        circuit = qdiff.load_circuit(f"mqt:{family}")
        assert circuit.num_clbits > 0
        assert qdiff.simulate(circuit, shots=20, seed=1).num_shots == 20
        assert qdiff.circuit_hash(circuit) == qdiff.circuit_hash(
            qdiff.load_circuit(f"mqt:{family}")
        )

    def test_dynamic_circuits_stay_dynamic(self) -> None:
        circuit = qdiff.load_circuit("mqt:ghz_dynamic:4")
        assert is_dynamic(circuit)
        assert [register.name for register in circuit.cregs] == [
            "final_measurement",
            "mid_measurement",
        ]
        counts = qdiff.simulate(circuit, shots=50, seed=1).to_counts()
        assert {key.split()[1] for key in counts} == {"0000", "1111"}

    @pytest.mark.parametrize("text", ["mqt:gzh:4", "mqt:ghz", "mqt:ghz:x", "mqt:shor:5"])
    def test_what_is_not_there_is_refused(self, text: str) -> None:
        with pytest.raises(InputError, match=r"MQT Bench"):
            qdiff.load_circuit(text)
