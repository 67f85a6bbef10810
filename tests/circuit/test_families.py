"""Each family's outcome law against its formula, by a route that does not build the circuit."""

from __future__ import annotations

import importlib.util
import math
import sys
from functools import reduce
from itertools import combinations
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import Operator, Statevector
from scipy.linalg import expm

from qdiff.circuit.families import by_name as families
from qdiff.circuit.families.building_blocks import MAX_COUNT
from qdiff.circuit.families.variational import regular_graph
from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import is_dynamic, split_measurements
from qdiff.circuit.structural_hash import circuit_hash
from qdiff.errors import InputError

FOLDER = Path(__file__).parents[2] / "circuits"

Table = NDArray[np.float64]


def law(circuit: QuantumCircuit) -> Table:
    """Ideal probabilities over the measured classical bits, bit 0 least significant."""
    bare, measured = split_measurements(circuit)
    qubits = [measured[clbit] for clbit in range(circuit.num_clbits)]
    table: Table = Statevector(bare).probabilities(qubits)
    return table


def pauli(letter: str, *places: int, size: int) -> NDArray[np.complex128]:
    """The dense Pauli string with `letter` at `places`, qubit 0 least significant."""
    one = {"X": [[0, 1], [1, 0]], "Y": [[0, -1j], [1j, 0]], "Z": [[1, 0], [0, -1]]}[letter]
    factors = [np.array(one if j in places else np.eye(2), complex) for j in range(size)]
    return reduce(np.kron, reversed(factors))


def trotter(terms: list[NDArray[np.complex128]], start: int, time: float, steps: int) -> Table:
    """``|<x| (prod_k exp(-i dt H_k))^steps |start>|^2``, the first term acting first."""
    state = np.zeros(len(terms[0]), complex)
    state[start] = 1
    factors = [expm(-1j * time / steps * term) for term in terms]
    for _ in range(steps):
        for factor in factors:
            state = factor @ state
    return np.abs(state) ** 2


def bonds(letter: str, start: int, size: int) -> NDArray[np.complex128]:
    pairs = [(j, j + 1) for j in range(start, size - 1, 2)]
    return sum((pauli(letter, *pair, size=size) for pair in pairs), np.zeros((2**size,) * 2))


# --- every family ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", families.FAMILIES)
def test_a_family_is_measured_static_and_repeatable(name: str) -> None:
    circuit = families.build(f"{name}:10")
    assert circuit.num_qubits == 10
    assert not is_dynamic(circuit)
    assert sum(step.operation.name == "measure" for step in circuit.data) == circuit.num_clbits
    assert circuit_hash(circuit) == circuit_hash(families.FAMILIES[name](10))
    assert circuit_hash(circuit) == circuit_hash(load_circuit(f" {name} : 10 "))


@pytest.mark.parametrize("name", [n for n in families.FAMILIES if n not in ("adder", "steane")])
def test_sizes_differ(name: str) -> None:
    hashes = {circuit_hash(families.build(f"{name}:{size}")) for size in (4, 6, 8)}
    assert len(hashes) == 3


@pytest.mark.parametrize(
    "name", ["ansatz", "brickwork", "bv", "clifford", "graph", "iqp", "qaoa", "qft"]
)
def test_seeds_differ(name: str) -> None:
    hashes = {circuit_hash(families.build(f"{name}:10,seed={seed}")) for seed in range(3)}
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ising", "ising needs a size"),
        ("ising:", "ising needs a size"),
        ("ising:ten", "got 'ten'"),
        ("ising:" + "9" * 5000, "ising needs a size"),
        ("ising:1", "num_qubits must be a whole number from 2"),
        (f"ising:{MAX_COUNT + 1}", f"to {MAX_COUNT}"),
        ("ising:-3", "got -3"),
        ("ising:4,", "its options: steps, time_step, coupling, field"),
        ("ising:4,step=3", "no option 'step'"),
        ("ising:4,steps=1.5", "steps is int, got '1.5'"),
        ("ising:4,steps=0", "steps must be a whole number from 1"),
        ("ising:4,steps=2,steps=2", "given 'steps' twice"),
        ("ising:4,field=nan", "field must be a finite number"),
        ("ghz:4,seed=1", "its options: none"),
        ("qaoa:5", "even number of nodes"),
        ("qaoa:2", "from 4"),
        ("qaoa:6,layers=5", "1 to 4 layers"),
        ("qaoa:6,seed=-1", "seed must be"),
        ("adder:7", "an even number"),
        ("adder:6,a=4", "a must be a whole number of 2 bits, got 4"),
        ("adder:6,b=-2", "b must be"),
        ("graph:10,rows=3", "grid of 3 rows"),
        ("steane:8", "7 or 10"),
        ("amplitude:4,probability=1.5", "not in [0, 1]"),
        ("iqp:4,density=-1", "density must not be negative"),
        ("nothing:4", "unknown circuit family 'nothing'"),
    ],
)
def test_a_bad_text_is_one_clear_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        families.build(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_size_that_is_no_number_is_refused_from_python() -> None:
    for size in (4.0, True, "4", None):
        with pytest.raises(InputError, match="whole number"):
            families.ghz(size)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="field"):
        families.ising(4, field="strong")  # type: ignore[arg-type]


