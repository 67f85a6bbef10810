"""Simulated shots and trajectories against exact distributions."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetric_circuits import (
    CROSSWISE_NOISE,
    SPARE_BITS_NOISE,
    crosswise,
    crosswise_with_spare_bits,
    random_circuit,
)
from chi_square import FALSE_ALARM, biased, p_value
from qiskit import QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit.quantum_info import Operator
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qdiff import Distribution, NoiseSpec, Shots, exact, simulate, trajectories
from qdiff.noise.attach import attach_noise
from qdiff.simulation.aer_method import Method, choose_method, workload_of


def feed_forward() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((0, 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


@pytest.mark.parametrize("method", Method)
def test_every_method_draws_from_the_exact_law(method: Method) -> None:
    circuit = crosswise(clifford=method is Method.STABILIZER)
    law = exact(circuit, CROSSWISE_NOISE)
    shots = simulate(circuit, CROSSWISE_NOISE, shots=20_000, seed=4, method=method)
    assert shots.num_shots == 20_000
    assert shots.provenance["method"] == method.value
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(biased(law, 0.04).sample(20_000, seed=1), law) < FALSE_ALARM


def test_relaxation_and_over_rotation_draw_from_the_exact_law() -> None:
    spec = NoiseSpec(
        p1=0.01,
        p2=0.02,
        over_rotation=0.1,
        t1=1e-4,
        t2=1.7e-4,
        time1=4e-6,
        time2=2e-5,
        readout=(0.02, 0.05),
    )
    circuit = crosswise(clifford=False)
    law = exact(circuit, spec)
    for method in (Method.STATEVECTOR, Method.DENSITY_MATRIX):
        shots = simulate(circuit, spec, shots=20_000, seed=4, method=method)
        assert p_value(shots, law) > FALSE_ALARM


def test_feed_forward_is_sampled_with_its_noise() -> None:
    circuit = feed_forward()
    spec = NoiseSpec(p1=0.2, p2=0.0, readout=(0.1, 0.0))
    counts = simulate(circuit, spec, shots=20_000, seed=1).to_counts()
    ones = 0.5 + 0.5 * 0.1  # the first bit reads 1, which triggers X
    flipped = 0.9 * 1.0 + 0.1 * 0.1  # then the second bit: X is depolarised with 0.2
    expected = {
        "00": (1 - ones) * 0.9,
        "10": (1 - ones) * 0.1,
        "01": ones * (1 - flipped),
        "11": ones * flipped,
    }
    for key, probability in expected.items():
        error = np.sqrt(20_000 * probability * (1 - probability))
        assert abs(counts[key] - 20_000 * probability) < 5.1 * error  # 1e-6 for four


def test_batches_together_are_the_law() -> None:
    """A batch that repeats another one makes the counts too uneven."""
    circuit = crosswise(clifford=False)
    workload = workload_of(attach_noise(circuit, CROSSWISE_NOISE), shots=50_000, dynamic=False)
    assert choose_method(workload, memory=16 * 2**30, asked=Method.STATEVECTOR).batches > 2
    shots = simulate(circuit, CROSSWISE_NOISE, shots=50_000, seed=3, method="statevector")
    assert p_value(shots, exact(circuit, CROSSWISE_NOISE)) > FALSE_ALARM


def test_exact_laws_agree_with_aers_shots() -> None:
    """Noise model and readout as Aer has them, built without qdiff; 200,000 shots."""
    circuit = crosswise_with_spare_bits()
    model = NoiseModel()
    for gate in ("ry", "rx"):
        model.add_all_qubit_quantum_error(depolarizing_error(0.02, 1), gate)
        model.add_quantum_error(depolarizing_error(0.1, 1), gate, [1])
    for name in ("cx", "own"):
        model.add_all_qubit_quantum_error(depolarizing_error(0.05, 2), name)
    model.add_quantum_error(depolarizing_error(0.2, 2), "cx", [0, 4])
    model.add_all_qubit_readout_error([[0.98, 0.02], [0.07, 0.93]])
    model.add_readout_error([[0.85, 0.15], [0.01, 0.99]], [1])
    plain = circuit.copy_empty_like()
    for step in circuit.data:
        if step.name == "own":
            gate = UnitaryGate(Operator(step.operation), label="own")
            plain.append(gate, step.qubits)
        else:
            plain.append(step)
    simulator = AerSimulator(method="density_matrix", noise_model=model, seed_simulator=11)
    counts = simulator.run(plain, shots=200_000).result().get_counts()
    law = exact(circuit, SPARE_BITS_NOISE)
    shots = Shots.from_counts(counts)
    assert p_value(shots, law) > FALSE_ALARM
    assert p_value(shots, biased(law)) < FALSE_ALARM
    mirrored = Distribution(probabilities=law.marginal(range(6)[::-1]).probabilities)
    assert p_value(shots, mirrored) < FALSE_ALARM


def test_trajectories_agree_with_the_exact_law_within_their_errors() -> None:
    circuit = random_circuit(4, 16, seed=2)
    spec = NoiseSpec(p1=0.05, p2=0.1, readout=(0.02, 0.06))
    law = exact(circuit, spec)
    found = trajectories(circuit, spec, samples=10_000, seed=5)
    assert found.standard_error is not None
    deviation = (found.probabilities - law.probabilities) / found.standard_error
    # 50 batches: Student's t with 49 degrees of freedom, 16 entries, false alarm 1e-6
    assert np.abs(deviation).max() < 6.5
    assert 0.4 < np.sqrt((deviation**2).mean()) < 2.0
    # power: one entry moved by 2 % of the whole is far outside
    shifted = biased(law)
    apart = (found.probabilities - shifted.probabilities) / found.standard_error
    assert np.abs(apart).max() > 6.5
