"""Errors drawn first: blocks, errors as Kraus operators, the walk, when it is chosen, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from asymmetric_circuits import CROSSWISE_NOISE, crosswise, random_circuit
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from qiskit_aer.noise import NoiseModel, depolarizing_error, thermal_relaxation_error
from typer.testing import CliRunner

from qdiff import InputError, NoiseSpec, load, load_circuit, simulate
from qdiff.circuit.measurement import split_measurements
from qdiff.cli.main import app
from qdiff.noise.attach import attach_noise
from qdiff.simulation import grouped_shots
from qdiff.simulation.aer_method import choose_method, workload_of
from qdiff.simulation.error_patterns import walk
from qdiff.simulation.error_patterns.averages import averaged_laws
from qdiff.simulation.error_patterns.blocks import BLOCK_QUBITS, Block, blocks_of
from qdiff.simulation.error_patterns.draw import draw_errors
from qdiff.simulation.error_patterns.noisy_gates import NoisyGate, errors_of, noisy_gates
from qdiff.simulation.error_patterns.sampler import PatternSampler
from qdiff.simulation.error_patterns.states import choose, layouts
from qdiff.simulation.grouped_shots import GROUPING, grouped, grouped_if_it_pays
from qdiff.simulation.machine import Machine


def gates_of(circuit: QuantumCircuit, noise: NoiseSpec | None = None) -> list[NoisyGate]:
    bare, measured = split_measurements(circuit)
    noisy = attach_noise(bare, noise)
    return noisy_gates(noisy.circuit, noisy.errors, set(measured.values()))


class TestErrors:
    def test_a_depolarizing_error_is_its_paulis(self) -> None:
        errors = errors_of(depolarizing_error(0.16, 2))
        assert errors.chances == pytest.approx([0.01] * 15)
        assert [len(kraus) for kraus in errors.kraus] == [1] * 15

    def test_relaxation_is_a_phase_flip_or_a_reset_of_two_operators(self) -> None:
        channel = thermal_relaxation_error(50.0, 40.0, 5.0)
        errors = errors_of(channel)
        assert sorted(len(kraus) for kraus in errors.kraus) == [1, 2]
        rho = np.array([[0.3, 0.2j], [-0.2j, 0.7]])
        after = (1 - errors.total) * rho
        for chance, kraus in zip(errors.chances, errors.kraus, strict=True):
            after = after + chance * sum(each @ rho @ each.conj().T for each in kraus)
        by_hand = np.array(
            [[1 - 0.7 * np.exp(-0.1), 0.2j * np.exp(-0.125)], [0, 0.7 * np.exp(-0.1)]]
        )
        by_hand[1, 0] = by_hand[0, 1].conj()
        assert after == pytest.approx(by_hand)

    def test_relaxation_whose_chances_depend_on_the_state_is_refused(self) -> None:
        with pytest.raises(InputError, match="by chance alone"):
            errors_of(thermal_relaxation_error(50.0, 90.0, 5.0))

    def test_each_error_has_its_chance(self) -> None:
        """400,000 shots of two gates; bounds of 5 standard deviations, 1e-6 for all."""
        (block,) = blocks_of(gates_of(crosswise(clifford=False), NoiseSpec(p1=0.1, p2=0.2))[-2:])
        (drawn,) = draw_errors([block], 400_000, np.random.default_rng(1))
        times = np.bincount(drawn.codes, minlength=len(drawn.patterns))
        for pattern, number in zip(drawn.patterns, times, strict=True):
            happened, chance = dict(pattern), 1.0
            for place, gate in enumerate(block.gates):
                error = happened.get(place)
                chance *= 1 - gate.errors.total if error is None else gate.errors.chances[error]
            expected = 400_000 * chance
            assert abs(number - expected) < 6 * np.sqrt(expected) + 6


class TestBlocks:
    @pytest.mark.parametrize("dying", [True, False])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_together_they_are_the_circuit(self, seed: int, dying: bool) -> None:
        circuit = random_circuit(7, 60, seed=seed)
        gates = gates_of(circuit)
        blocks = blocks_of(gates, dying=dying)
        assert max(len(block.dying + block.kept) for block in blocks) <= BLOCK_QUBITS
        again = QuantumCircuit(7)
        for gate in (gate for block in blocks for gate in block.gates):
            again.unitary(gate.matrix, gate.qubits)
        bare, _ = split_measurements(circuit)
        assert Statevector(again).equiv(Statevector(bare))

    def test_a_chain_is_swept_from_one_end_to_the_other(self) -> None:
        """So that few blocks meet the full state, where in the order written most would."""
        planned = layouts(blocks_of(gates_of(load_circuit("brickwork:12,depth=12"))))
        full = [each for each in planned if len(each.before) + len(each.block.born) > 10]
        assert len(full) < len(planned) / 2
        assert planned[-1].after == ()

    def test_errors_stand_after_their_gate(self) -> None:
        gates = gates_of(random_circuit(4, 12, seed=3), NoiseSpec(p1=0.1, p2=0.1))
        (block,) = blocks_of(gates, dying=False)
        assert isinstance(block, Block)
        for pattern in [((2, 1),), ((0, 2), (5, 1), (11, 0))]:
            circuit = QuantumCircuit(4)
            for place, gate in enumerate(block.gates):
                circuit.unitary(gate.matrix, gate.qubits)
                for at, error in pattern:
                    if at == place:
                        circuit.unitary(gate.errors.kraus[error][0], gate.qubits)
            (column,) = block.matrices(pattern)[:, :, 0]
            expected = Statevector(circuit).reverse_qargs().data
            assert column == pytest.approx(expected)


class TestWalk:
    def test_without_noise_the_law_is_the_state_s(self) -> None:
        circuit = random_circuit(6, 50, seed=4)
        bare, _ = split_measurements(circuit)
        planned = layouts(blocks_of(gates_of(circuit), dying=False))
        law = averaged_laws(planned, [*range(6)], np.array([3]), np.random.default_rng(1))
        assert law[0] == pytest.approx(Statevector(bare).probabilities(), abs=1e-6)

    def test_small_batches_give_the_same_shots(self, monkeypatch: pytest.MonkeyPatch) -> None:
        spec = NoiseSpec.parse("superconducting").scaled(5)
        sampler = PatternSampler.read(attach_noise(load_circuit("brickwork:6,depth=5"), spec))
        first = sampler.bits(3000, np.random.default_rng(1))
        monkeypatch.setattr(walk, "BATCH_AMPLITUDES", 64)
        assert (sampler.bits(3000, np.random.default_rng(1)) == first).all()

    def test_what_is_left_of_a_uniform_number_is_uniform(self) -> None:
        uniforms = (np.arange(1000) + 0.5) / 1000
        table = np.array([[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]])
        owners = np.repeat([0, 1], 500)
        chosen = choose(table, owners, uniforms)
        assert chosen.tolist() == [0] * 250 + [2] * 250 + [1] * 500
        assert uniforms[:250] == pytest.approx((np.arange(250) + 0.5) / 250)
        assert uniforms[500:] == pytest.approx((np.arange(500, 1000) + 0.5) / 1000)

    def test_each_state_is_found_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A thousand shots without errors cost a state vector, not a thousand."""
        multiplied: list[int] = []
        real = torch.Tensor.__matmul__

        def counted(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
            multiplied.append(max(first.numel(), second.numel()))
            return real(first, second)

        monkeypatch.setattr(torch.Tensor, "__matmul__", counted)
        sampler = PatternSampler.read(attach_noise(load_circuit("brickwork:10,depth=10")))
        sampler.bits(1000, np.random.default_rng(1))
        assert sum(multiplied) < 20 * 2**10

    def test_a_wide_circuit_that_is_narrow_at_each_moment(self) -> None:
        circuit = QuantumCircuit(100)
        circuit.ry(1.0, 0)
        for qubit in range(99):
            circuit.cx(qubit, qubit + 1)
        circuit.measure_all()
        shots = simulate(circuit, NoiseSpec(p1=0.0, p2=1e-4), shots=500, seed=1, grouping=True)
        same = shots.bits.all(axis=1) | ~shots.bits.any(axis=1)
        assert shots.counts[same].sum() > 450

    @pytest.mark.parametrize("noise", [NoiseSpec(p1=1e-4, p2=0.0), NoiseSpec.parse("light")])
    def test_more_outcomes_than_a_number_has_bits(self, noise: NoiseSpec) -> None:
        """130 fair bits: one number of 53 bits would leave the last ones 0. False alarm 1e-6."""
        circuit = QuantumCircuit(130)
        circuit.h(range(130))
        circuit.measure_all()
        shots = simulate(circuit, noise.scaled(0.1), shots=4000, seed=1, grouping=True)
        signs = 1.0 - 2.0 * shots.bits
        correlations = (signs * shots.counts[:, None]).T @ signs / 4000
        ones = shots.counts @ shots.bits / 4000
        assert np.abs(ones - 0.5).max() < 5.9 * 0.5 / np.sqrt(4000)
        assert np.abs(correlations - np.eye(130)).max() < 6.6 / np.sqrt(4000)


class TestChoice:
    def test_same_seed_same_shots(self) -> None:
        first, again, other = (
            simulate(
                crosswise(clifford=False), CROSSWISE_NOISE, shots=2000, seed=seed, grouping=True
            )
            for seed in (5, 5, 6)
        )
        assert first == again
        assert first != other
        assert first.provenance["method"] == GROUPING
        assert first.provenance["why"] == "asked for"

    def test_it_is_chosen_where_it_pays(self) -> None:
        machine = Machine(cores=2, memory=16 * 2**30)

        def chosen(name: str, noise: str, shots: int) -> bool:
            noisy = attach_noise(load_circuit(name), NoiseSpec.parse(noise))
            workload = workload_of(noisy, shots=shots, dynamic=False)
            choice = choose_method(workload, memory=machine.memory)
            return grouped_if_it_pays(noisy, workload, choice, machine) is not None

        assert chosen("brickwork:16,depth=16", "superconducting", 10_000)
        assert not chosen("brickwork:16,depth=16", "readout_only", 10_000)
        assert not chosen("brickwork:16,depth=16", "superconducting", 5)
        assert not chosen("brickwork:6,depth=4", "superconducting", 10_000)
        assert not chosen("brickwork:11,depth=11", "heavy", 10**6)
        assert not chosen(
            "brickwork:16,depth=16", "depolarizing:p1=0,p2=1e-2,t1=1e-4,time2=1e-7", 10**4
        )

    def test_many_cores_are_aer_s(self) -> None:
        assert grouped_shots.pays(10.0, 100.0, cores=4)
        assert not grouped_shots.pays(10.0, 90.0, cores=4)
        assert not grouped_shots.pays(0.0, 15.0, cores=4)

    def test_a_circuit_without_gates(self) -> None:
        circuit = QuantumCircuit(2, 3)
        circuit.measure([0, 1], [2, 0])
        shots = simulate(circuit, NoiseSpec(readout=(1.0, 0.0)), shots=7, seed=1, grouping=True)
        assert shots.to_counts() == {"101": 7}

    def test_the_flag_turns_it_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(grouped_shots, "_START", 0.01)
        monkeypatch.setattr("os.cpu_count", lambda: 1)
        arguments = ("brickwork:10,depth=10", NoiseSpec(p1=1e-3, p2=1e-2))
        on, off = (
            simulate(*arguments, shots=400, seed=1, grouping=grouping) for grouping in (None, False)
        )
        assert on.provenance["method"] == GROUPING
        assert "Aer's" in on.provenance["why"]
        assert off.provenance["method"] == "statevector"

    def test_in_a_shell(self, tmp_path) -> None:
        out = tmp_path / "shots"
        command = ["simulate", "ghz:4", "--shots", "50", "--grouping", "--out", str(out)]
        assert CliRunner().invoke(app, command).exit_code == 0
        assert load(out).provenance["method"] == GROUPING

    @pytest.mark.parametrize(
        ("circuit", "noise", "method", "said"),
        [
            ("ghz:3", "light", "statevector", "leave it out, or leave grouping out"),
            ("ghz:3", NoiseModel(), None, "give a NoiseSpec"),
            ("ghz:3", "depolarizing:p1=0,p2=0.1,t1=1e-4,time2=1e-6", None, "by chance alone"),
        ],
    )
    def test_what_cannot_be_grouped(self, circuit, noise, method, said) -> None:
        with pytest.raises(InputError, match=said):
            simulate(circuit, noise, shots=5, method=method, grouping=True)

    def test_circuits_that_cannot_be_grouped(self) -> None:
        circuit = QuantumCircuit(1, 1)
        circuit.h(0)
        circuit.reset(0)
        circuit.measure(0, 0)
        with pytest.raises(InputError, match=r"cannot be grouped by their errors: .*'reset'"):
            simulate(circuit, "light", shots=5, grouping=True)
        circuit.x(0)
        with pytest.raises(InputError, match=r"cannot be grouped .* mid-circuit"):
            simulate(circuit, "light", shots=5, grouping=True)
        with pytest.raises(InputError, match="GiB"):
            grouped(attach_noise(load_circuit("ghz:4")), memory=2**20)
