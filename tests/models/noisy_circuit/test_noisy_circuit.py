"""Physics in the model: each layer against brute force, and the fit's verdicts."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from asymmetric_circuits import asymmetric
from chi_square import FALSE_ALARM, p_value
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector, random_clifford

import qdiff
from qdiff import Confusion, Distribution, FitConfig, InputError, Shots
from qdiff.circuit.clifford_law import affine_of
from qdiff.data import bits as bitorder
from qdiff.fitting.config import Candidate
from qdiff.fitting.heldout import hold_out
from qdiff.fitting.mitigate import interactions_before_readout
from qdiff.models.clifford import expectation_maximisation as chain_em
from qdiff.models.clifford.chain_algebra import mixture_chain, product_chain, read_chain
from qdiff.models.diffusion.denoisers.config import MLP
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.noisy_circuit import fit as circuit_fit
from qdiff.models.noisy_circuit import memory_needed as fit_memory
from qdiff.models.noisy_circuit import step_search as circuit_search
from qdiff.models.noisy_circuit.acceptance import judge
from qdiff.models.noisy_circuit.error_groups import error_groups
from qdiff.models.noisy_circuit.fit import fit_circuit
from qdiff.models.noisy_circuit.history_laws import Dictionary, Round
from qdiff.models.noisy_circuit.history_numbers import number_of_histories, numbers_of
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.noisy_circuit.noise_likelihood import (
    CircuitFitConfig,
    NoisyModel,
    PriorConfig,
    as_tensors,
)
from qdiff.models.noisy_circuit.noise_posterior import fit_prior, sensitivities
from qdiff.models.noisy_circuit.statevector import ideal_law, zero_state
from qdiff.models.readout import unfolding
from qdiff.models.readout.confusion import Factor
from qdiff.models.surrogate.part import Part
from qdiff.simulation.program import program_of

QUICK = FitConfig(
    orders=2,
    candidates=(
        Candidate(
            network=MLP(width=8, depth=1),
            training=TrainingConfig(steps=40, batch=64, evaluate_every=20),
        ),
    ),
)
FEW = CircuitFitConfig(operations=2e5)


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def random_confusion(num_bits: int, seed: int = 0) -> Confusion:
    """Independent flips, then three correlated pairs, in both orders of their bits."""
    draw = generator(seed)
    flips = Confusion.independent(draw.uniform(0, 0.3, num_bits), draw.uniform(0, 0.3, num_bits))
    pairs = [(0, num_bits - 1), (2, 1), (1, 0)][: max(num_bits - 1, 0)]
    factors = [
        Factor(bits=pair, matrix=draw.dirichlet(np.ones(4), size=4).T)
        for pair in pairs
        if max(pair) < num_bits and pair[0] != pair[1]
    ]
    return Confusion(num_bits=num_bits, factors=(*flips.factors, *factors))


def explicit(confusion: Confusion) -> np.ndarray:
    """The ``2^n x 2^n`` matrix, entry by entry, from the definition alone."""
    size = 1 << confusion.num_bits
    total = np.eye(size)
    for factor in confusion.factors:
        step = np.zeros((size, size))
        mask = sum(1 << bit for bit in factor.bits)
        for read in range(size):
            for true in range(size):
                if read & ~mask == true & ~mask:
                    row, column = (
                        sum((word >> bit & 1) << place for place, bit in enumerate(factor.bits))
                        for word in (read, true)
                    )
                    step[read, true] = factor.matrix[row, column]
        total = step @ total
    return total


# readout


@pytest.mark.parametrize("num_bits", [1, 2, 3, 5, 6])
def test_the_layer_and_its_adjoint_are_the_explicit_matrix(num_bits: int) -> None:
    confusion = random_confusion(num_bits, seed=num_bits)
    matrix = explicit(confusion)
    values = generator(1).normal(size=1 << num_bits)
    assert np.allclose(confusion.apply(values), matrix @ values, atol=1e-12, rtol=0)
    assert np.allclose(confusion.adjoint(values), matrix.T @ values, atol=1e-12, rtol=0)
    assert np.allclose(confusion.matrix().sum(axis=0), 1, atol=1e-12)
    undone = confusion.pulled_back(matrix.T @ values)
    assert np.allclose(undone, values, atol=1e-9)
    assert np.allclose(confusion.inverted(matrix @ values), values, atol=1e-9)


def test_the_torch_layer_is_the_numpy_layer() -> None:
    shots = Shots.from_bits(bitorder.all_bits(4), np.arange(1, 17))
    ideal = generator(3).dirichlet(np.ones(16))
    model = NoisyModel(
        Dictionary.without_errors(ideal, []), shots, PriorConfig(pairs=((0, 2), (1, 3)))
    )
    values = {k: generator(4).normal(size=v.shape) for k, v in model.zeros().items()}
    confusion = model.confusion(as_tensors(values))
    table = model.after_readout(torch.from_numpy(ideal), as_tensors(values)).numpy()
    assert np.allclose(table, explicit(confusion) @ ideal, atol=1e-12, rtol=0)


def test_improper_confusions_are_refused() -> None:
    with pytest.raises(InputError, match="sum to one"):
        Factor(bits=(0,), matrix=np.eye(2) * 0.9)
    with pytest.raises(InputError, match="one bit or two"):
        Factor(bits=(0, 0), matrix=np.eye(4))
    with pytest.raises(InputError, match="no bits"):
        Confusion(num_bits=1, factors=(Factor(bits=(1,), matrix=np.eye(2)),))


# the ideal law and errors


def test_the_ideal_law_is_the_exact_one() -> None:
    circuit = asymmetric(5)
    law = ideal_law(program_of(circuit))
    assert np.allclose(law, qdiff.exact(circuit).probabilities, atol=1e-12, rtol=0)


def test_unseen_qubits_are_gone_and_unwritten_bits_are_zero() -> None:
    circuit = QuantumCircuit(6, 3)
    circuit.h(5)
    circuit.cx(5, 2)
    circuit.x(0)
    circuit.measure([2, 5], [0, 2])
    program = program_of(circuit)
    assert (program.num_qubits, program.num_bits, len(program.gates)) == (2, 3, 2)
    assert np.allclose(ideal_law(program), qdiff.exact(circuit).probabilities, atol=1e-12)


def test_over_rotation_is_that_of_the_noise() -> None:
    circuit = asymmetric(4)
    law = ideal_law(program_of(circuit).over_rotated(0.05, 0.05))
    noise = qdiff.NoiseSpec(p1=0.0, p2=0.0, over_rotation=0.05)
    assert np.allclose(law, qdiff.exact(circuit, noise).probabilities, atol=1e-10, rtol=0)


def test_errors_of_known_rates_give_the_exact_noisy_law() -> None:
    """Depolarizing noise and relaxation, all orders: KL below 4e-4, the ideal law's 0.03."""
    circuit = asymmetric(4)
    noise = qdiff.NoiseSpec(p1=0.01, p2=0.04, t1=50e-6, t2=30e-6, time1=0.4e-6, time2=1e-6)
    truth = qdiff.exact(circuit, noise).probabilities
    program = program_of(circuit, noise)
    groups = error_groups(program)
    expected = {"pauli1": 0.75 * 0.01, "pauli2": 0.9375 * 0.04}
    expected |= {"relax1": 1e-6 / 50e-6, "phase1": 0.5 * 1e-6 * (1 / 30e-6 - 1 / 50e-6)}
    rates = np.array([expected[group.shared] for group in groups])
    sizes = np.array([group.size for group in groups])
    total = float(rates @ sizes)
    numbers = tuple(number for number in numbers_of(total, 20_000))
    start = Dictionary.without_errors(ideal_law(program), groups)
    drawn = Round(numbers=numbers, shares=rates * sizes / total)
    dictionary = start.extended(program, drawn, generator(1))
    shots = Shots.from_bits(bitorder.all_bits(4))
    law = (
        NoisyModel(dictionary, shots, PriorConfig()).before_readout(torch.from_numpy(rates)).numpy()
    )
    assert abs(law.sum() - 1) < 1e-5
    assert truth @ np.log(truth / dictionary.ideal) > 0.03
    assert truth @ np.log(truth / law) < 4e-4


