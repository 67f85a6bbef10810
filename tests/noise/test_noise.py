"""The schema, its texts, and the channels it puts on gates."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.circuit.library import CXGate, HGate, RXGate, RZZGate, UGate, UnitaryGate
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Operator, SuperOp, average_gate_fidelity, random_unitary
from qiskit.transpiler import InstructionProperties
from qiskit_aer.noise import NoiseModel, depolarizing_error, thermal_relaxation_error

from qdiff.errors import InputError, NoiseWarning
from qdiff.noise.attach import attach_aer_model, attach_noise
from qdiff.noise.channels import fractional_power, gate_error
from qdiff.noise.presets import PRESETS
from qdiff.noise.rates import EdgeNoise, QubitNoise, Relaxation
from qdiff.noise.spec import NoiseSpec

LINE = "depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03"


def detailed() -> NoiseSpec:
    return NoiseSpec(
        name="two 'odd' \"spots\"",
        p1=0.001,
        p2=0.01,
        over_rotation=0.02,
        t1=1e-4,
        t2=8e-5,
        time1=3e-8,
        time2=2e-7,
        readout=(0.02, 0.03),
        virtual_gates=("rz", "p"),
        num_qubits=7,
        qubits={5: QubitNoise(p1=0.02, readout=(0.1, 0.2)), 2: QubitNoise(t1=2e-4)},
        edges={(4, 3): EdgeNoise(p2=0.05, time2=3e-7)},
    )


class TestText:
    def test_the_line_of_the_contract(self) -> None:
        spec = NoiseSpec.parse(LINE)
        assert (spec.p1, spec.p2, spec.readout) == (1e-3, 1e-2, (0.02, 0.03))

    @pytest.mark.parametrize(
        "line",
        [
            LINE,
            "depolarizing:readout=0.02",
            "depolarizing:p1=0,p2=1",
            "depolarizing:t1=1e-4,t2=1.5e-4,time1=3e-8,time2=2e-7,over_rotation=-0.01",
            "depolarizing: p2 = 0.1 , virtual_gates=rz+p, num_qubits=5",
            *PRESETS,
        ],
    )
    def test_round_trip(self, line: str) -> None:
        spec = NoiseSpec.parse(line)
        assert NoiseSpec.parse(str(spec)) == spec
        assert NoiseSpec.parse(spec.to_text()) == spec

    def test_one_readout_number_means_both(self) -> None:
        assert NoiseSpec.parse("depolarizing:readout=0.02").readout == (0.02, 0.02)
        assert NoiseSpec(readout=0.1).readout == (0.1, 0.1)  # type: ignore[arg-type]

    @pytest.mark.parametrize("spec", [detailed(), *map(NoiseSpec.parse, PRESETS)])
    def test_documents_round_trip(self, spec: NoiseSpec, tmp_path: Path) -> None:
        for suffix, text in ((".toml", spec.to_toml()), (".json", spec.to_json())):
            path = tmp_path / f"noise{suffix}"
            path.write_text(text)
            read = NoiseSpec.parse(str(path))
            assert read == spec == NoiseSpec.load(path)
            assert (read.name, read.description) == (spec.name, spec.description)
        assert NoiseSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
        assert tomllib.loads(spec.to_toml()) == spec.to_dict()

    def test_overrides_have_no_line(self) -> None:
        with pytest.raises(InputError, match="to_toml"):
            detailed().to_text()
        assert "2 qubits, 1 edges" in str(detailed())

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("depolarizing:p1=2", r"p1=2.* not a probability"),
            ("depolarizing:p1=-0.1", "not a probability"),
            ("depolarizing:p1=nan", "must be a number"),
            ("depolarizing:p1=x", "not a number"),
            ("depolarizing:p3=0.1", "'p3=0.1' is not one of"),
            ("depolarizing:p1", "is not one of"),
            ("depolarizing:p1=0.1,p1=0.2", "twice"),
            ("depolarizing:readout=0.1/1.2", "1.2 is not a probability"),
            ("depolarizing:readout=a/b", "not a number"),
            ("depolarizing:t1=1e-4,t2=3e-4", "physical limit"),
            ("depolarizing:t1=0", "positive"),
            ("depolarizing:t1=inf", "finite"),
            ("depolarizing:time1=-1", "not negative"),
            ("depolarizing:over_rotation=3", "relative"),
            ("depolarizing:num_qubits=0", "positive whole"),
            ("depolarising:p1=0.1", "unknown noise"),
            ("nowhere.toml", "no file"),
            ("nul\0.toml", "unknown noise"),
            ("x" * 5000, "unknown noise"),
        ],
    )
    def test_mistakes_get_one_line(self, text: str, said: str) -> None:
        with pytest.raises(InputError, match=said) as caught:
            NoiseSpec.parse(text)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("p4 = 0.1", "unknown key 'p4'"),
            ("p1 = 'a'", "must be a number"),
            ("p1 = true", "must be a number"),
            ("readout = [0.1]", "two numbers"),
            ("readout = [0.1, true]", "probability"),
            ("qubits = 3", "table"),
            ("[qubits.a]\np1 = 0.1", "whole number"),
            ("[qubits.0]\np2 = 0.1", "unknown key 'p2'"),
            ("[qubits.0]\np1 = 7", "'0': p1=7"),
            ("t1 = 1e-4\n[qubits.2]\nt2 = 1.0", "qubit 2 has t2=1"),
            ("[edges.0]\np2 = 0.1", "written '0-1'"),
            ("[edges.1-1]\np2 = 0.1", "two different qubits"),
            ("[edges.0-1]\np2 = 0.1\n[edges.1-0]\np2 = 0.2", "twice"),
            ("num_qubits = 2\n[qubits.2]\np1 = 0.1", "2-qubit device"),
            ("virtual_gates = 'rz'", "list of gate names"),
            ("name = 3", "text"),
            ("p1 = = 1", "not a noise file"),
            ("{", "not a noise file"),
            ("{} x", "not a noise file"),
        ],
    )
    def test_broken_documents(self, text: str, said: str, tmp_path: Path) -> None:
        path = tmp_path / "noise.toml"
        path.write_text(text)
        with pytest.raises(InputError, match=said) as caught:
            NoiseSpec.load(path)
        assert "\n" not in str(caught.value)

    def test_not_text_at_all(self, tmp_path: Path) -> None:
        path = tmp_path / "noise.toml"
        path.write_bytes(b"\xff\x00\x80")
        with pytest.raises(InputError, match="not a noise file"):
            NoiseSpec.load(path)


class TestRates:
    def test_overrides_win_and_the_rest_is_as_elsewhere(self) -> None:
        spec = detailed()
        assert spec.on_gate("h", (0,))[0].depolarizing == 0.001
        assert spec.on_gate("h", (5,))[0].depolarizing == 0.02
        assert spec.on_gate("cx", (3, 4)) == spec.on_gate("cx", (3, 4))
        for pair in ((3, 4), (4, 3)):
            assert spec.on_gate("cx", pair)[0].depolarizing == 0.05
        assert spec.readout_of(5) == (0.1, 0.2)
        assert spec.readout_of(0) == (0.02, 0.03)
        assert spec.on_gate("h", (2,))[0].relaxation == (Relaxation(2e-4, 8e-5, 3e-8),)
        assert spec.on_gate("rz", (0,))[0].is_ideal

    def test_t1_alone_means_no_pure_dephasing_and_t2_alone_nothing_else(self) -> None:
        assert NoiseSpec(t1=1.0).relaxation(0, 0.5) == (Relaxation(1.0, 2.0, 0.5),)
        assert NoiseSpec(t2=1.0).relaxation(0, 0.5) == (Relaxation(np.inf, 1.0, 0.5),)
        assert NoiseSpec(p1=0.1).relaxation(0, 0.5) == ()

    def test_sizes(self) -> None:
        with pytest.raises(InputError, match="names qubit 5 but the circuit has qubits 0 to 3"):
            attach_noise(QuantumCircuit(4), NoiseSpec(qubits={5: QubitNoise(p1=0.1)}))
        with pytest.raises(InputError, match="describes 7"):
            attach_noise(QuantumCircuit(8), detailed())

    @pytest.mark.parametrize(
        ("name", "one", "two"),
        [
            ("superconducting", 7.28e-4, 7.19e-3),
            ("superconducting_best", 2.30e-4, 1.80e-3),
            ("trapped_ion", 5.0e-4, 4.0e-3),
        ],
    )
    def test_presets_have_the_documented_infidelities(
        self, name: str, one: float, two: float
    ) -> None:
        for qubits, wanted in (((0,), one), ((0, 1), two)):
            error = gate_error(NoiseSpec.parse(name).on_gate("cx", qubits)[0], len(qubits))
            assert 1 - average_gate_fidelity(error) == pytest.approx(wanted, rel=0.02)


class TestFractionalPower:
    @pytest.mark.parametrize("angle", [0.3, -1.2, 3.0, np.pi, -np.pi])
    def test_rotations_turn_further(self, angle: float) -> None:
        for gate, more in ((RXGate(angle), RXGate(1.1 * angle)), (RZZGate(angle), None)):
            more = more or RZZGate(1.1 * angle)
            assert Operator(fractional_power(gate.to_matrix(), 1.1)).equiv(Operator(more))

    @pytest.mark.parametrize("size", [2, 4])
    def test_power_laws_and_global_phase(self, size: int) -> None:
        for seed in range(5):
            unitary = random_unitary(size, seed=seed).data
            half = fractional_power(unitary, 0.5)
            assert Operator(half @ half).equiv(Operator(unitary))
            assert np.allclose(half.conj().T @ half, np.eye(size))
            turned = fractional_power(np.exp(1.9j) * unitary, 0.3)
            assert Operator(turned).equiv(Operator(fractional_power(unitary, 0.3)), atol=1e-9)

    def test_degenerate_gates(self) -> None:
        for gate in (HGate(), CXGate()):
            third = fractional_power(gate.to_matrix(), 1 / 3)
            assert Operator(third @ third @ third).equiv(Operator(gate))
        assert np.allclose(fractional_power(np.eye(4, dtype=complex), 0.7), np.eye(4))


class TestAttach:
    def test_every_gate_counts_once_whatever_its_name(self) -> None:
        inner = QuantumCircuit(2, name="mine")
        inner.h(0)
        inner.cx(0, 1)
        circuit = QuantumCircuit(3)
        circuit.append(inner.to_gate(), [2, 0])
        circuit.append(UnitaryGate(random_unitary(2, seed=1)), [1])
        circuit.iswap(0, 1)
        circuit.id(2)
        circuit.barrier()
        noisy = attach_noise(circuit, NoiseSpec.parse(LINE))
        labels = [step.operation.label for step in noisy.circuit.data]
        assert noisy.num_gates == 4
        assert [noisy.errors[label].num_qubits for label in labels] == [2, 1, 2, 1]
        assert Operator(noisy.circuit).equiv(Operator(circuit))

    def test_gates_on_three_qubits_are_decomposed_as_they_are_defined(self) -> None:
        circuit = QuantumCircuit(3)
        circuit.ccx(0, 1, 2)
        noisy = attach_noise(circuit, NoiseSpec.parse(LINE))
        assert noisy.num_gates == len(circuit.decompose().data)
        assert all(step.operation.label for step in noisy.circuit.data)

    def test_a_name_that_means_something_else(self) -> None:
        impostor = Gate("x", 1, [])
        impostor.definition = QuantumCircuit(1)
        impostor.definition.h(0)
        circuit = QuantumCircuit(1)
        circuit.append(impostor, [0])
        assert Operator(attach_noise(circuit).circuit).equiv(HGate())

    def test_clifford_gates_stay_recognisable(self) -> None:
        circuit = QuantumCircuit(2)
        circuit.h(0)
        circuit.cx(0, 1)
        noisy = attach_noise(circuit, NoiseSpec.parse(LINE))
        assert [step.operation.name for step in noisy.circuit.data] == ["h", "cx"]
        assert noisy.is_pauli

    def test_gates_inside_control_flow(self) -> None:
        circuit = QuantumCircuit(3, 1)
        circuit.measure(0, 0)
        with circuit.if_test((0, 1)):
            circuit.x(2)
        spec = NoiseSpec(p1=0.1, qubits={2: QubitNoise(p1=0.3)})
        noisy = attach_noise(circuit, spec)
        (inner,) = noisy.circuit.data[1].operation.blocks[0].data
        assert SuperOp(noisy.errors[inner.operation.label]) == SuperOp(depolarizing_error(0.3, 1))

    def test_delays_relax_for_the_time_they_state(self) -> None:
        circuit = QuantumCircuit(1)
        circuit.x(0)
        circuit.delay(50, 0, "us")
        noisy = attach_noise(circuit, NoiseSpec(p1=0.0, t1=1e-4, t2=8e-5))
        error = noisy.errors[noisy.circuit.data[1].operation.label]
        assert SuperOp(error) == SuperOp(thermal_relaxation_error(1e-4, 8e-5, 5e-5))

    def test_leading_resets_go_and_others_stay(self) -> None:
        circuit = QuantumCircuit(1)
        circuit.reset(0)
        circuit.x(0)
        circuit.reset(0)
        assert [step.operation.name for step in attach_noise(circuit).circuit.data] == [
            "x",
            "reset",
        ]

    def test_state_preparation_is_decomposed(self) -> None:
        circuit = QuantumCircuit(3)
        circuit.initialize(np.arange(8) / np.linalg.norm(np.arange(8)), range(3))
        noisy = attach_noise(circuit, NoiseSpec.parse(LINE))
        assert noisy.num_gates > 3
        assert all(len(step.qubits) <= 2 for step in noisy.circuit.data)

    def test_gates_without_a_rate_are_reported(self) -> None:
        circuit = QuantumCircuit(3)
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.cx(1, 2)
        spec = NoiseSpec(p1=0.01, edges={(0, 1): EdgeNoise(p2=0.1)})
        with pytest.warns(NoiseWarning, match=r"1 of 3 gates get no noise: cx \(1\)"):
            attach_noise(circuit, spec)

    def test_a_rate_of_zero_is_meant(self) -> None:
        circuit = QuantumCircuit(2)
        circuit.cx(0, 1)
        assert not attach_noise(circuit, NoiseSpec(p2=0.0)).has_gate_noise
        assert not attach_noise(circuit, NoiseSpec.parse("readout_only")).has_gate_noise

    def test_delays_of_unknown_length_are_reported(self) -> None:
        circuit = QuantumCircuit(1)
        circuit.delay(100, 0, "dt")
        with pytest.warns(NoiseWarning, match="delay in dt"):
            attach_noise(circuit, NoiseSpec.parse("superconducting"))

    def test_an_opaque_gate_is_refused(self) -> None:
        circuit = QuantumCircuit(3)
        circuit.append(Gate("opaque", 3, []), [0, 1, 2])
        with pytest.raises(InputError, match="'opaque'"):
            attach_noise(circuit)

    def test_gates_outside_an_aer_model_are_reported(self) -> None:
        circuit = QuantumCircuit(2, 1)
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.measure(0, 0)
        model = NoiseModel()
        model.add_all_qubit_quantum_error(depolarizing_error(0.1, 2), "cx")
        with pytest.warns(NoiseWarning, match=r"1 of 2 gates get no noise: h \(1\)"):
            attach_aer_model(circuit, model)

    def test_over_rotation_changes_the_gate(self) -> None:
        circuit = QuantumCircuit(1)
        circuit.append(UGate(0.3, 0.1, 0.2), [0])
        noisy = attach_noise(circuit, NoiseSpec(p1=0.0, over_rotation=0.1))
        wanted = fractional_power(UGate(0.3, 0.1, 0.2).to_matrix(), 1.1)
        assert Operator(noisy.circuit).equiv(Operator(wanted))


class TestBackend:
    def test_gate_fidelities_are_those_reported(self) -> None:
        backend = GenericBackendV2(5, seed=7)
        target = backend.target
        for place in target["cx"]:
            target.update_instruction_properties(
                "cx", place, InstructionProperties(duration=3e-7, error=0.01 + 0.001 * sum(place))
            )
        for name in ("sx", "x"):
            for place in target[name]:
                target.update_instruction_properties(
                    name, place, InstructionProperties(duration=4e-8, error=0.002 + place[0] / 1e3)
                )
        spec = NoiseSpec.from_backend(backend)
        assert spec.num_qubits == 5
        assert spec.virtual_gates == ("rz",)
        for name in ("sx", "cx"):
            for place, figures in target[name].items():
                error = gate_error(spec.on_gate(name, place)[0], len(place))
                assert 1 - average_gate_fidelity(error) == pytest.approx(figures.error, rel=1e-6)
        assert spec.readout_of(3) == (target["measure"][(3,)].error,) * 2

    def test_asymmetric_readout_where_the_backend_has_it(self) -> None:
        backend = GenericBackendV2(2, seed=1)
        properties = backend.target["measure"][(1,)]
        properties.prob_meas1_prep0, properties.prob_meas0_prep1 = 0.01, 0.04
        assert NoiseSpec.from_backend(backend).readout_of(1) == (0.01, 0.04)

    def test_a_smaller_circuit_fits_and_unlisted_pairs_get_the_median(self) -> None:
        chain = [[0, 1], [1, 2], [2, 3]]
        spec = NoiseSpec.from_backend(GenericBackendV2(4, seed=7, coupling_map=chain))
        circuit = QuantumCircuit(4)
        circuit.cx(0, 3)
        assert attach_noise(circuit, spec).has_gate_noise

    def test_what_is_no_backend(self) -> None:
        with pytest.raises(InputError, match="BackendV2"):
            NoiseSpec.from_backend(object())
        with pytest.raises(InputError, match="reports no errors"):
            NoiseSpec.from_backend(GenericBackendV2(2, noise_info=False))


def test_a_qubit_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="given twice"):
        NoiseSpec.from_dict({"qubits": {"1": {"p1": 0.1}, "01": {"p1": 0.2}}})
