"""A circuit told as Qiskit has it or as plain numbers, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from quick_fits import QUICK, brief

import qdiff
from qdiff import Confusion, InputError
from qdiff.circuit.clifford_law import affine_of
from qdiff.fitting.circuit_knowledge import confusion_of, known_circuit
from qdiff.models.noisy_circuit.noise_likelihood import CircuitFitConfig
from qdiff.simulation.program import program_of

NOISE = "depolarizing:p1=2e-3,p2=1e-2,readout=0.02/0.05"
SHOTS = qdiff.exact("ising:3", NOISE).sample(1000, seed=1)
FLIPS = Confusion.independent([0.02] * 3, [0.05] * 3)


@pytest.mark.usefixtures("small_chains")
def test_a_program_tells_a_fit_what_its_circuit_does() -> None:
    light = CircuitFitConfig(operations=1e6)
    fits = [
        qdiff.fit(SHOTS, circuit=circuit, noise=light, seed=1, config=brief(QUICK))
        for circuit in ("ising:3", program_of("ising:3"))
    ]
    assert fits[0].weights == fits[1].weights
    assert np.array_equal(*(fit.distribution().probabilities for fit in fits))
    assert fits[0].card["circuit"] == fits[1].card["circuit"]


def test_a_program_tells_a_mitigation_what_its_circuit_does() -> None:
    found = [
        qdiff.mitigate(SHOTS, FLIPS, circuit=circuit)
        for circuit in ("ising:3", program_of("ising:3"))
    ]
    assert found[0].card["circuit"]["verdict"] == "accepted"
    assert np.array_equal(*(law.distribution().probabilities for law in found))


def test_noise_is_where_a_fit_starts_or_all_that_it_is_told() -> None:
    start = known_circuit("ising:3", NOISE, 3)
    assert start.config.readout == (0.02, 0.05)
    assert start.config.rates["pauli1"] == 0.75 * 2e-3
    given = CircuitFitConfig(order=0)
    assert known_circuit(program_of("ising:3"), given, 3).config is given
    assert known_circuit(None, None, 3) is None


def test_a_mitigation_may_leave_errors_of_gates_out() -> None:
    """And its readout is the one that is stated, not that of the configuration."""
    without = CircuitFitConfig(order=0, confusion=Confusion.independent([0.4] * 3, [0.4] * 3))
    record = qdiff.mitigate(SHOTS, FLIPS, circuit="ising:3", noise=without).card["circuit"]
    assert record["errors_a_run"] == 0
    assert np.allclose(record["readout"]["one_given_zero"], 0.02)


def test_circuits_as_numbers_need_no_qiskit() -> None:
    code = """
import sys
for name in ("qiskit", "qiskit_aer"):
    sys.modules[name] = None  # importing it raises ImportError
import numpy as np
import qdiff
from qdiff.fitting.config import Candidate
from qdiff.models.clifford.affine_law import AffineLaw
from qdiff.models.diffusion.training.trainer import TrainingConfig
shots = qdiff.Shots.from_counts({"00": 60, "11": 40})
ghz = AffineLaw(offset=np.zeros(2, np.uint8), generators=np.ones((1, 2), np.uint8))
training = TrainingConfig(steps=5, evaluate_every=5)
config = qdiff.FitConfig(candidates=(Candidate(training=training),))
flips = qdiff.Confusion.independent([0.01] * 2, [0.01] * 2)
fits = qdiff.fit(shots, circuit=ghz, config=config), qdiff.mitigate(shots, flips, circuit=ghz)
print([fit.card["circuit"]["verdict"].split(",")[0] for fit in fits])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "['accepted', 'accepted']", done.stderr


def test_what_does_not_fit_the_shots_is_refused() -> None:
    for circuit in ("ising:4", program_of("ising:4"), affine_of("ghz:4")):
        for told in (
            lambda circuit=circuit: qdiff.fit(SHOTS, circuit=circuit),
            lambda circuit=circuit: qdiff.mitigate(SHOTS, FLIPS, circuit=circuit),
        ):
            with pytest.raises(InputError, match="the circuit has 4 classical bits, the shots 3"):
                told()
    for told in (
        lambda: qdiff.fit(SHOTS, noise=NOISE),
        lambda: qdiff.mitigate(SHOTS, FLIPS, noise=CircuitFitConfig()),
    ):
        with pytest.raises(InputError, match="noise goes with a circuit"):
            told()
    with pytest.raises(InputError, match="a table is learned as it is"):
        qdiff.fit(qdiff.exact("ising:3"), circuit="ising:3")


def test_a_program_does_not_say_which_qubit_a_bit_is_read_from() -> None:
    with pytest.raises(InputError, match=r"a Program does not say .* as a Confusion"):
        confusion_of(NOISE, 3, circuit=program_of("ising:3"))