def test_other_rates_than_were_drawn_are_reweighted() -> None:
    """Two dictionaries, drawn with very different shares, agree on the law at the same rates."""
    program = program_of(asymmetric(3))
    groups = error_groups(program)
    sizes = np.array([group.size for group in groups])
    rates = torch.from_numpy(np.where([g.shared == "pauli2" for g in groups], 0.05, 0.005))
    shots = Shots.from_bits(bitorder.all_bits(3))
    laws = []
    for seed, power in ((1, 0.0), (2, 1.0)):
        shares = sizes**power / (sizes**power).sum()
        drawn = Round(numbers=(6000, 6000, 3000), shares=shares)
        start = Dictionary.without_errors(ideal_law(program), groups)
        dictionary = start.extended(program, drawn, generator(seed))
        laws.append(NoisyModel(dictionary, shots, PriorConfig()).before_readout(rates).numpy())
    assert np.abs(laws[0] - laws[1]).sum() < 0.01
    assert np.abs(laws[0] - start.ideal).sum() > 0.1


def test_zero_rates_leave_the_ideal_law() -> None:
    program = program_of(asymmetric(4))
    groups = error_groups(program)
    start = Dictionary.without_errors(ideal_law(program), groups)
    shares = np.ones(len(groups)) / len(groups)
    drawn = Round(numbers=(20, 10), shares=shares)
    dictionary = start.extended(program, drawn, generator())
    shots = Shots.from_bits(bitorder.all_bits(4))
    nothing = torch.full((len(groups),), 1e-300, dtype=torch.float64)
    law = NoisyModel(dictionary, shots, PriorConfig()).before_readout(nothing).numpy()
    silent = Confusion.independent(np.zeros(4), np.zeros(4))
    whole = CircuitLaw(TableLaw.of(law), silent, 0.0, np.full(4, 0.5))
    assert np.allclose(whole.table(), start.ideal, atol=1e-12, rtol=0)


