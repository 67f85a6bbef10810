"""Files of learned noise, and the commands that write and read them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from spoiled_files import Change, drop, put, refusal, rewritten, say
from typer.testing import CliRunner

import qdiff
from qdiff import InputError, LearnedNoise, NoiseSpec
from qdiff.cli.main import app
from qdiff.noise.rates import QubitNoise
from qdiff.noise_learning.numbers import Number
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prior import DevicePrior

START = NoiseSpec(p1=1e-3, p2=1e-2, readout=(0.02, 0.03), qubits={1: QubitNoise(p1=2e-3)})


def small() -> LearnedNoise:
    """Three numbers of which something is known, without a fit."""
    known = Posterior.of(DevicePrior(start=START, pair_flips=True))
    known = known.widened([Number("pauli1", (1,)), Number("pauli2", (0, 1))])
    size = len(known.mean)
    agreement = {"nats_per_shot": -1.5, "excess": 0.0, "standard_error": 1.0, "p_value": 0.5}
    row = {"circuit": "bell", "num_shots": 7, "predicted": agreement, "fitted": agreement}
    lesson = {"circuits": [row], "predicted_from": "the other shots"}
    posterior = Posterior(
        prior=known.prior,
        parameters=known.parameters,
        mean=np.linspace(-1, 1, size),
        precision=np.eye(size) + 0.5,
    )
    return LearnedNoise(posterior=posterior, lessons=(lesson,))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    small().save(tmp_path / "noise.safetensors")
    return tmp_path / "noise.safetensors"


def test_a_file_keeps_everything(path: Path) -> None:
    loaded = qdiff.load(path)
    assert isinstance(loaded, LearnedNoise)
    assert loaded.to_dict() == small().to_dict()
    assert loaded.start == START
    assert np.array_equal(loaded.posterior.precision, small().posterior.precision)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (drop("mean"), "no float64 tensor 'mean'"),
        (put("mean", np.zeros(2)), "no precision of 2 numbers"),
        (put("mean", np.full(4, np.nan)), "finite"),
        (put("precision", -np.eye(4)), "normal law"),
        (put("precision", np.triu(np.ones((4, 4)))), "normal law"),
        (say(7, "parameters"), "does not name"),
        (say([["pauli1", [0]]] * 4, "parameters"), "twice"),
        (say([["pauli1", []], ["phase1", []]] * 2, "parameters"), "learn the noise anew"),
        (say([["pauli1", [-1]]] * 4, "parameters"), "does not name"),
        (say([["background", [1]]] * 4, "parameters"), "does not name"),
        (say([[["pauli1"], [1]]] * 4, "parameters"), "does not name"),
        (say({"rate_spread": -1.0}, "prior"), "spread"),
        (say({"anything": 1}, "prior"), "unexpected"),
        (say({"start": {"p1": 7}}, "prior"), "not a probability"),
        (say([{"circuits": 3}], "lessons"), "learned from"),
        (say([{"circuits": [{"fitted": {}}]}], "lessons"), "learned from"),
        (say([{"circuits": [{"fitted": {"p_value": 1}}]}], "lessons"), "learned from"),
    ],
)
def test_a_damaged_file_is_refused_with_one_line(path: Path, change: Change, why: str) -> None:
    rewritten(path, change)
    assert why in refusal(path, LearnedNoise)


def test_another_kind_of_file_is_refused(tmp_path: Path, path: Path) -> None:
    shots = qdiff.Shots.from_counts({"00": 3})
    shots.save(tmp_path / "shots.safetensors")
    with pytest.raises(InputError, match="expected 'noise'"):
        LearnedNoise.load(tmp_path / "shots.safetensors")
    with pytest.raises(InputError, match="expected 'shots'"):
        qdiff.Shots.load(path)


def test_the_commands_do_what_python_does(tmp_path: Path) -> None:
    run = CliRunner()
    for circuit in ("ansatz:2,seed=1", "ising:2"):
        shots = qdiff.exact(circuit, "light").sample(500, seed=1)
        shots.save(tmp_path / f"{circuit[:3]}.safetensors")
    noise, model = tmp_path / "noise.safetensors", tmp_path / "model.safetensors"
    pairs = [
        f"ansatz:2,seed=1={tmp_path / 'ans.safetensors'}",
        f"ising:2={tmp_path / 'isi.safetensors'}",
    ]
    learned = run.invoke(app, ["learn-noise", *pairs, "--start", "light", "--out", str(noise)])
    assert learned.exit_code == 0, learned.output
    assert "pauli2" in learned.output
    assert "a specification cannot say" in learned.output
    shown = run.invoke(app, ["inspect", str(noise), "--json"])
    assert json.loads(shown.output) == LearnedNoise.load(noise).to_dict()
    assert "pauli2 0-1" in run.invoke(app, ["inspect", str(noise), "--full"]).output
    screen = run.invoke(app, ["inspect", str(noise)]).output.splitlines()
    assert len(screen) <= 23
    assert max(map(len, screen)) <= 80
    assert any(line.endswith("numbers more: --full, --json") for line in screen)
    done = run.invoke(app, ["predict", "ghz:2", "--noise", str(noise), "--out", str(model)])
    assert done.exit_code == 0, done.output
    same = LearnedNoise.load(noise).predict("ghz:2").distribution().probabilities
    assert np.array_equal(qdiff.Surrogate.load(model).distribution().probabilities, same)


@pytest.mark.parametrize("pair", ["ghz:2", "=shots.json", "ghz:2="])
def test_a_pair_that_is_none_is_refused(pair: str) -> None:
    found = CliRunner().invoke(app, ["learn-noise", pair])
    assert isinstance(found.exception, InputError)
    assert "circuit=shots" in str(found.exception)
