"""Exact distributions against a density matrix built by hand."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetric_circuits import SPARE_BITS_NOISE, crosswise_with_spare_bits, random_circuit
from qiskit import QuantumCircuit
from qiskit.circuit import Clbit
from qiskit.quantum_info import DensityMatrix, Kraus, Operator

from qdiff import InputError, NoiseSpec, Register, exact, trajectories
from qdiff.noise.rates import EdgeNoise, QubitNoise
from qdiff.simulation.pauli_basis.contraction import probabilities
from qdiff.simulation.pauli_basis.plan import plan
from qdiff.simulation.pauli_basis.step import Step, cone, fuse

PAULIS = [
    np.eye(2),
    np.array([[0, 1], [1, 0]]),
    np.array([[0, -1j], [1j, 0]]),
    np.diag([1, -1]),
]


def depolarizing(p: float, size: int) -> Kraus:
    """rho -> (1 - p) rho + p I/2^k, as Kraus operators."""
    paulis = [np.eye(1)]
    for _ in range(size):
        paulis = [np.kron(a, b) for a in paulis for b in PAULIS]
    weights = np.full(4**size, p / 4**size)
    weights[0] += 1 - p
    return Kraus([np.sqrt(w) * P for w, P in zip(weights, paulis, strict=True)])


def relaxation(t1: float, t2: float, time: float) -> Kraus:
    """Amplitude damping by T1, then what dephasing is missing to T2."""
    kept, coherence = np.exp(-time / t1), np.exp(-time / t2) / np.exp(-time / (2 * t1))
    damping = [np.diag([1, np.sqrt(kept)]), np.array([[0, np.sqrt(1 - kept)], [0, 0]])]
    flips = [
        np.sqrt((1 + coherence) / 2) * np.eye(2),
        np.sqrt((1 - coherence) / 2) * np.diag([1, -1]),
    ]
    return Kraus([flip @ damp for flip in flips for damp in damping])


def by_hand(circuit: QuantumCircuit, spec: NoiseSpec) -> np.ndarray:
    """All 2^n probabilities of a flat circuit of gates on one or two qubits, step by step."""
    state = DensityMatrix(np.diag(np.eye(2**circuit.num_qubits)[0]))
    measured: dict[int, int] = {}
    for step in circuit.data:
        qubits = [circuit.find_bit(qubit).index for qubit in step.qubits]
        if step.name == "measure":
            measured[circuit.find_bit(step.clbits[0]).index] = qubits[0]
            continue
        state = state.evolve(Operator(step.operation), qubits)
        single = len(qubits) == 1
        p, time = (spec.p1, spec.time1) if single else (spec.p2, spec.time2)
        own = spec.qubits.get(qubits[0]) if single else spec.edges.get(tuple(sorted(qubits)))
        if own is not None:
            p = own.p1 if isinstance(own, QubitNoise) else own.p2
        state = state.evolve(depolarizing(p or 0.0, len(qubits)), qubits)
        if spec.t1 and spec.t2 and time:
            for qubit in qubits:
                state = state.evolve(relaxation(spec.t1, spec.t2, time), [qubit])
    table = np.zeros(2**circuit.num_clbits)
    for outcome, probability in enumerate(state.probabilities()):
        bits = {clbit: outcome >> qubit & 1 for clbit, qubit in measured.items()}
        for read in range(2 ** len(bits)):
            share, index = probability, 0
            for place, (clbit, bit) in enumerate(bits.items()):
                a, b = spec.readout_of(measured[clbit])
                flip = read >> place & 1
                share *= (b if bit else a) if flip else 1 - (b if bit else a)
                index |= (bit ^ flip) << clbit
            table[index] += share
    return table


class TestExact:
    def test_bit_order(self) -> None:
        circuit = QuantumCircuit(3, 3)
        circuit.x(0)
        circuit.measure([0, 1, 2], [2, 0, 1])
        assert exact(circuit).probabilities.argmax() == 4
        noisy = exact(circuit, "depolarizing:p1=0,readout=0.1/0.2")
        assert noisy.probabilities[4] == pytest.approx(0.8 * 0.9 * 0.9)
        assert noisy.probabilities[0] == pytest.approx(0.2 * 0.9 * 0.9)

    @pytest.mark.parametrize("seed", range(6))
    @pytest.mark.parametrize(
        "spec",
        [
            NoiseSpec(p1=0.03, p2=0.08),
            NoiseSpec(p1=0.01, p2=0.02, readout=(0.02, 0.09)),
            NoiseSpec(p1=0.0, p2=0.1, t1=1e-4, t2=7e-5, time1=1e-6, time2=5e-6),
            NoiseSpec(p1=0.02, p2=0.03, t1=1e-4, t2=1.8e-4, time1=1e-6, time2=5e-6),
            NoiseSpec(
                p1=0.01,
                p2=0.05,
                qubits={1: QubitNoise(p1=0.2)},
                edges={(0, 2): EdgeNoise(p2=0.4)},
            ),
            NoiseSpec(p1=0.0, p2=0.0, readout=(0.1, 0.2)),
        ],
    )
    def test_against_a_density_matrix_by_hand(self, spec: NoiseSpec, seed: int) -> None:
        circuit = random_circuit(3 + seed % 2, 14, seed=seed)
        law = exact(circuit, spec)
        assert np.abs(law.probabilities - by_hand(circuit, spec)).max() < 1e-10
        assert abs(law.probabilities.sum() - 1) < 1e-12

    def test_partial_measurement_and_registers_by_hand(self) -> None:
        circuit = crosswise_with_spare_bits()
        law = exact(circuit, SPARE_BITS_NOISE)
        assert np.abs(law.probabilities - by_hand(circuit, SPARE_BITS_NOISE)).max() < 1e-10
        assert law.registers == (Register("low", 2), Register("high", 4))
        assert law.marginal([4]).probabilities[1] == 0  # never written

    def test_no_noise_and_no_spec_agree_with_a_state_vector(self) -> None:
        circuit = random_circuit(4, 20, seed=9)
        spec = NoiseSpec(p1=0.0, p2=0.0)
        assert np.abs(exact(circuit).probabilities - by_hand(circuit, spec)).max() < 1e-12

    def test_reset_and_loose_bits(self) -> None:
        circuit = QuantumCircuit(2)
        circuit.add_bits([Clbit(), Clbit()])
        circuit.ry(1.0, 0)
        circuit.cx(0, 1)
        circuit.reset(0)
        circuit.h(0)
        circuit.measure([0, 1], [1, 0])
        one = np.sin(0.5) ** 2
        wanted = np.outer([0.5, 0.5], [1 - one, one]).reshape(-1)
        assert np.allclose(exact(circuit).probabilities, wanted)

    def test_over_rotation_turns_further(self) -> None:
        circuit = QuantumCircuit(1, 1)
        circuit.rx(1.0, 0)
        circuit.measure(0, 0)
        law = exact(circuit, "depolarizing:p1=0,over_rotation=0.1")
        assert law.probabilities[1] == pytest.approx(np.sin(1.1 / 2) ** 2)

    def test_wide_circuits_with_few_qubits_at_once(self) -> None:
        """A noisy GHZ chain of 20 qubits: 4^20 numbers would be 8 TiB."""
        circuit = QuantumCircuit(20)
        circuit.h(0)
        for qubit in range(19):
            circuit.cx(qubit, qubit + 1)
        circuit.measure_all()
        law = exact(circuit, "depolarizing:p1=0,p2=0.1").probabilities
        assert law.sum() == pytest.approx(1)
        assert law[0] == pytest.approx(law[-1])
        table = law.reshape((2,) * 20)  # qubit 19 first
        last = table.sum(axis=tuple(range(2, 20)))
        first = table.sum(axis=tuple(range(18)))
        # A pair parts by its own CX (half of 0.1), 0 and 1 also by the flip of 1 in the next.
        assert last[0, 1] + last[1, 0] == pytest.approx(0.05)
        assert first[0, 1] + first[1, 0] == pytest.approx(2 * 0.05 * 0.95)

    def test_idle_qubits_cost_nothing(self) -> None:
        circuit = QuantumCircuit(60, 2)
        circuit.h(40)
        circuit.cx(40, 3)
        circuit.cx(7, 8)
        circuit.measure([40, 3], [0, 1])
        law = exact(circuit, "depolarizing:p1=0,p2=0.1")
        assert law.probabilities.round(6).tolist() == [0.475, 0.025, 0.025, 0.475]

    def test_forty_qubits_are_refused(self) -> None:
        circuit = QuantumCircuit(40)
        for qubit in range(40):
            circuit.h(qubit)
        circuit.measure_all()
        with pytest.raises(InputError, match=r"2\^40 probabilities would need .* simulate"):
            exact(circuit)

    def test_too_little_memory_is_said_before_it_is_taken(self) -> None:
        circuit = QuantumCircuit(24, 1)
        rng = np.random.default_rng(0)
        for _ in range(40):
            order = rng.permutation(24)
            for a, b in order.reshape(12, 2).tolist():
                circuit.cx(a, b)
        circuit.measure(0, 0)
        with pytest.raises(InputError, match=r"density matrix of these 24 qubits needs .*GiB"):
            exact(circuit, "depolarizing:p2=0.01")

    def test_feed_forward_is_refused_with_the_reason(self) -> None:
        circuit = QuantumCircuit(2, 2)
        circuit.h(0)
        circuit.measure(0, 0)
        with circuit.if_test((0, 1)):
            circuit.x(1)
        circuit.measure(1, 1)
        with pytest.raises(InputError, match="control flow"):
            exact(circuit)

    def test_what_is_no_noise(self) -> None:
        with pytest.raises(InputError, match="NoiseSpec"):
            exact("ghz:3", 0.01)  # type: ignore[arg-type]


class TestDensity:
    def test_fusing_and_ordering_change_nothing(self) -> None:
        rng = np.random.default_rng(3)
        steps = []
        for _ in range(30):
            size = int(rng.integers(1, 3))
            qubits = tuple(int(q) for q in rng.choice(5, size, replace=False))
            matrix = rng.normal(size=(4**size, 4**size)) / 4**size
            matrix[0] = np.eye(4**size)[0]  # trace preserving
            steps.append(Step(matrix, qubits))
        measured = [3, 0, 4]
        state = np.zeros((4,) * 5)
        state[np.ix_(*[[0, 3]] * 5)] = 1
        for step in steps:
            axes = list(step.qubits)
            matrix = step.matrix.reshape((4,) * (2 * len(axes)))
            state = np.tensordot(matrix, state, (range(len(axes), 2 * len(axes)), axes))
            state = np.moveaxis(state, range(len(axes)), axes)
        kept = state[:, 0, 0]  # qubits 1 and 2 traced out
        outcomes = np.array([[0.5, 0, 0, 0.5], [0.5, 0, 0, -0.5]])
        # axes of `kept` are qubits 0, 3, 4; of the result, the last measured qubit first
        wanted = np.einsum("abc,xa,yb,zc->zxy", kept, outcomes, outcomes, outcomes)
        found = probabilities(plan(steps, measured), measured)
        assert np.allclose(found, wanted.reshape(-1))

    def test_fusion_leaves_one_step_for_each_run_on_a_pair(self) -> None:
        one, two = np.eye(4), np.eye(16)
        steps = [Step(one, (0,)), Step(two, (0, 1)), Step(one, (1,)), Step(two, (1, 0))]
        assert len(fuse([*steps, Step(two, (1, 2))])) == 2
        assert len(cone([*steps, Step(two, (2, 3))], [0])) == 4


class TestTrajectories:
    def test_record_and_seed(self) -> None:
        first = trajectories("ghz:4", "heavy", samples=60, seed=3)
        again = trajectories("ghz:4", "heavy", samples=60, seed=3)
        other = trajectories("ghz:4", "heavy", samples=60, seed=4)
        assert np.array_equal(first.probabilities, again.probabilities)
        assert not np.array_equal(first.probabilities, other.probabilities)
        assert abs(first.probabilities.sum() - 1) < 1e-12
        assert first.provenance["method"] == "trajectories"
        assert first.provenance["samples"] >= 60

    def test_without_gate_noise_there_is_no_error(self) -> None:
        found = trajectories("ghz:4", "readout_only", samples=4, seed=1)
        assert found.standard_error is not None
        assert found.standard_error.max() < 1e-15
        assert np.allclose(found.probabilities, exact("ghz:4", "readout_only").probabilities)

    @pytest.mark.parametrize("samples", [0, 1, -3, 2.5, True])
    def test_samples_must_be_two_or_more(self, samples: int) -> None:
        with pytest.raises(InputError, match="samples"):
            trajectories("ghz:3", "heavy", samples=samples)