def test_merged_histories_weigh_the_same() -> None:
    program = program_of(asymmetric(3))
    groups = error_groups(program)
    shares = np.ones(len(groups)) / len(groups)
    start = Dictionary.without_errors(ideal_law(program), groups)
    drawn = Round(numbers=(200, 100), shares=shares)
    dictionary = start.extended(program, drawn, generator())
    merged, number = dictionary.merged
    assert number.sum() == 300
    assert len(number) < 200
    total = (number[:, None] * merged.laws).sum(axis=0)
    assert np.allclose(total, dictionary.laws.sum(axis=0), rtol=1e-4)


def test_sensitivities_are_the_gradient() -> None:
    shots = Shots.from_bits(bitorder.all_bits(3), np.arange(1, 9))
    dictionary = Dictionary.without_errors(generator(2).dirichlet(np.ones(8)), [])
    config = PriorConfig(pairs=((0, 1),))
    model = NoisyModel(dictionary, shots, config)
    values = model.zeros()
    slopes = sensitivities(dictionary, shots, config, values)
    leaves = {k: torch.from_numpy(v).requires_grad_() for k, v in values.items()}
    gradient = torch.autograd.grad(model.surprise(leaves), [*leaves.values()], allow_unused=True)
    flat = [
        np.zeros(v.shape) if g is None else g.numpy()
        for g, v in zip(gradient, values.values(), strict=True)
    ]
    assert np.allclose(-slopes @ shots.counts, np.concatenate(flat), atol=0.05)


# the fit


def noisy_shots(circuit: QuantumCircuit, shots: int = 4000, seed: int = 1) -> Shots:
    noise = "depolarizing:p1=2e-3,p2=1e-2,readout=0.02/0.05"
    return qdiff.exact(circuit, noise).sample(shots, seed=seed)


def test_the_fit_comes_close_to_the_noisy_law() -> None:
    """Sixteen strings leave some rates open, not the law: KL of 8 parameters, 4e-5, times five."""
    shots = noisy_shots(asymmetric(4), 100_000)
    truth = qdiff.exact(asymmetric(4), "depolarizing:p1=2e-3,p2=1e-2,readout=0.02/0.05")
    heldout, train = hold_out(shots, seed=1)
    program = program_of(asymmetric(4))
    found = fit_circuit(program, train, heldout, seed=np.random.SeedSequence(1), config=FEW)
    table = found.refitted(shots).table()
    assert abs(table.sum() - 1) < 1e-12
    kl = truth.probabilities @ np.log(truth.probabilities / table)
    ideal = CircuitLaw(
        TableLaw.of(ideal_law(program)),
        Confusion.independent(np.full(4, 1e-3), np.full(4, 1e-3)),
        1e-3,
        np.full(4, 0.5),
    ).table()
    assert kl < 2e-4
    assert truth.probabilities @ np.log(truth.probabilities / ideal) > 10 * kl


