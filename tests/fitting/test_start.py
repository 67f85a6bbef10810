"""A fit that goes on from another surrogate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from known_laws import porter_thomas
from quick_fits import QUICK, brief, small_chains
from typer.testing import CliRunner

import qdiff
from qdiff import FitConfig, InputError, Shots, Surrogate
from qdiff.cli.main import app
from qdiff.fitting.config import Candidate
from qdiff.models.diffusion.denoisers.config import AnyOrderRecurrent, LevelledMLP
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.laws.mixture import members
from qdiff.models.matrix_product.fit import continued
from qdiff.models.matrix_product.law import MatrixProductLaw
from qdiff.models.surrogate.part import Part

pytestmark = pytest.mark.usefixtures("small_chains")

BITS = 5
TRAINING = TrainingConfig(steps=60, batch=64, evaluate_every=10, learning_rate=0.02, warmup=5)
CONFIG = FitConfig(
    candidates=(Candidate(network=AnyOrderRecurrent(hidden=8), training=TRAINING),), folds=2
)
TODAY = porter_thomas(BITS, 1)


def law_of(model: Surrogate) -> np.ndarray:
    return model.distribution().probabilities


def divergence(model: Surrogate) -> float:
    return float(TODAY.probabilities @ np.log(TODAY.probabilities / law_of(model)))


@pytest.fixture(scope="module")
def yesterday() -> Surrogate:
    with small_chains():
        return qdiff.fit(TODAY.sample(20_000, seed=1), seed=1, config=CONFIG)


@pytest.fixture(scope="module")
def few() -> Shots:
    return TODAY.sample(150, seed=2)


def test_a_few_shots_suffice_where_the_start_was_right(yesterday: Surrogate, few: Shots) -> None:
    """A perfect fit's KL from few shots is 31 / 2 of their number in the mean: .1."""
    model = qdiff.fit(few, seed=3, config=CONFIG, start=yesterday)
    assert divergence(model) < 0.02
    assert divergence(qdiff.fit(few, seed=3, config=CONFIG)) > 0.04
    assert {"diffusion", "interactions", "matrix_product"} == {*model.card["start"]["kept"]}
    assert model.card["training"][-1]["start"] is True


def test_a_start_that_is_wrong_leaves_no_trace(few: Shots) -> None:
    sure = Shots.from_counts({"0" * BITS: 5000, "1" * BITS: 5000})
    wrong = qdiff.fit(sure, seed=1, config=brief(CONFIG))
    config = replace(CONFIG, matrix_product=False)  # any start may lead that to a better end
    without, found = (qdiff.fit(few, seed=3, config=config, start=s) for s in (None, wrong))
    assert found.card["start"]["kept"] == []
    assert np.array_equal(law_of(found), law_of(without))
    assert found.weights == without.weights
    assert "start" not in without.card


def test_every_kind_of_start_serves(few: Shots) -> None:
    """A network that folds cannot share is taken as it is."""
    start = qdiff.fit(TODAY.sample(20_000, seed=1), seed=1, config=QUICK)
    model = qdiff.fit(few, seed=3, config=brief(CONFIG), start=start)
    assert "diffusion" in model.card["start"]["kept"]
    assert model.parts[Part.DIFFUSION] is start.parts[Part.DIFFUSION]
    assert len(members(model.parts[Part.MATRIX_PRODUCT])) == CONFIG.folds


def test_what_was_interrupted_goes_on(tmp_path: Path, yesterday: Surrogate, few: Shots) -> None:
    class Stopped(Exception):
        pass

    def stop(progress) -> None:
        seen.append(progress.step)
        if len(seen) == 90:  # in the second training, which goes on from the start
            raise Stopped

    seen: list[int] = []
    asked = {"seed": 3, "config": CONFIG, "checkpoint": tmp_path / "fit.checkpoint"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qdiff.fitting.checkpoint.SECONDS_BETWEEN", 0.0)
        with pytest.raises(Stopped):
            qdiff.fit(few, start=yesterday, watch=stop, **asked)
    with pytest.raises(InputError, match="another fit"):
        qdiff.fit(few, **asked)
    resumed = qdiff.fit(few, start=yesterday, **asked)
    whole = qdiff.fit(few, start=yesterday, seed=3, config=CONFIG)
    assert np.array_equal(law_of(resumed), law_of(whole))
    assert resumed.card["training"] == whole.card["training"]


def test_starts_that_cannot_serve_are_refused(yesterday: Surrogate, few: Shots) -> None:
    with pytest.raises(InputError, match="start has 5 bits, the shots 6"):
        qdiff.fit(porter_thomas(6, 1).sample(100, seed=1), start=yesterday)
    with pytest.raises(InputError, match="start must be a Surrogate"):
        qdiff.fit(few, start=TODAY)
    with pytest.raises(InputError, match="start learned no random orders"):
        qdiff.fit(few, start=yesterday, any_order=True)


def test_bit_flips_without_probabilities_are_no_start() -> None:
    """Neither theirs nor another's is chosen where they are; said before anything is fitted."""
    shots = Shots.from_bits(np.eye(13, dtype=np.uint8))
    training = replace(TRAINING, steps=2)
    network = LevelledMLP(width=4, depth=1)
    candidates = (Candidate(network=network, training=training),)
    flips = FitConfig(process=BitFlip(), candidates=candidates, folds=1)
    start = qdiff.fit(shots, config=flips)
    for config in (flips, CONFIG):
        with pytest.raises(InputError, match="a start is chosen by probabilities"):
            qdiff.fit(shots, config=config, start=start)


def test_chains_move_on_only_while_held_out_shots_gain() -> None:
    coin = MatrixProductLaw([np.array([[[0.2], [0.8]]])])
    heads, tails = Shots.from_counts({"1": 100}), Shots.from_counts({"0": 100})
    assert continued(coin, heads, tails).tensors[0] == pytest.approx(coin.tensors[0])
    assert continued(coin, heads, heads).table()[1] > 0.99


def test_the_command_says_what_was_kept(tmp_path: Path, yesterday: Surrogate, few: Shots) -> None:
    few.save(tmp_path / "few.safetensors")
    yesterday.save(tmp_path / "yesterday.safetensors")
    asked = ["fit", str(tmp_path / "few.safetensors"), "--effort", "fast"]
    asked += ["--start", str(tmp_path / "yesterday.safetensors"), "--out"]
    done = CliRunner().invoke(app, [*asked, str(tmp_path / "today.safetensors")])
    assert done.exit_code == 0, done.output
    assert "start: interactions, matrix product" in done.output
    refused = CliRunner().invoke(app, [*asked, str(tmp_path / "yesterday.safetensors"), "--force"])
    assert isinstance(refused.exception, InputError)
    assert "is an input" in str(refused.exception)
    assert Surrogate.load(tmp_path / "yesterday.safetensors").weights == yesterday.weights
