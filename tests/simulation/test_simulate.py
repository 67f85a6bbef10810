"""Simulated shots: registers, provenance, the choice of method, seeds and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from asymmetric_circuits import CROSSWISE_NOISE, crosswise
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qdiff import InputError, NoiseSpec, NoiseWarning, Register, simulate
from qdiff.noise.attach import attach_noise
from qdiff.simulation.aer import child_seeds, root_seed
from qdiff.simulation.aer_method import Choice, Method, Workload, choose_method, workload_of


def work(**changes: object) -> Workload:
    usual = {
        "num_qubits": 10,
        "num_gates": 100,
        "shots": 10_000,
        "noisy": True,
        "dynamic": False,
        "clifford": False,
        "bond": 32,
    }
    return Workload(**{**usual, **changes})  # type: ignore[arg-type]


def choose(workload: Workload, asked: Method | None = None) -> Choice:
    return choose_method(workload, memory=16 * 2**30, asked=asked)


class TestShots:
    def test_bit_order_and_registers(self) -> None:
        circuit = QuantumCircuit(
            QuantumRegister(3), ClassicalRegister(1, "a"), ClassicalRegister(2, "b")
        )
        circuit.x(0)
        circuit.measure([0, 1, 2], [2, 0, 1])
        shots = simulate(circuit, shots=50, seed=1)
        assert shots.to_counts() == {"10 0": 50}
        assert shots.bits.tolist() == [[0, 0, 1]]
        assert shots.registers == (Register("a", 1), Register("b", 2))

    def test_noise_free_clifford_on_many_qubits(self) -> None:
        shots = simulate("ghz:200", shots=1000, seed=2)
        assert shots.provenance["method"] == "stabilizer"
        assert sorted(set(shots.bits.sum(axis=1).tolist())) == [0, 200]

    def test_a_wide_circuit_beyond_any_state_vector(self) -> None:
        circuit = QuantumCircuit(40)
        for qubit in range(40):
            circuit.ry(0.3 + qubit / 100, qubit)
        for qubit in range(39):
            circuit.cx(qubit, qubit + 1)
        circuit.measure_all()
        shots = simulate(circuit, CROSSWISE_NOISE, shots=20, seed=2)
        assert shots.provenance["method"] == "matrix_product_state"
        assert shots.num_bits == 40

    def test_provenance_is_json_and_says_what_was_run(self, tmp_path: Path) -> None:
        shots = simulate("ghz:3", "superconducting", shots=100, seed=7)
        record = json.loads(json.dumps(dict(shots.provenance)))
        assert record["seed"] == 7
        assert record["circuit_hash"]
        assert "3 qubits" in record["why"]
        assert NoiseSpec.from_dict(record["noise"]) == NoiseSpec.parse("superconducting")
        assert set(record["versions"]) == {"qiskit", "qiskit_aer", "qdiff"}
        shots.save(tmp_path / "shots.safetensors")

    def test_an_aer_noise_model_as_it_is(self) -> None:
        model = NoiseModel()
        model.add_all_qubit_quantum_error(depolarizing_error(0.5, 2), "cx")
        model.add_all_qubit_quantum_error(depolarizing_error(0.0001, 1), "h")
        counts = simulate("ghz:2", model, shots=2000, seed=1).to_counts()
        assert len(counts) == 4
        partial = NoiseModel()
        partial.add_all_qubit_quantum_error(depolarizing_error(0.5, 2), "cx")
        with pytest.warns(NoiseWarning, match="h"):
            simulate("ghz:2", partial, shots=10, seed=1)


class TestSeeds:
    @pytest.mark.parametrize("method", Method)
    def test_same_seed_same_shots(self, method: Method) -> None:
        circuit = crosswise(clifford=True)
        first, again, other = (
            simulate(circuit, CROSSWISE_NOISE, shots=2000, seed=seed, method=method)
            for seed in (5, 5, 6)
        )
        assert first == again
        assert first != other

    def test_a_seed_sequence_is_not_used_up(self) -> None:
        sequence = np.random.SeedSequence(3)
        first, again = (simulate("ghz:3", "heavy", shots=500, seed=sequence) for _ in range(2))
        assert first == again

    def test_batches_do_not_repeat(self) -> None:
        seeds = child_seeds(root_seed(1), 64)
        assert len(set(seeds)) == 64
        assert min(np.diff(np.sort(seeds))) > 10**9  # Aer's shots count on from their seed
        choice = choose(work(num_qubits=12, num_gates=300, bond=1), Method.STATEVECTOR)
        assert choice.batches == 64

    @pytest.mark.parametrize("seed", [-1, 1.5, "a", True])
    def test_what_is_no_seed(self, seed: object) -> None:
        with pytest.raises(InputError, match="seed"):
            simulate("ghz:2", shots=1, seed=seed)  # type: ignore[arg-type]


class TestMethod:
    def test_choices(self) -> None:
        assert choose(work()).method is Method.DENSITY_MATRIX
        assert choose(work(shots=5)).method is Method.STATEVECTOR
        assert choose(work(num_qubits=16, bond=256)).method is Method.STATEVECTOR
        assert choose(work(num_qubits=20, bond=8)).method is Method.MATRIX_PRODUCT_STATE
        assert choose(work(num_qubits=40, bond=2**20)).method is Method.MATRIX_PRODUCT_STATE
        assert choose(work(num_qubits=24, noisy=False, bond=2**12)).method is Method.STATEVECTOR
        assert choose(work(num_qubits=60, clifford=True)).method is Method.STABILIZER
        assert choose(work(dynamic=True, num_qubits=8)).method is not Method.DENSITY_MATRIX

    def test_one_run_is_one_batch(self) -> None:
        assert choose(work(num_qubits=11)).batches == 1
        assert choose(work(num_qubits=24, noisy=False, bond=2**12)).batches == 1
        assert 1 < choose(work(num_qubits=16, bond=256)).batches <= 64

    def test_the_reason_names_the_times(self) -> None:
        reason = choose(work()).reason
        assert "10 qubits, 100 gates, 10000 shots, noisy" in reason
        assert "statevector" in reason

    @pytest.mark.parametrize(
        ("changes", "asked", "said"),
        [
            ({"num_qubits": 40}, Method.STATEVECTOR, "40 qubits need .* GiB"),
            ({"num_qubits": 20}, Method.DENSITY_MATRIX, "GiB"),
            ({}, Method.STABILIZER, "not Clifford"),
        ],
    )
    def test_what_was_asked_for_and_cannot_be(
        self, changes: dict[str, int], asked: Method, said: str
    ) -> None:
        with pytest.raises(InputError, match=said):
            choose(work(**changes), asked)

    def test_idle_qubits_do_not_count(self) -> None:
        circuit = QuantumCircuit(50, 2)
        circuit.h(40)
        circuit.cx(40, 3)
        circuit.cx(7, 8)
        circuit.measure([40, 3], [0, 1])
        noisy = attach_noise(circuit, NoiseSpec(p1=0.0, p2=0.1, readout=(0.1, 0.0)))
        assert workload_of(noisy, shots=10, dynamic=False).num_qubits == 2
        shots = simulate(
            circuit, "depolarizing:p1=0,p2=0.1", shots=1000, seed=1, method="statevector"
        )
        assert shots.num_bits == 2

    def test_the_bond_is_measured_where_counting_gates_does_not_tell(self) -> None:
        circuit = QuantumCircuit(16)
        for _ in range(8):
            for qubit in range(15):
                circuit.rzz(1e-3, qubit, qubit + 1)
        circuit.measure_all()
        noisy = attach_noise(circuit, NoiseSpec(p1=0.0, p2=1e-3))
        assert workload_of(noisy, shots=10**5, dynamic=False).bond <= 16


class TestMistakes:
    @pytest.mark.parametrize("shots", [0, -5, 1.5, "10", True])
    def test_shots(self, shots: object) -> None:
        with pytest.raises(InputError, match="shots must be a positive whole number"):
            simulate("ghz:2", shots=shots)  # type: ignore[arg-type]

    def test_noise_and_method(self) -> None:
        with pytest.raises(InputError, match="unknown noise"):
            simulate("ghz:2", "loud", shots=1)
        with pytest.raises(InputError, match="unknown method 'qasm'"):
            simulate("ghz:2", shots=1, method="qasm")

    def test_nothing_measured(self) -> None:
        with pytest.raises(InputError, match="measures nothing"):
            simulate(QuantumCircuit(2, 2), shots=1)

    def test_aer_s_own_refusal_is_one_line(self) -> None:
        model = NoiseModel()
        model.add_all_qubit_quantum_error(depolarizing_error(0.1, 1), ["h"])
        circuit = QuantumCircuit(1, 1)
        circuit.h(0)
        circuit.measure(0, 0)
        with pytest.raises(InputError, match="stabilizer") as caught:
            simulate(circuit, model, shots=1, method="stabilizer")
        assert "\n" not in str(caught.value)


def test_circuits_wider_than_a_float_s_exponent_are_simulated() -> None:
    """The time and memory of 2^1100 amplitudes are no floats; nobody asks for a state vector."""
    circuit = QuantumCircuit(1100, 1100)
    circuit.x(range(1100))
    circuit.t(0)
    circuit.measure(range(1100), range(1100))
    assert simulate(circuit, shots=2, seed=1).to_counts() == {"1" * 1100: 2}