def test_held_out_shots_that_cannot_tell_do_not_cost_a_step() -> None:
    """Errors of gates that the training shots are sure of (164 nats), the held-out ones are not."""
    shots = qdiff.exact("heisenberg:10", "superconducting").sample(10_000, seed=21)
    heldout, train = hold_out(shots, seed=21)
    seed, few = np.random.SeedSequence(21), CircuitFitConfig(operations=1e8)
    found = fit_circuit(program_of("heisenberg:10"), train, heldout, seed=seed, config=few)
    step = next(step for step in found.record["steps"] if step["step"] == "errors of gates")
    assert step["gain"] < step["standard_error"]
    assert step["kept"] is True


@pytest.mark.parametrize(
    ("noise", "number", "turns"),
    [
        ("depolarizing:p1=2e-3,p2=1e-2,readout=0.02/0.05", 300, False),
        ("depolarizing:p1=2e-3,p2=1e-2,readout=0.02/0.05", 8000, False),
        ("depolarizing:p1=0,p2=0,over_rotation=-0.05,readout=0.01", 8000, True),
    ],
)
def test_the_record_is_what_was_kept(noise: str, number: int, turns: bool) -> None:
    """Gains of the kept steps add up to the fitted law's score; angles are those kept."""
    circuit = asymmetric(4)
    shots = qdiff.exact(circuit, noise).sample(number, seed=number)
    heldout, train = hold_out(shots, seed=1)
    seed = np.random.SeedSequence(1)
    found = fit_circuit(program_of(circuit), train, heldout, seed=seed, config=FEW)
    steps = found.record["steps"]
    score = found.law.log_prob(heldout.bits) @ heldout.counts / heldout.num_shots
    total = steps[0]["heldout_nats_per_shot"] + sum(s["gain"] for s in steps[1:] if s["kept"])
    assert abs(total - score) < 1e-9
    kept = {step["step"] for step in steps if step["kept"]}
    turned = [s["angles"] for s in steps if s["step"] == "gates that turn too far" and s["kept"]]
    assert list(found.record["over_rotation"].values()) == (turned[-1] if turned else [0, 0, 0])
    assert json.loads(json.dumps(found.record)) == found.record
    assert ("errors of gates" in kept) == (found.record["errors_a_run"] > 0)
    assert ("coupled bits flip together" in kept) == bool(found.record["readout"]["pair_flips"])
    assert bool(turned) is turns


def test_virtual_gates_turn_too_far_where_the_noise_says_so() -> None:
    """Rotations about Z, and they alone, turned by 5 %."""
    program = program_of("ansatz:6,seed=1")
    truth = ideal_law(program.over_rotated(0.0, 0.0, 0.05))
    heldout, train = hold_out(Distribution(probabilities=truth).sample(20_000, seed=1), seed=1)
    found = fit_circuit(program, train, heldout, seed=np.random.SeedSequence(1), config=FEW)
    assert abs(found.record["over_rotation"]["virtual"] - 0.05) < 0.01
    assert truth @ np.log(truth / found.law.table()) < 0.01


@pytest.mark.usefixtures("small_chains")
def test_a_told_surrogate_saves_loads_and_samples_its_law(tmp_path) -> None:
    shots = noisy_shots(asymmetric(4))
    model = qdiff.fit(shots, circuit=asymmetric(4), seed=1, config=QUICK)
    assert model.card["circuit"]["verdict"].startswith("accepted")
    assert model.weights[Part.CIRCUIT] > 0.5
    law = model.distribution()
    assert abs(law.probabilities.sum() - 1) < 1e-12
    assert p_value(model.sample(200_000, seed=2), law) > FALSE_ALARM
    model.save(tmp_path / "model.safetensors")
    again = qdiff.load(tmp_path / "model.safetensors")
    assert np.allclose(again.distribution().probabilities, law.probabilities, atol=1e-12)
    assert again.card == model.card
    conditional = again.log_prob(bitorder.all_bits(4), given={1: 1})
    assert abs(np.exp(conditional).sum() - 1) < 1e-9
    told = model.without_circuit
    plain = qdiff.fit(shots, seed=1, config=QUICK)
    assert np.array_equal(told.distribution().probabilities, plain.distribution().probabilities)


