"""The surrogate as a user meets it: fit, sample, evaluate, tabulate, save, load."""

from __future__ import annotations

import os

import numpy as np
import pytest
from quick_fits import QUICK, brief, quick_surrogate, training_shots
from safetensors.numpy import load_file, save_file

import qdiff
from qdiff import InputError, Shots, Surrogate
from qdiff.data import bits as bitorder
from qdiff.models.surrogate.part import Part

pytestmark = pytest.mark.usefixtures("small_chains")


@pytest.fixture(scope="module")
def model() -> Surrogate:
    return quick_surrogate()


def test_distribution_is_normalised_and_equals_log_prob(model: Surrogate) -> None:
    law = model.distribution()
    assert abs(law.probabilities.sum() - 1) < 1e-12
    logs = model.log_prob(bitorder.all_bits(6))
    assert np.allclose(logs, np.log(law.probabilities), atol=1e-6)
    assert law.registers == training_shots().registers


def test_same_seed_same_bits(model: Surrogate) -> None:
    assert model.sample(500, seed=5) == model.sample(500, seed=5)
    assert model.sample(500, seed=5) != model.sample(500, seed=6)
    again = qdiff.fit(training_shots(), seed=3, config=QUICK)
    assert np.array_equal(again.distribution().probabilities, model.distribution().probabilities)


def test_save_and_load_give_the_same_model(model: Surrogate, tmp_path) -> None:
    path = tmp_path / "model.safetensors"
    model.save(path)
    loaded = qdiff.load(path)
    assert loaded.card == model.card
    assert loaded.registers == model.registers
    assert loaded.sample(1000, seed=1) == model.sample(1000, seed=1)
    rows = training_shots().bits
    assert np.array_equal(loaded.log_prob(rows), model.log_prob(rows))
    with pytest.raises(InputError, match="exists"):
        model.save(path)


def test_the_card_states_what_was_done(model: Surrogate) -> None:
    card = model.card
    assert card["training_shots"] == 3000
    # the others are of a circuit, of readout, or of surrogates of earlier versions
    others = {Part.CIRCUIT, Part.UNFOLDED, Part.RECURRENT}
    assert set(card["weights"]) == {part.value for part in Part if part not in others}
    assert abs(sum(card["weights"].values()) - 1) < 1e-12
    assert card["heldout"]["shots"] == 300
    mixed = card["heldout"]["nats_per_shot"]
    alone = card["heldout"]["nats_per_shot_by_part"]
    # the best mixture is at least as good as each part; half a shot of prior costs up to 2.5 / 300
    assert mixed >= max(alone["diffusion"], alone["interactions"]) - 0.0085
    assert {"seed", "device", "versions", "trained_on", "config", "chosen"} <= set(card)


def test_only_shows_each_part_alone(model: Surrogate) -> None:
    tables = {part: model.only(part).distribution().probabilities for part in model.parts}
    mixed = sum(model.weights[part] * table for part, table in tables.items())
    assert np.allclose(mixed, model.distribution().probabilities, atol=1e-12)
    with pytest.raises(InputError, match="this surrogate has"):
        model.only(Part.SHOTS).only(Part.DIFFUSION)
    for wrong in ((), ("nonsense",)):
        with pytest.raises(InputError, match="this surrogate has"):
            model.only(*wrong)


@pytest.mark.parametrize(
    "counts", [{"0": 1}, {"1": 40}, {"000": 1000}, {"01": 1, "10": 1}, {"0110": 7, "1001": 5}]
)
def test_degenerate_shots_are_fitted(counts: dict[str, int]) -> None:
    model = qdiff.fit(Shots.from_counts(counts), seed=1, config=QUICK)
    law = model.distribution()
    assert abs(law.probabilities.sum() - 1) < 1e-12
    assert law.probabilities.min() > 0
    assert model.sample(10, seed=1).num_shots == 10


@pytest.mark.usefixtures("short_trainings")
def test_200_bits_are_fitted_and_sampled_without_a_table() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (300, 200))
    bits[:, 1::2] = bits[:, ::2]
    model = qdiff.fit(Shots.from_bits(bits), seed=1, config=brief(QUICK))
    samples = model.sample(200, seed=1)
    assert (samples.num_bits, samples.num_shots) == (200, 200)
    assert np.isfinite(model.log_prob(samples.bits)).all()
    with pytest.raises(InputError, match="out of reach"):
        model.distribution()


@pytest.mark.parametrize("shots", [0, -1, 2.5, True, "10"])
def test_sample_refuses_what_is_not_a_number_of_shots(model: Surrogate, shots) -> None:
    with pytest.raises(InputError, match="positive whole number"):
        model.sample(shots, seed=1)


def test_log_prob_refuses_other_widths(model: Surrogate) -> None:
    with pytest.raises(InputError, match="rows of 6 bits"):
        model.log_prob([[0, 1]])


def test_fit_refuses_nothing_and_nowhere() -> None:
    empty = training_shots().split(0.0, seed=1)[0]
    with pytest.raises(InputError, match="no shots"):
        qdiff.fit(empty)
    with pytest.raises(InputError, match="cannot be used"):
        qdiff.fit(training_shots(), device="abacus")


def test_an_interrupt_ends_the_fit_and_leaves_the_shots_alone() -> None:
    steps: list[int] = []

    def interrupt(progress) -> None:
        steps.append(progress.step)
        raise KeyboardInterrupt

    shots = training_shots()
    with pytest.raises(KeyboardInterrupt):
        qdiff.fit(shots, config=QUICK, watch=interrupt)
    assert steps == [0]
    assert shots == training_shots()


def test_damaged_models_are_refused(model: Surrogate, tmp_path) -> None:
    path = tmp_path / "model.safetensors"
    model.save(path)
    whole = path.read_bytes()
    for length in np.linspace(0, len(whole) - 1, 25).astype(int):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError) as caught:
            Surrogate.load(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "missing", ["diffusion.orders", "diffusion.network.head.weight", "shots.counts"]
)
def test_models_with_missing_tensors_are_refused(model: Surrogate, tmp_path, missing: str) -> None:
    path = tmp_path / "model.safetensors"
    model.save(path)
    tensors = load_file(path)
    metadata = {"qdiff": _header(path)}
    del tensors[missing]
    os.unlink(path)
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(InputError, match="damaged"):
        Surrogate.load(path)


def _header(path) -> str:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        return file.metadata()["qdiff"]