# --- states ---------------------------------------------------------------------------------


def test_ghz_and_w() -> None:
    ghz = np.zeros(32)
    ghz[[0, 31]] = 0.5
    np.testing.assert_allclose(law(families.ghz(5)), ghz, atol=1e-12)
    w = np.zeros(32)
    w[[1, 2, 4, 8, 16]] = 0.2
    np.testing.assert_allclose(law(families.w(5)), w, atol=1e-12)


def test_steane_is_even_over_the_dual_hamming_words() -> None:
    words = [0, 27, 45, 54, 78, 85, 99, 120]
    alone, checked = law(families.steane(7)), law(families.steane(10))
    np.testing.assert_allclose(alone[words], 1 / 8, atol=1e-12)
    np.testing.assert_allclose(checked[: 2**7], alone, atol=1e-12)  # syndrome bits are all 0


def test_the_syndrome_of_steane_sees_each_single_flip() -> None:
    circuit = families.steane(10)
    seen = set()
    for flipped in range(7):
        bare, measured = split_measurements(circuit)
        noisy = bare.copy_empty_like()
        for step in bare.data:
            if noisy.find_bit(step.qubits[-1]).index == 7 and not noisy.metadata:
                noisy.x(flipped)  # just before the first check
                noisy.metadata = {"flipped": True}
            noisy.append(step)
        syndrome = Statevector(noisy).probabilities([measured[bit] for bit in (7, 8, 9)])
        assert syndrome.max() == pytest.approx(1)
        seen.add(int(syndrome.argmax()))
    assert seen == set(range(1, 8))


def test_graph_measures_a_grid_state_in_rotated_bases() -> None:
    size, rows, columns = 6, 2, 3
    circuit = families.graph(size, rows=rows, seed=5)
    angles = np.zeros(size)
    for step in circuit.data:
        if step.operation.name == "p":
            angles[circuit.find_bit(step.qubits[0]).index] = step.operation.params[0]
    bits = np.arange(2**size)[:, None] >> np.arange(size) & 1
    edges = [
        (a, b)
        for a, b in combinations(range(size), 2)
        if abs(a // columns - b // columns) + abs(a % columns - b % columns) == 1
    ]
    signs = sum(bits[:, a] * bits[:, b] for a, b in edges)
    state = (-1.0) ** signs * np.exp(1j * bits @ angles)
    np.testing.assert_allclose(law(circuit), np.abs(hadamard(size) @ state / 8) ** 2, atol=1e-12)
    assert len(set(angles.tolist())) > 1


def hadamard(size: int) -> Table:
    """All Hadamards, orthonormal."""
    return reduce(np.kron, [np.array([[1, 1], [1, -1]]) / math.sqrt(2)] * size)


# --- dynamics -------------------------------------------------------------------------------


def test_ising_is_the_trotter_product() -> None:
    size, steps, dt, coupling, field = 4, 3, 0.3, 0.7, 1.3
    fields = sum(pauli("X", j, size=size) for j in range(size))
    terms = [
        -coupling * (bonds("Z", 0, size) + bonds("Z", 1, size)),
        -field * fields,
    ]
    circuit = families.ising(size, steps=steps, time_step=dt, coupling=coupling, field=field)
    np.testing.assert_allclose(law(circuit), trotter(terms, 0, steps * dt, steps), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "letters", "scale"), [("heisenberg", "XYZ", 1), ("xy", "XY", 0.5)]
)
def test_exchange_chains_are_the_trotter_product(name: str, letters: str, scale: float) -> None:
    size, steps, dt, coupling = 5, 3, 0.3, 0.8
    terms = [
        scale * coupling * sum(bonds(letter, start, size) for letter in letters) for start in (0, 1)
    ]
    circuit = families.FAMILIES[name](size, steps=steps, time_step=dt, coupling=coupling)
    expected = trotter(terms, 0b10101, steps * dt, steps)
    np.testing.assert_allclose(law(circuit), expected, atol=1e-12)
    ones = np.array([x.bit_count() for x in range(2**size)])
    assert law(circuit)[ones != 3].max() < 1e-12


