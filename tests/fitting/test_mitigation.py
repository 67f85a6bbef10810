"""Readout undone beyond tables, by a specification, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from qiskit import QuantumCircuit

import qdiff
from qdiff import Confusion, Distribution, InputError, Shots
from qdiff.circuit.clifford_law import affine_of
from qdiff.cli import main as cli
from qdiff.fitting.circuit_knowledge import confusion_of
from qdiff.fitting.heldout import hold_out
from qdiff.models.noisy_circuit.fit import fit_circuit
from qdiff.models.noisy_circuit.noise_likelihood import CircuitFitConfig

PER_QUBIT = {
    "qubits": {"0": {"readout": [0.2, 0.1]}, "1": {"readout": [0.01, 0.02]}, "2": {"readout": 0.0}}
}


def ghz_shots(num_bits: int, number: int, *, white: float = 0.0, seed: int = 5) -> Shots:
    """GHZ strings, some replaced by uniform ones, read with errors of 2 and 5 %."""
    draw = np.random.default_rng(seed)
    true = np.repeat(draw.integers(2, size=(number, 1)), num_bits, axis=1)
    noise = draw.integers(2, size=true.shape)
    true = np.where(draw.random((number, 1)) < white, noise, true)
    flips = draw.random(true.shape) < np.where(true, 0.05, 0.02)
    return Shots.from_bits((true ^ flips).astype(np.uint8))


def flips_of(num_bits: int) -> Confusion:
    return Confusion.independent(np.full(num_bits, 0.02), np.full(num_bits, 0.05))


# what is refused


def test_correlated_readout_beyond_tables_is_refused() -> None:
    pairs = flips_of(30).with_pair_flips([(0, 1)], [0.01])
    with pytest.raises(InputError, match="beyond 22 bits readout must be independent"):
        qdiff.mitigate(ghz_shots(30, 100), pairs)


@pytest.mark.parametrize("seed", [-1, 0.5, True, "one"])
def test_seeds_that_are_none_are_refused(seed) -> None:
    shots = ghz_shots(3, 100)
    with pytest.raises(InputError, match="seed must be a whole number, not negative"):
        qdiff.mitigate(shots, flips_of(3), seed=seed)
    with pytest.raises(InputError, match="seed must be a whole number, not negative"):
        qdiff.fit(shots, seed=seed)


def test_readouts_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="of every bit, got 2 and 1"):
        Confusion.independent([0.1, 0.2], [0.1])
    for wrong in (-0.1, 1.1, float("nan"), [[0.1]]):
        with pytest.raises(InputError, match="chances between 0 and 1"):
            Confusion.independent(wrong, wrong)
    with pytest.raises(InputError, match="1 pairs need as many rates, got 2"):
        flips_of(2).with_pair_flips([(0, 1)], [0.1, 0.1])
    with pytest.raises(InputError, match="no readout error"):
        qdiff.mitigate(ghz_shots(3, 100), "depolarizing:p1=1e-3")
    with pytest.raises(InputError, match="the circuit has 4 classical bits, the shots 3"):
        qdiff.mitigate(ghz_shots(3, 100), "superconducting", circuit="ghz:4")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--readout", "ideal"], "no readout error"),
        (["--readout", "0.02", "--seed", "-1"], "greater than or equal to 0"),
        (["--readout", "1.5"], "not a probability"),
    ],
)
def test_the_command_line_says_so_and_exits_with_2(
    tmp_path: Path, capsys, monkeypatch, arguments: list[str], says: str
) -> None:
    shots, out = tmp_path / "shots.safetensors", tmp_path / "out.safetensors"
    ghz_shots(3, 100).save(shots)
    command = ["qdiff", "mitigate", str(shots), *arguments, "--out", str(out)]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert not out.exists()


# which qubit a bit is read from


def test_readout_follows_the_circuits_measurements() -> None:
    circuit = QuantumCircuit(3, 4)
    circuit.h(0)
    circuit.measure([0, 1, 2], [3, 0, 1])
    spec = qdiff.NoiseSpec.from_dict(PER_QUBIT)
    found = confusion_of(spec, 4, circuit=circuit)
    expected = [(0.01, 0.02), (0.0, 0.0), (0.0, 0.0), (0.2, 0.1)]
    for bit, (up, down) in enumerate(expected):
        assert np.allclose(found.of_bit(bit), [[1 - up, down], [up, 1 - down]], atol=1e-15)
    plain = confusion_of(spec, 3)
    assert np.allclose(plain.of_bit(0), [[0.8, 0.1], [0.2, 0.9]])


def test_mitigation_undoes_what_the_simulator_did_to_permuted_bits() -> None:
    circuit = QuantumCircuit(3, 3)
    circuit.ry(0.8, 0)
    circuit.cx(0, 1)
    circuit.x(2)
    circuit.measure([0, 1, 2], [2, 0, 1])
    spec = qdiff.NoiseSpec.from_dict({"p1": 0.0, "p2": 0.0, **PER_QUBIT})
    read, truth = qdiff.exact(circuit, spec), qdiff.exact(circuit).probabilities
    confusion = confusion_of(spec, 3, circuit=circuit)
    assert np.allclose(confusion.apply(truth), read.probabilities, atol=1e-12)


# Clifford circuits beyond tables


def test_a_known_readout_is_not_fitted_beyond_tables() -> None:
    law, (heldout, train) = affine_of("ghz:30"), hold_out(ghz_shots(30, 2000), seed=1)
    wrong = Confusion.independent(np.full(30, 0.1), np.full(30, 0.2))
    seed = np.random.SeedSequence(1)
    found = fit_circuit(law, train, heldout, seed=seed, config=CircuitFitConfig(confusion=wrong))
    assert np.allclose(found.law.confusion.of_bit(7), wrong.of_bit(7), atol=1e-15)
    again = found.refitted(train).confusion.of_bit(7)
    assert np.allclose(again, wrong.of_bit(7), atol=1e-15)
    free = fit_circuit(law, train, heldout, seed=seed)
    assert np.abs(free.law.confusion.of_bit(7) - flips_of(30).of_bit(7)).max() < 0.02
    pairs = CircuitFitConfig(confusion=wrong.with_pair_flips([(0, 1)], [0.01]))
    with pytest.raises(InputError, match="independent"):
        fit_circuit(law, train, heldout, seed=seed, config=pairs)


def test_fits_from_another_readout_end_at_the_same() -> None:
    law, (heldout, train) = affine_of("ghz:30"), hold_out(ghz_shots(30, 2000), seed=1)
    seed = np.random.SeedSequence(1)
    laws = [
        fit_circuit(law, train, heldout, seed=seed, config=CircuitFitConfig(readout=readout)).law
        for readout in ((0.0, 0.0), (0.2, 0.3))
    ]
    assert np.allclose(laws[0].confusion.of_bit(3), laws[1].confusion.of_bit(3), atol=1e-3)


def test_errors_of_gates_stay_before_readout_beyond_tables() -> None:
    """A tenth of the shots is white noise: readout does not explain it, and it is not undone."""
    shots, law = ghz_shots(30, 6000, white=0.1), affine_of("ghz:30")
    for config in (CircuitFitConfig(), CircuitFitConfig(confusion=flips_of(30))):
        seed = np.random.SeedSequence(1)
        found = fit_circuit(law, shots, shots, seed=seed, config=config).law.before_readout()
        table = found.marginal([0, 29])
        assert np.abs(table - [0.475, 0.025, 0.025, 0.475]).max() < 0.02


def test_the_background_is_read_without_error_before_readout() -> None:
    uniform, seed = Distribution(probabilities=np.full(16, 1 / 16)), np.random.SeedSequence(1)
    train, heldout = uniform.sample(2000, seed=1), uniform.sample(50, seed=2)
    known = CircuitFitConfig(confusion=Confusion.independent([0.2] * 4, [0.1] * 4))
    law = fit_circuit(affine_of("ghz:4"), train, heldout, seed=seed, config=known).law
    again = law.confusion.apply(law.before_readout().table())
    assert np.allclose(again, law.table(), atol=1e-9)