def test_memory_is_checked_before_it_is_taken(monkeypatch) -> None:
    shots = noisy_shots(asymmetric(4), 300)
    monkeypatch.setattr(fit_memory, "available_memory", lambda: 3 << 10)
    with pytest.raises(InputError, match=r"of 4 qubits takes 0\.0 GiB and 0\.0 GiB are free"):
        fit_circuit(program_of(asymmetric(4)), shots, shots, seed=np.random.SeedSequence(1))
    with pytest.raises(InputError, match="out of reach"):
        zero_state(25)


def test_few_histories_are_drawn_where_memory_is_short(monkeypatch) -> None:
    program = program_of(asymmetric(4))
    assert number_of_histories(program, 1e12) == 4000
    monkeypatch.setattr(fit_memory, "BUDGET", 16 * (13 * 100 + 224))
    assert number_of_histories(program, 1e12) == 100
    assert sum(numbers_of(1.5, 20)) <= 24
    whole = fit_memory.bytes_needed(program, 100)
    assert 16 * (13 * 100 + 224) <= whole <= 16 * (13 * 100 + 300)


def test_large_circuits_try_fewer_steps_and_say_so(monkeypatch) -> None:
    for module in (circuit_search, circuit_fit):
        monkeypatch.setattr(module, "THOROUGH_QUBITS", 3)
    shots = noisy_shots(asymmetric(4), 2000)
    seed = np.random.SeedSequence(1)
    found = fit_circuit(program_of(asymmetric(4)), shots, shots, seed=seed, config=FEW)
    steps = [step["step"] for step in found.record["steps"]]
    assert steps == ["ideal law, readout and background", "errors of gates"]
    assert "not tried beyond 3 qubits" in found.record["left_out"]


@pytest.mark.usefixtures("small_chains")
def test_a_wrong_circuit_is_rejected_and_changes_nothing() -> None:
    shots = noisy_shots(asymmetric(4))
    wrong = QuantumCircuit(4, 4)
    wrong.h(range(4))
    wrong.measure(range(4), range(4))
    model = qdiff.fit(shots, circuit=wrong, seed=1, config=QUICK)
    assert model.card["circuit"]["verdict"].startswith("rejected")
    plain = qdiff.fit(shots, seed=1, config=QUICK).distribution().probabilities
    assert np.array_equal(model.distribution().probabilities, plain)


def test_circuits_without_a_law_are_refused_with_the_reason() -> None:
    shots = noisy_shots(asymmetric(4))
    with pytest.raises(InputError, match="3 classical bits, the shots 4"):
        qdiff.fit(shots, circuit="ghz:3", config=QUICK)
    dynamic = QuantumCircuit(4, 4)
    dynamic.measure(0, 0)
    dynamic.h(0)
    dynamic.measure(0, 1)
    with pytest.raises(InputError, match="mid-circuit measurement"):
        qdiff.fit(shots, circuit=dynamic, config=QUICK)
    wide = Shots.from_bits(np.zeros((1, 30), dtype=np.uint8))
    with pytest.raises(InputError, match="must be Clifford"):
        qdiff.fit(wide, circuit="ising:30", config=QUICK)
    with pytest.raises(InputError, match="noise goes with a circuit"):
        qdiff.fit(shots, noise="superconducting", config=QUICK)


def test_the_verdict_rejects_by_more_than_chance() -> None:
    counts = np.full(100, 10)
    others = {"a": np.full(100, -3.0), "shots": np.full(100, -np.inf)}
    weights = {"a": 0.99, "shots": 0.01}
    noise = generator(1).normal(size=100)
    noise -= noise.mean()
    near, far = -3.02 + noise, -4.0 + noise
    assert judge(near, others, weights, counts).accepted
    verdict = judge(far, others, weights, counts)
    assert not verdict.accepted
    assert "rejected" in verdict.record["verdict"]