# --- variational ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [4, 6, 12, 20])
def test_regular_graphs_are_simple_regular_and_connected(size: int) -> None:
    for seed in range(5):
        edges = regular_graph(size, seed=seed)
        assert len(set(edges)) == len(edges) == 3 * size // 2
        assert all(a < b for a, b in edges)
        assert np.bincount(np.ravel(edges), minlength=size).tolist() == [3] * size
        adjacency = np.zeros((size, size))
        adjacency[tuple(np.transpose(edges))] = 1
        laplacian = 3 * np.eye(size) - adjacency - adjacency.T
        assert np.linalg.eigvalsh(laplacian)[1] > 1e-9  # one component


@pytest.mark.parametrize(("layers", "ratio"), [(1, 0.6924), (2, 0.7559), (3, 0.7924), (4, 0.8169)])
def test_qaoa_reaches_the_published_ratio(layers: int, ratio: float) -> None:
    """Wurtz and Lykov's guarantee, which random guessing does not reach."""
    size = 10
    for seed in range(3):
        circuit = families.qaoa(size, layers=layers, seed=seed)
        bits = np.arange(2**size)[:, None] >> np.arange(size) & 1
        cut = sum(bits[:, a] ^ bits[:, b] for a, b in regular_graph(size, seed=seed))
        assert law(circuit) @ cut / cut.max() >= ratio > cut.mean() / cut.max()


def test_ansatz_has_its_gates() -> None:
    gates = families.ansatz(5, layers=2, seed=1).count_ops()
    assert dict(gates) == {"ry": 15, "rz": 15, "cx": 8, "measure": 5}


# --- random circuits ------------------------------------------------------------------------


def test_brickwork_alternates_its_bonds() -> None:
    circuit = families.brickwork(5, depth=3)
    pairs = [
        tuple(circuit.find_bit(q).index for q in s.qubits)
        for s in circuit.data
        if s.operation.name == "cz"
    ]
    assert pairs == [(0, 1), (2, 3), (1, 2), (3, 4), (0, 1), (2, 3)]


def test_iqp_is_the_transform_of_its_phases() -> None:
    size = 7
    circuit = families.iqp(size, density=2.0, seed=4)
    bits = np.arange(2**size)[:, None] >> np.arange(size) & 1
    phases = np.zeros(2**size)
    for step in circuit.data:
        if step.operation.name in ("p", "cp"):
            places = [circuit.find_bit(qubit).index for qubit in step.qubits]
            phases += step.operation.params[0] * bits[:, places].all(axis=1)
    amplitudes = hadamard(size) @ np.exp(1j * phases) / 2 ** (size / 2)
    np.testing.assert_allclose(law(circuit), np.abs(amplitudes) ** 2, atol=1e-12)
    assert circuit.count_ops()["cp"] >= 3


def test_clifford_outcomes_are_even_over_an_affine_space() -> None:
    for seed in range(3):
        table = law(families.clifford(6, depth=3, seed=seed))
        support = np.flatnonzero(table > 1e-9)
        np.testing.assert_allclose(table[support], 1 / len(support), atol=1e-12)
        shifted = {int(x ^ support[0]) for x in support}
        assert all(a ^ b in shifted for a in shifted for b in shifted)


