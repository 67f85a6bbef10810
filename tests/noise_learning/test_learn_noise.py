"""Learning a device's noise: recovered rates, predicted laws, and what is said of both."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from asymmetric_circuits import asymmetric
from noisy_pairs import CIRCUITS, TRUTH, kl, noisy_pairs
from qiskit import QuantumCircuit, transpile
from quick_fits import QUICK

import qdiff
from qdiff import InputError, LearnedNoise, NoiseSpec, Shots, learn_noise
from qdiff.fitting.heldout import hold_out
from qdiff.models.noisy_circuit.fit import CircuitFitConfig, fit_circuit
from qdiff.models.surrogate.part import Part
from qdiff.noise.rates import QubitNoise
from qdiff.noise_learning.beyond_tables import chain_of_simulated_shots
from qdiff.noise_learning.numbers import Number
from qdiff.noise_learning.prediction import before_readout
from qdiff.noise_learning.specification import stated
from qdiff.noise_learning.update import device_circuit
from qdiff.simulation.program import program_of

FEW = 2e5
"""Gates times amplitudes: some hundred histories of three qubits."""

NEVER_RUN = ("ising:3", "xy:3", "ghz:3")


@pytest.fixture(scope="module")
def learned() -> LearnedNoise:
    return learn_noise(noisy_pairs(20_000), seed=3, operations=FEW)


def predicted(learned: LearnedNoise, circuit: str) -> np.ndarray:
    return learned.predict(circuit, operations=1e6).distribution().probabilities


def worst_kl(learned: LearnedNoise, noise: NoiseSpec = TRUTH) -> float:
    """Over circuits that gave no shots."""
    truths = {circuit: qdiff.exact(circuit, noise).probabilities for circuit in NEVER_RUN}
    return max(kl(truth, predicted(learned, circuit)) for circuit, truth in truths.items())


def test_of_one_circuit_it_is_the_fit_of_that_circuit() -> None:
    """Two fits of the same shots, which agree a hundred times better than with the ideal law."""
    circuit, noise = asymmetric(4), "depolarizing:p1=2e-3,p2=1e-2,readout=0.02/0.05"
    shots = qdiff.exact(circuit, noise).sample(100_000, seed=1)
    heldout, train = hold_out(shots, seed=1)
    single = fit_circuit(
        program_of(circuit),
        train,
        heldout,
        seed=np.random.SeedSequence(1),
        config=CircuitFitConfig(operations=FEW),
    ).refitted(shots)
    learned = learn_noise([(circuit, shots)], operations=FEW)
    joint = learned.predict(circuit, operations=1e6).distribution().probabilities
    ideal = qdiff.exact(circuit).probabilities
    assert kl(single.table(), joint) < 1e-4
    assert kl(single.table(), ideal) > 1e-2


def coverage(cases: int) -> float:
    """How often the interval of a shared number holds the true one."""
    kinds = ("pauli1", "pauli2", "one_given_zero", "zero_given_one")
    hits = []
    for case in range(cases):
        pairs = noisy_pairs(10_000, seed=1000 * (1 + case))
        learned = learn_noise(pairs, seed=case, operations=FEW)
        found = {str(each.number): each.interval for each in learned.numbers}
        for kind in kinds:
            low, high = found[kind]
            hits.append(low <= stated(TRUTH, Number(kind)) <= high)
    return float(np.mean(hits))


@pytest.mark.statistical
def test_rates_are_within_their_errors() -> None:
    """Of 12 numbers in 3 draws; 95 % are expected, 7 or fewer are a false alarm of 2e-4."""
    assert coverage(3) > 7.5 / 12


@pytest.mark.slow
@pytest.mark.statistical
def test_rates_are_within_their_errors_in_two_hundred_cases() -> None:
    assert coverage(200) > 0.90


def test_the_prediction_nears_the_exact_law_as_shots_grow(learned: LearnedNoise) -> None:
    """KL below 2e-4 from a million shots of each circuit, 2e-3 from 20,000; and power."""
    many = learn_noise(noisy_pairs(1_000_000), seed=3, operations=2e6)
    few = learn_noise(noisy_pairs(100), seed=3, operations=FEW)
    assert worst_kl(many) < 2e-4
    assert worst_kl(many) < worst_kl(learned) < 2e-3 < 8e-3 < worst_kl(few)
    wrong = NoiseSpec.parse("depolarizing:p1=1.2e-3,p2=2e-2,readout=0.02/0.03,virtual_gates=rz+p")
    assert worst_kl(many, wrong) > 1e-2


def test_circuits_added_later_count_like_circuits_from_the_start(learned: LearnedNoise) -> None:
    """To first order: the earlier ones are known by a normal law of the numbers."""
    first, second, third = noisy_pairs(20_000)
    later = learn_noise([first, second], seed=3, operations=FEW).add([third], operations=FEW)
    assert len(later.lessons) == 2
    for circuit in NEVER_RUN:
        assert kl(predicted(learned, circuit), predicted(later, circuit)) < 1e-3
    for kind in ("pauli2", "one_given_zero"):
        one, two = (
            next(x for x in each.numbers if x.number == Number(kind)) for each in (learned, later)
        )
        assert abs(one.value - two.value) < 2 * one.standard_error


def test_qubits_of_the_device_add_up_over_circuits() -> None:
    """A bad qubit that two circuits share is bad in a third, which has never run."""
    noise = NoiseSpec(
        p1=1e-3,
        p2=1e-2,
        readout=(0.01, 0.01),
        qubits={5: QubitNoise(readout=(0.03, 0.20))},
        num_qubits=9,
    )
    laid_out = [
        transpile(qdiff.load_circuit("ansatz:2,seed=1"), initial_layout=layout,
                  coupling_map=[[3, 5], [5, 8]], optimization_level=0, seed_transpiler=1)
        for layout in ([3, 5], [5, 8])
    ]  # fmt: skip
    pairs = [(c, qdiff.exact(c, noise).sample(5000, seed=k)) for k, c in enumerate(laid_out)]
    learned = learn_noise(pairs, start=NoiseSpec(), operations=FEW)
    found = {str(x.number): x for x in learned.numbers}
    assert found["zero_given_one 5"].interval[0] > found["zero_given_one 3"].value
    assert found["zero_given_one 5"].value > 0.12
    assert "pauli2 5-8" in found
    spec = learned.to_spec()
    assert (spec.num_qubits, set(spec.edges)) == (9, {(3, 5), (5, 8)})
    assert spec.readout_of(5)[1] == found["zero_given_one 5"].value
    other = QuantumCircuit(9, 1)
    other.x(5)
    other.measure(5, 0)
    read = learned.predict(other, operations=FEW).distribution().probabilities
    assert abs(read[0] - qdiff.exact(other, noise).probabilities[0]) < 0.02


def test_gates_that_turn_too_far_are_found() -> None:
    noise = NoiseSpec(p1=1e-3, p2=5e-3, over_rotation=0.04, readout=(0.01, 0.02))
    learned = learn_noise(noisy_pairs(10_000, noise), start=NoiseSpec(), operations=FEW)
    found = {str(x.number): x for x in learned.numbers}
    for kind in ("turn_one_qubit", "turn_two_qubits"):
        assert abs(found[kind].value - 0.04) < 4 * found[kind].standard_error < 0.02
    assert worst_kl(learned, noise) < 2e-3
    assert any("software" in text for text in learned.beyond_spec)


@pytest.mark.slow
def test_a_calibration_makes_few_shots_go_far() -> None:
    """Of one circuit, in the mean over draws, although its rates are wrong by up to five."""
    start = NoiseSpec(**{**vars(TRUTH), "p1": 6e-3, "p2": 1.4e-2, "readout": (0.03, 0.04)})
    few = [noisy_pairs(200, seed=seed)[:1] for seed in range(1, 5)]
    told, untold = (
        np.mean([worst_kl(learn_noise(pairs, start=known, operations=2e4)) for pairs in few])
        for known in (start, None)
    )
    assert told < 0.8 * untold


def test_shots_that_no_such_noise_gives_are_named(learned: LearnedNoise) -> None:
    """Crosstalk: a rotation that nobody asked for. Nothing is said of the right shots."""
    assert learned.doubts == []
    circuit = qdiff.load_circuit(CIRCUITS[0])
    spoiled = circuit.copy_empty_like()
    for step in circuit.data:
        spoiled.append(step)
        if len(step.qubits) == 2:
            spoiled.rxx(0.4, 0, 2)
    shots = qdiff.exact(spoiled, TRUTH).sample(20_000, seed=1)
    misled = learned.add([(circuit, shots)], operations=FEW)
    assert ["something else happens" in doubt for doubt in misled.doubts] == [True]


def test_the_same_seed_gives_the_same_numbers_and_files_keep_them(
    tmp_path: Path, learned: LearnedNoise
) -> None:
    again = learn_noise(noisy_pairs(20_000), seed=3, operations=FEW)
    assert [x.value for x in learned.numbers] == [x.value for x in again.numbers]
    learned.save(tmp_path / "device.safetensors")
    loaded = LearnedNoise.load(tmp_path / "device.safetensors")
    assert loaded.to_dict() == learned.to_dict()
    assert loaded.to_spec() == learned.to_spec()
    assert json.loads(json.dumps(loaded.to_dict())) == loaded.to_dict()
    assert (predicted(loaded, "ghz:3") == predicted(learned, "ghz:3")).all()
    with pytest.raises(InputError, match="exists"):
        learned.save(tmp_path / "device.safetensors")


def test_a_specification_predicts_what_the_learned_noise_does(learned: LearnedNoise) -> None:
    """Two routes from the same numbers: histories, and the exact channels of a `NoiseSpec`."""
    spec = learned.to_spec()
    for circuit in NEVER_RUN:
        assert kl(predicted(learned, circuit), qdiff.exact(circuit, spec).probabilities) < 5e-4


def test_a_fit_that_is_told_the_learned_noise_needs_few_shots(learned: LearnedNoise) -> None:
    """300 shots of the circuit, whose histogram is more than twice as far from the truth."""
    truth = qdiff.exact("ising:3", TRUTH)
    shots = truth.sample(300, seed=1)
    found = qdiff.fit(shots, circuit="ising:3", noise=learned, seed=1, config=QUICK)
    own = found.only(Part.CIRCUIT).distribution().probabilities
    assert found.card["circuit"]["verdict"].startswith("accepted")
    assert kl(truth.probabilities, own) < 1e-3
    histogram = (np.bincount(shots.indices, shots.counts, minlength=8) + 0.5) / (300 + 4)
    assert kl(truth.probabilities, histogram) > 2e-3


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "give pairs"),
        (7, "give pairs"),
        (["ghz:3"], "each pair"),
        ([("ghz:3", {"000": 1})], "must be Shots"),
        ([("ghz:3", Shots.from_counts({"00": 3}))], "3 classical bits, its shots 2"),
        ([("ghz:30", Shots.from_counts({"0" * 30: 3}))], "measure fewer"),
        ([("nothing.qasm", Shots.from_counts({"00": 3}))], "neither a file"),
    ],
)
def test_what_teaches_nothing_is_refused(pairs: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        learn_noise(pairs)
    assert "\n" not in str(caught.value)


def test_shots_of_something_else_are_refused() -> None:
    """A Bell pair cannot be 00 twice as often as 11 and almost never anything else."""
    shots = Shots.from_counts({"00": 10**6, "11": 5 * 10**5, "01": 3})
    with pytest.raises(InputError, match="are they of these circuits"):
        learn_noise([("ghz:2", shots)], operations=1e6)


def test_a_circuit_that_cannot_be_predicted_is_refused(learned: LearnedNoise) -> None:
    with pytest.raises(InputError, match="must be Clifford to be predicted: measure fewer"):
        learned.predict("ising:26")
    with pytest.raises(InputError, match="seed"):
        learned.predict("ghz:3", seed=-1)


@pytest.mark.slow
def test_a_clifford_circuit_beyond_tables_is_predicted_as_a_chain(learned: LearnedNoise) -> None:
    """True shots are nearly as likely as under a chain fitted to as many true shots."""
    model = learned.predict("ghz:26", seed=1)
    assert model.card["circuit"]["expected_kl"] is None
    shots = qdiff.simulate("ghz:26", TRUTH, shots=4000, seed=5)
    own = chain_of_simulated_shots(qdiff.load_circuit("ghz:26"), TRUTH, np.random.SeedSequence(7))
    nats = [law.log_prob(shots.bits) @ shots.counts / 4000 for law in (model, own)]
    assert nats[0] > nats[1] - 0.05
    assert model.sample(10, seed=1).num_bits == 26


def test_a_specification_turns_gates_as_predictions_do() -> None:
    """Only by angles that were learned, not by those that a start supposed."""
    start = NoiseSpec(p1=1e-3, p2=1e-2, over_rotation=0.02, readout=(0.02, 0.03))
    learned = learn_noise(noisy_pairs(200), start=start, operations=FEW)
    assert learned.posterior.angles == (0, 0, 0)
    assert learned.to_spec().over_rotation is None


def test_a_handful_of_shots_is_enough_to_hold_some_out() -> None:
    assert learn_noise(noisy_pairs(4)[:1], operations=FEW).lessons


def test_a_start_of_a_smaller_device_is_refused() -> None:
    with pytest.raises(InputError, match="3 qubits but the noise describes 2"):
        learn_noise(noisy_pairs(100), start=NoiseSpec(p2=1e-2, num_qubits=2), operations=FEW)


def test_plausible_laws_are_those_of_other_numbers(learned: LearnedNoise) -> None:
    """Histories count for other rates by their likelihood: as if drawn anew at those rates."""
    circuit = device_circuit(qdiff.load_circuit("ising:3"), learned.posterior)
    known = learned.posterior
    other = replace(known, mean=known.mean + 0.5)
    draw = np.random.default_rng
    _, (at_known, at_other) = before_readout(circuit, [known, other], 1e8, draw(1))
    _, (anew,) = before_readout(circuit, [other], 1e8, draw(2))
    assert kl(anew, at_other) < 2e-4 < 2e-3 < kl(anew, at_known)


def test_uncertainty_shrinks_as_shots_grow(learned: LearnedNoise) -> None:
    """It is of the size of the error; the plausible laws lie about the predicted one."""
    few = learn_noise(noisy_pairs(200), seed=3, operations=FEW)
    expected = [each.predict("xy:3").card["circuit"]["expected_kl"] for each in (few, learned)]
    assert expected[0] > 5 * expected[1] > 0
    truth = qdiff.exact("xy:3", TRUTH).probabilities
    assert kl(truth, predicted(learned, "xy:3")) < 10 * expected[1]
    laws = learned.plausible_laws("xy:3", draws=100, operations=1e6)
    assert laws.shape == (100, 8)
    assert np.allclose(laws.sum(axis=1), 1)
    away = np.abs(predicted(learned, "xy:3") - truth) / laws.std(axis=0)
    assert away.max() < 5