def circuit_laws() -> list[CircuitLaw]:
    """One of a table, read with correlations, and one of a chain of five bits."""
    draw = generator(8)
    marginals = draw.random(5)
    table = TableLaw.of(draw.dirichlet(np.full(32, 0.3)))
    chain = affine_of(qdiff.load_circuit("ghz:5")).chain()
    flips = Confusion.independent(draw.uniform(0, 0.2, 5), draw.uniform(0, 0.2, 5))
    return [
        CircuitLaw(table, random_confusion(5, seed=3), 0.07, marginals),
        CircuitLaw(chain, flips, 0.2, marginals),
    ]


@pytest.mark.parametrize("law", circuit_laws(), ids=["table", "chain"])
def test_conditionals_of_a_circuits_law_are_brute_force(law: CircuitLaw) -> None:
    rows = bitorder.all_bits(5)
    joint = np.exp(law.log_prob(rows))
    for given in ({0: 1}, {4: 0, 1: 1}, {3: 1, 0: 0, 2: 1}):
        agrees = (rows[:, list(given)] == list(given.values())).all(axis=1)
        log_prob, conditional = law.condition(given)
        assert abs(np.exp(log_prob) - joint[agrees].sum()) < 1e-12
        expected = np.where(agrees, joint, 0) / joint[agrees].sum()
        assert np.allclose(conditional.table(), expected, atol=1e-12, rtol=0)
        for bit in range(5):
            one = expected[rows[:, bit] == 1].sum()
            assert np.allclose(conditional.marginal([bit]), [1 - one, one], atol=1e-12)


@pytest.mark.parametrize("law", circuit_laws(), ids=["table", "chain"])
def test_log_probabilities_of_a_told_surrogate_sum_to_one(law: CircuitLaw) -> None:
    shots = Shots.from_bits(bitorder.all_bits(5)[[0, 7, 31]], np.array([4, 1, 5]))
    model = qdiff.Surrogate(
        parts={Part.CIRCUIT: law, Part.SHOTS: HistogramLaw(shots)},
        weights={Part.CIRCUIT: 0.8, Part.SHOTS: 0.2},
        registers=shots.registers,
        card={},
    )
    rows = bitorder.all_bits(5)
    assert abs(np.exp(law.log_prob(rows)).sum() - 1) < 1e-12
    assert abs(np.exp(model.log_prob(rows)).sum() - 1) < 1e-12
    assert abs(np.exp(law.before_readout().log_prob(rows)).sum() - 1) < 1e-12
    given = model.log_prob(rows, given={2: 1, 0: 0})
    assert abs(np.exp(given).sum() - 1) < 1e-12


# Clifford circuits at any size


@pytest.mark.parametrize("seed", range(12))
def test_the_affine_law_of_random_clifford_circuits(seed: int) -> None:
    num_qubits = 1 + seed % 5
    circuit = QuantumCircuit(num_qubits, num_qubits)
    circuit.compose(random_clifford(num_qubits, seed=seed).to_circuit(), inplace=True)
    state = Statevector(circuit).probabilities()
    order = generator(seed).permutation(num_qubits)
    circuit.measure(range(num_qubits), order.tolist())
    index = np.arange(1 << num_qubits)
    moved = sum((index >> qubit & 1) << int(bit) for qubit, bit in enumerate(order))
    expected = np.zeros(1 << num_qubits)
    expected[moved] = state
    assert np.allclose(affine_of(circuit).chain().table(), expected, atol=1e-12)


def test_a_clifford_circuit_beyond_tables_is_fitted(tmp_path) -> None:
    num_bits, draw = 30, generator(5)
    true = np.repeat(draw.integers(2, size=(3000, 1)), num_bits, axis=1)
    flips = draw.random(true.shape) < np.where(true, 0.05, 0.02)
    shots = Shots.from_bits((true ^ flips).astype(np.uint8))
    light = replace(QUICK, matrix_product=False)
    model = qdiff.fit(shots, circuit="ghz:30", seed=1, config=light)
    assert model.card["circuit"]["verdict"].startswith("accepted")
    clean = model.before_readout()
    assert np.allclose(clean.marginal([0, 29]).probabilities, [0.5, 0, 0, 0.5], atol=1e-3)
    model.save(tmp_path / "model.safetensors")
    again = qdiff.load(tmp_path / "model.safetensors")
    assert np.allclose(again.log_prob(shots.bits[:9]), model.log_prob(shots.bits[:9]), atol=1e-9)
    assert again.sample(1000, seed=1, given={0: 1}).bits[:, 0].all()


