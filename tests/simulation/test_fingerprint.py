"""A circuit's fingerprint: what it survives, and what it must not survive."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Statevector
from qiskit.transpiler import CouplingMap

from qdiff import InputError, Shots, fit, load_circuit
from qdiff.circuit.measurement import split_measurements
from qdiff.fitting.config import Candidate, FitConfig
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.simulation.fingerprint.chain_sketch import chain_sketch, fixed_sets
from qdiff.simulation.fingerprint.fingerprint import Fingerprint, fingerprint, structure_hash
from qdiff.simulation.fingerprint.sketch import affine_sketch, sketch
from qdiff.simulation.fingerprint.table_sketch import hashed, law_sketch

QUICK = FitConfig(
    folds=1,
    candidates=(Candidate(training=TrainingConfig(steps=3, evaluate_every=3)),),
    matrix_product=False,
)


def small(*, angle: float = 0.3, measured: tuple[int, ...] = (2, 0)) -> QuantumCircuit:
    circuit = QuantumCircuit(3, 2)
    circuit.ry(0.8, 0)
    circuit.rx(angle, 1)
    circuit.cx(0, 2)
    circuit.cx(1, 2)
    circuit.measure(list(measured), [0, 1])
    return circuit


def test_the_structure_survives_layout_order_barriers_and_names() -> None:
    qubits = QuantumRegister(9, "device")
    other = QuantumCircuit(qubits, ClassicalRegister(1, "low"), ClassicalRegister(1, "high"))
    other.rx(0.3, 7)
    other.barrier()
    other.ry(0.8, 4)
    other.cx(4, 1)
    other.barrier(1)
    other.cx(7, 1)
    other.measure([4, 1], [1, 0])
    assert structure_hash(other) == structure_hash(small())
    assert fingerprint(other).same_law(fingerprint(small()))


@pytest.mark.parametrize(
    "changed", [small(angle=0.3001), small(measured=(0, 2)), small(measured=(2, 1))]
)
def test_another_circuit_is_another_one(changed: QuantumCircuit) -> None:
    mine, theirs = fingerprint(small()), fingerprint(changed)
    assert not mine.same_structure(theirs)
    assert not mine.same_law(theirs)


@pytest.mark.parametrize("family", ["ising:6", "w:5", "brickwork:7,depth=3", "bv:6"])
@pytest.mark.parametrize("level", [0, 1, 3])
def test_the_law_survives_transpilation(family: str, level: int) -> None:
    circuit = load_circuit(family)
    line = [[a, a + 1] for a in range(8)] + [[a + 1, a] for a in range(8)]
    backend = GenericBackendV2(9, coupling_map=line, seed=1)
    copy = transpile(circuit, backend, optimization_level=level, seed_transpiler=7)
    assert fingerprint(copy).same_law(fingerprint(circuit))


def test_the_sketch_is_a_random_projection_of_the_law() -> None:
    """Against the state vector of `qiskit.quantum_info` and the signs written out."""
    circuit = QuantumCircuit(3)
    circuit.ry(0.4, 0)
    circuit.cx(0, 1)
    circuit.ry(1.1, 2)
    law = Statevector(circuit).probabilities()
    circuit.measure_all()
    bits = hashed(np.arange(8))[:, None] >> np.arange(32, dtype=np.uint64) & np.uint64(1)
    wanted = law @ (1.0 - 2.0 * bits)
    assert np.allclose(law_sketch(circuit), wanted, atol=1e-12)


def test_the_sketch_keeps_distances() -> None:
    """E (s - t)^2 = |p - q|^2: with 32 projections the estimate is good to 25 %."""
    ratios = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p, q = rng.dirichlet(np.ones(256)), rng.dirichlet(np.ones(256))
        bits = hashed(np.arange(256))[:, None] >> np.arange(32, dtype=np.uint64) & np.uint64(1)
        apart = (p - q) @ (1.0 - 2.0 * bits)
        ratios.append((apart**2).mean() / ((p - q) ** 2).sum())
    # one ratio has a standard deviation of sqrt(2/32) = .25, their mean of .04; 5 of those
    assert abs(np.mean(ratios) - 1) < 0.2


def test_free_parameters_are_matched_by_name() -> None:
    def template(name: str) -> QuantumCircuit:
        circuit = QuantumCircuit(2)
        circuit.rx(Parameter(name), 0)
        circuit.cx(0, 1)
        circuit.measure_all()
        return circuit

    backend = GenericBackendV2(2, seed=1)
    copy = transpile(template("a"), backend, optimization_level=1)
    assert fingerprint(copy).same_law(fingerprint(template("a")))
    assert not fingerprint(copy).same_law(fingerprint(template("b")))


def test_dynamic_circuits_and_large_entangled_ones_have_a_structure_only(monkeypatch) -> None:
    monkeypatch.setattr(
        "qdiff.simulation.fingerprint.chain_sketch._MAX_WORK", 1e8
    )  # a tenth, and still too little
    dynamic = QuantumCircuit(2, 2)
    dynamic.h(0)
    dynamic.measure(0, 0)
    with dynamic.if_test((dynamic.clbits[0], 1)):
        dynamic.x(1)
    dynamic.measure(1, 1)
    entangled = load_circuit("brickwork:30,depth=40,seed=1")
    for circuit in (dynamic, entangled):
        print_ = fingerprint(circuit)
        assert not print_.sketch
        assert print_.same_structure(fingerprint(circuit.copy("other")))
        assert not print_.same_law(print_)


LARGE = {
    "ising:30": "chain",
    "ansatz:26,seed=1": "chain",
    "brickwork:28,depth=4,seed=1": "chain",
    "w:30": "chain",
    "ghz:40": "affine",
    "bv:25": "affine",
}


def routed(circuit: QuantumCircuit, level: int) -> QuantumCircuit:
    """A copy on a grid of 7 x 7 qubits, in the gates of a device."""
    return transpile(
        circuit,
        coupling_map=CouplingMap.from_grid(7, 7),
        basis_gates=["rz", "sx", "x", "cz"],
        optimization_level=level,
        seed_transpiler=3,
    )


@pytest.mark.parametrize(("family", "route"), LARGE.items(), ids=LARGE)
def test_large_laws_survive_transpilation(family: str, route: str) -> None:
    circuit = load_circuit(family)
    mine = fingerprint(circuit)
    assert getattr(mine.sketch, route) is not None
    for level in (1, 3):
        copy = fingerprint(routed(circuit, level))
        assert copy.same_law(mine)
        assert not copy.same_structure(mine)


@pytest.mark.parametrize("family", ["ising:30", "brickwork:28,depth=4,seed=1", "ghz:40"])
def test_another_large_circuit_is_another_one(family: str) -> None:
    """One rotation more at the end, of any bit."""
    circuit = load_circuit(family)
    mine = fingerprint(circuit)
    bare, measured = split_measurements(circuit)
    changed = []
    for bit in (0, circuit.num_clbits // 2, circuit.num_clbits - 1):
        other = bare.copy()
        other.rx(1e-3 if family != "ghz:40" else np.pi / 2, measured[bit])
        for place, qubit in measured.items():
            other.measure(qubit, place)
        changed.append(other)
    for other in changed:
        assert not fingerprint(other).same_law(mine)


def test_both_routes_of_large_circuits_say_what_the_state_vector_says() -> None:
    """On circuits small enough for all three: equal laws agree, unequal ones differ."""
    clifford, other, chained = load_circuit("ghz:6"), load_circuit("bv:6"), load_circuit("ising:6")
    assert affine_sketch(chained) is None
    copy = transpile(clifford, basis_gates=["rz", "sx", "cz"], optimization_level=1)
    assert affine_sketch(copy) == affine_sketch(clifford) != affine_sketch(other)
    bits = np.arange(64)[:, None] >> np.arange(6) & 1
    bare, _ = split_measurements(chained)
    law = Statevector(bare).probabilities()
    means = np.array(chain_sketch(chained))
    assert np.allclose(means[:6], law @ (1.0 - 2.0 * bits), atol=1e-12)
    parities = 1.0 - 2.0 * (bits @ fixed_sets(6).T.astype(int) % 2)
    assert np.allclose(means[6:], law @ parities, atol=1e-12)


def test_large_copies_are_answered_by_the_sampler() -> None:
    from qdiff import SurrogateSampler

    circuit = load_circuit("ising:23")
    shots = Shots.from_bits(np.random.default_rng(0).integers(0, 2, (50, 23)))
    model = fit(shots, config=QUICK)
    sampler = SurrogateSampler((circuit, model), seed=1)
    result = sampler.run([routed(circuit, 1)], shots=5).result()[0]
    assert result.metadata["qdiff"]["matched_by"] == ["law"]
    with pytest.raises(InputError, match="no surrogate stands for"):
        sampler.run([load_circuit("ising:23,steps=2")], shots=5).result()


def test_a_law_of_22_bits_is_projected() -> None:
    circuit = load_circuit("qaoa:20,seed=1")
    found = sketch(circuit)
    assert sketch(routed(circuit, 1)).agrees(found)
    assert found.law is not None


def test_json_round_trip_and_refusals() -> None:
    for mine in map(fingerprint, (small(), load_circuit("ghz:30"), load_circuit("w:24"))):
        assert Fingerprint.from_dict(mine.to_dict()) == mine
    mine = fingerprint(small())
    for damaged in ({}, {**mine.to_dict(), "version": 9}, {**mine.to_dict(), "law": ["x"]}):
        with pytest.raises(InputError, match="fingerprint"):
            Fingerprint.from_dict(damaged)


def test_laws_know_which_bits_are_measured_into() -> None:
    """A flipped qubit read into bit 0 of two is another law than one read into bit 1."""
    laws = []
    for bit in (0, 1):
        circuit = QuantumCircuit(1, 2)
        circuit.x(0)
        circuit.measure(0, bit)
        laws.append(fingerprint(circuit))
    assert not laws[0].same_law(laws[1])