def test_all_24_one_qubit_cliffords_occur() -> None:
    circuit = families.clifford(400, depth=1, seed=0)
    gates = ["" for _ in range(400)]
    for step in circuit.data:
        if step.operation.name == "cz":
            break
        gates[circuit.find_bit(step.qubits[0]).index] += step.operation.name + " "
    kinds: list[Operator] = []
    for words in sorted(set(gates)):
        one = QuantumCircuit(1)
        for name in words.split():
            getattr(one, name)(0)
        kinds.append(Operator(one))
    distinct = [u for i, u in enumerate(kinds) if not any(u.equiv(v) for v in kinds[:i])]
    assert len(distinct) == len(kinds) == 24


# --- algorithms -----------------------------------------------------------------------------


def test_qft_is_numpys_fourier_transform() -> None:
    size = 5
    circuit = families.qft(size, seed=6)
    product = QuantumCircuit(size)
    for step in circuit.data[:size]:
        product.append(step.operation, [circuit.find_bit(step.qubits[0]).index])
    state = Statevector(product).data
    expected = np.abs(np.fft.ifft(state, norm="ortho")) ** 2
    np.testing.assert_allclose(law(circuit), expected, atol=1e-12)


def test_bernstein_vazirani_finds_its_secret() -> None:
    circuit = families.bv(8, seed=3)
    controls = [
        circuit.find_bit(step.qubits[0]).index
        for step in circuit.data
        if step.operation.name == "cx"
    ]
    secret = sum(2**control for control in controls)
    assert law(circuit)[secret] == pytest.approx(1)
    assert secret >= 2**6


def estimate(turn: float, bits: int) -> Table:
    """Textbook phase-estimation law of an eigenphase ``2 pi turn``."""
    size = 2**bits
    outcomes = np.arange(size)[:, None]
    sums = np.exp(2j * math.pi * np.arange(size) * (turn - outcomes / size)).sum(axis=1)
    table: Table = np.abs(sums / size) ** 2
    return table


@pytest.mark.parametrize("turn", [1 / 3, 0.15, 0.625])
def test_phase_estimation_law(turn: float) -> None:
    np.testing.assert_allclose(law(families.phase(6, phase=turn)), estimate(turn, 5), atol=1e-9)


@pytest.mark.parametrize("probability", [0.2, 0.0, 0.9])
def test_amplitude_estimation_law(probability: float) -> None:
    """Grover's operator has the eigenphases ``+- 2 theta``, met with probability 1/2 each."""
    turn = math.asin(math.sqrt(probability)) / math.pi
    expected = (estimate(turn, 5) + estimate(-turn, 5)) / 2
    circuit = families.amplitude(6, probability=probability)
    np.testing.assert_allclose(law(circuit), expected, atol=1e-9)


def test_adder_adds() -> None:
    for a in range(4):
        for b in range(4):
            assert law(families.adder(6, a=a, b=b))[a + b] == pytest.approx(1)
    assert law(families.adder(8))[8] == pytest.approx(1)


# --- committed files ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script() -> ModuleType:
    name = "circuits_generate"
    specification = importlib.util.spec_from_file_location(name, FOLDER / "generate.py")
    if specification is None or specification.loader is None:
        pytest.fail("circuits/generate.py cannot be imported")
    sys.modules[name] = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(sys.modules[name])
    return sys.modules.pop(name)


def test_the_committed_files_are_what_the_script_writes(script: ModuleType) -> None:
    written = script.contents()
    on_disk = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.[qm][ad]*")}
    assert on_disk == written


def test_the_committed_files_load_as_their_families(script: ModuleType) -> None:
    entries = script.ENTRIES
    assert len(entries) >= 14
    assert {"ising_10", "qaoa_12", "brickwork_shallow_12"} <= {entry.name for entry in entries}
    for entry in entries:
        circuit = load_circuit(FOLDER / f"{entry.name}.qasm")
        assert circuit_hash(circuit) == circuit_hash(families.build(entry.family)), entry.name
        assert 4 <= circuit.num_qubits <= 20
        assert entry.name.endswith(f"_{circuit.num_qubits}")