def test_mixed_and_read_chains_are_the_tables_ones() -> None:
    draw = generator(7)
    one, two = product_chain(draw.random(4)), affine_of(qdiff.load_circuit("ghz:4")).chain()
    mixed = mixture_chain([one, two], [0.3, 0.7])
    assert np.allclose(mixed.table(), 0.3 * one.table() + 0.7 * two.table(), atol=1e-12)
    flips = Confusion.independent(draw.uniform(0, 0.2, 4), draw.uniform(0, 0.2, 4))
    assert np.allclose(read_chain(mixed, flips).table(), flips.apply(mixed.table()), atol=1e-12)


# before readout


@pytest.mark.parametrize(
    "maximise", [chain_em.with_readout, chain_em.with_tensors, chain_em.with_background]
)
def test_expectation_maximisation_raises_the_objective_at_every_step(maximise) -> None:
    shots = noisy_shots(asymmetric(4), 500)
    tensors = [generator(i).dirichlet(np.ones(2 * r), size=left).reshape(left, 2, r)
               for i, (left, r) in enumerate([(1, 3), (3, 3), (3, 2), (2, 1)])]  # fmt: skip
    chain = chain_em.start(MatrixProductLaw(tensors, (2, 0, 3, 1)), shots)
    rows, counts = shots.bits, shots.counts.astype(float)
    objectives = []
    for _ in range(15):
        found = chain_em.expected(chain, rows, counts)
        objectives.append(found.objective)
        chain = maximise(chain, found)
    assert (np.diff(objectives) > -1e-9).all()
    assert objectives[-1] > objectives[0] + 0.5


def test_the_chain_messages_are_the_tables_likelihood() -> None:
    shots = noisy_shots(asymmetric(4), 300)
    law = affine_of(qdiff.load_circuit("ghz:4")).chain()
    chain = chain_em.start(law, shots, error=0.1)
    found = chain_em.expected(chain, shots.bits, shots.counts.astype(float))
    flips = Confusion.independent(np.full(4, 0.1), np.full(4, 0.1))
    whole = CircuitLaw(TableLaw.of(law.table()), flips, chain.background, chain.marginals)
    likelihood = whole.log_prob(shots.bits) @ shots.counts
    assert abs(found.objective - chain_em._log_prior(chain) - likelihood) < 1e-8
    assert abs(found.uses[0].sum() + found.background - shots.num_shots) < 1e-8


def test_unfolding_raises_the_likelihood_and_undoes_readout() -> None:
    confusion = random_confusion(3, seed=2)
    law = generator(1).dirichlet(np.ones(8))
    read = confusion.apply(law)
    scores = []
    for number, (_, expected) in enumerate(unfolding.steps(confusion, read, np.ones(8) / 8)):
        scores.append(float(read @ np.log(expected)))
        if number == 30:
            break
    assert (np.diff(scores) > -1e-12).all()
    mild = Confusion.independent([0.02, 0.05, 0.01], [0.05, 0.08, 0.02])
    undone = unfolding.unfold(mild, mild.apply(law), tolerance=1e-14)
    assert np.abs(undone - law).max() < 1e-3


def test_mitigated_laws_are_positive_and_closer() -> None:
    circuit = qdiff.load_circuit("ghz:5")
    truth = qdiff.exact(circuit, "depolarizing:p1=1e-3,p2=1e-2").probabilities
    confusion = Confusion.independent(np.full(5, 0.03), np.full(5, 0.08))
    law = Distribution(probabilities=confusion.apply(truth))
    shots = law.sample(4000, seed=1)
    raw = np.abs(Distribution.from_shots(shots).probabilities - truth).sum()
    for known in (None, circuit):
        model = qdiff.mitigate(shots, confusion, circuit=known, seed=1)
        table = model.distribution().probabilities
        assert table.min() >= 0
        assert np.abs(table - truth).sum() < 0.25 * raw
        estimate = qdiff.z_expectation(model, [0, 3], shots=shots, confusion=confusion)
        assert (
            estimate.low
            < truth @ (1 - 2 * ((np.arange(32) ^ np.arange(32) >> 3) & 1))
            < estimate.high
        )


def test_interactions_through_the_layer_raise_the_likelihood_of_the_shots() -> None:
    confusion = Confusion.independent(np.full(4, 0.05), np.full(4, 0.1))
    shots = Distribution(
        probabilities=confusion.apply(ideal_law(program_of(asymmetric(4))))
    ).sample(3000, seed=1)
    clean = interactions_before_readout(shots, confusion).table()
    naive = qdiff.models.interactions.fit.fit_interactions(shots).table()
    read = [confusion.apply(table)[shots.indices] for table in (clean, naive)]
    assert np.log(read[0]) @ shots.counts > np.log(read[1]) @ shots.counts + 10


@pytest.mark.usefixtures("small_chains")
def test_before_readout_needs_a_readout() -> None:
    shots = noisy_shots(asymmetric(3), 500)
    model = qdiff.fit(shots, seed=1, config=QUICK)
    with pytest.raises(InputError, match="readout is unknown"):
        model.before_readout()
    flips = Confusion.independent(np.full(3, 0.02), np.full(3, 0.05))
    table = model.before_readout(flips).distribution().probabilities
    assert abs(table.sum() - 1) < 1e-12
    assert table.min() >= 0


def test_correlated_readout_is_found_where_it_is() -> None:
    """Twice the pair flips that chance would need to hide: kept; none: not kept."""
    circuit, program = asymmetric(4), program_of(asymmetric(4))
    ideal = ideal_law(program)
    flips = Confusion.independent(np.full(4, 0.02), np.full(4, 0.03))
    for rate, kept in ((0.05, True), (0.0, False)):
        readout = flips.with_pair_flips(program.couplings, [rate] * len(program.couplings))
        shots = Distribution(probabilities=readout.apply(ideal)).sample(20_000, seed=3)
        heldout, train = hold_out(shots, seed=1)
        seed = np.random.SeedSequence(1)
        found = fit_circuit(program_of(circuit), train, heldout, seed=seed, config=FEW)
        assert found.record["steps"][-1]["kept"] is kept


def test_a_known_readout_is_not_fitted() -> None:
    confusion = random_confusion(4, seed=4)
    program = program_of(asymmetric(4))
    shots = Distribution(probabilities=confusion.apply(ideal_law(program))).sample(5000, seed=1)
    dictionary = Dictionary.without_errors(ideal_law(program), [])
    fitted = fit_prior(dictionary, shots, PriorConfig(confusion=confusion))
    assert fitted.confusion is confusion
    truth = confusion.apply(ideal_law(program))
    assert truth @ np.log(truth / fitted.law()) < 0.003  # five parameters of a background: 5e-4


@pytest.mark.usefixtures("small_chains")
def test_few_shots_judge_a_wrong_circuit_in_folds_and_leave_the_fit_as_it_was() -> None:
    """A GHZ circuit told of Ising shots: rejected, and the surrogate is the one without it."""
    shots = qdiff.exact("ising:6", "superconducting").sample(500, seed=3)
    training = TrainingConfig(steps=40, batch=64, evaluate_every=20)
    candidate = Candidate(network=MLP(width=8, depth=1), training=training)
    config = FitConfig(candidates=(candidate,), orders=2, folds=4)
    plain = qdiff.fit(shots, config=config, seed=3)
    light = CircuitFitConfig(order=0)
    told = qdiff.fit(shots, circuit="ghz:6", noise=light, config=config, seed=3)
    assert told.card["circuit"]["verdict"].startswith("rejected")
    assert np.array_equal(told.distribution().probabilities, plain.distribution().probabilities)


def test_a_circuit_of_other_bits_is_refused_before_training() -> None:
    shots = qdiff.exact("ising:6", "superconducting").sample(500, seed=3)
    with pytest.raises(InputError, match="has 5 classical bits, the shots 6"):
        qdiff.fit(shots, circuit="ghz:5", watch=lambda _: pytest.fail("a network was trained"))


@pytest.mark.parametrize(("nats", "accepted"), [(2.9, True), (3.1, False)])
def test_weights_that_the_same_shots_chose_are_allowed_a_nat_each(
    nats: float, accepted: bool
) -> None:
    """Four other laws, alike and a little likelier at every string: no error, only the optimism."""
    counts = np.array([40, 60])
    circuit = np.log([0.4, 0.6])
    others = dict.fromkeys("abcd", circuit + nats / counts.sum())
    verdict = judge(circuit, others, dict.fromkeys("abcd", 0.25), counts)
    assert verdict.accepted is accepted
