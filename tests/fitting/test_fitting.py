"""How a fit is planned, stopped, resumed and given a table; trained quality is a benchmark's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from chi_square import FALSE_ALARM, p_value
from known_laws import porter_thomas
from quick_fits import QUICK, small_chains, training_shots

import qdiff
from qdiff import Distribution, FitConfig, InputError, Surrogate
from qdiff.fitting.choose_config import Effort, choose_config
from qdiff.fitting.config import Candidate
from qdiff.fitting.heldout import hold_out
from qdiff.models.diffusion.decoding.parallel import ParallelDecoder
from qdiff.models.diffusion.denoisers.config import MLP, LevelledMLP, Transformer
from qdiff.models.diffusion.processes.bitflip import BitFlip
from qdiff.models.diffusion.processes.flip_schedule import FlipSchedule
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.laws.mixture import members
from qdiff.models.surrogate.part import Part

pytestmark = pytest.mark.usefixtures("small_chains")

TRAINING = TrainingConfig(steps=60, batch=64, evaluate_every=20)
TWO = FitConfig(
    folds=1,
    orders=2,
    candidates=tuple(
        Candidate(network=MLP(width=width, depth=1), training=TRAINING) for width in (8, 16)
    ),
)
WILD = replace(TRAINING, learning_rate=1e38)
CPU, CUDA = torch.device("cpu"), torch.device("cuda")


class Stopped(Exception):
    """Stands for whatever ends a fit early."""


def stop_after(steps: int):
    seen: list[int] = []

    def watch(progress) -> None:
        seen.append(progress.step)
        if len(seen) == steps:
            raise Stopped

    return watch


@pytest.fixture(scope="module")
def whole() -> Surrogate:
    """A fit that nothing interrupts."""
    with small_chains():
        return qdiff.fit(training_shots(), seed=5, config=TWO)


@pytest.mark.parametrize("steps", [25, 60, 85])  # in the 1st training, between, in the 2nd
def test_a_resumed_fit_is_the_uninterrupted_one_bit_for_bit(
    tmp_path, monkeypatch, whole: Surrogate, steps: int
) -> None:
    monkeypatch.setattr("qdiff.fitting.checkpoint.SECONDS_BETWEEN", 0.0)
    shots, path = training_shots(), tmp_path / "fit.checkpoint"
    with pytest.raises(Stopped):
        qdiff.fit(shots, seed=5, config=TWO, checkpoint=path, watch=stop_after(steps))
    assert path.exists()
    seen: list[int] = []
    resumed = qdiff.fit(
        shots, seed=5, config=TWO, checkpoint=path, watch=lambda p: seen.append(p.step)
    )
    assert len(seen) < 180  # it did not begin anew
    assert np.array_equal(resumed.distribution().probabilities, whole.distribution().probabilities)
    assert resumed.card["training"] == whole.card["training"]
    assert resumed.weights == whole.weights


def test_a_checkpoint_of_another_fit_is_refused_and_kept(tmp_path) -> None:
    path = tmp_path / "fit.checkpoint"
    qdiff.fit(training_shots(), seed=5, config=TWO, checkpoint=path)
    kept = path.read_bytes()
    for other in ({"seed": 6}, {"config": QUICK}):
        with pytest.raises(InputError, match="another fit"):
            qdiff.fit(training_shots(), **{"seed": 5, "config": TWO, "checkpoint": path, **other})
    with pytest.raises(InputError, match="another fit"):
        qdiff.fit(training_shots(shots=2999), seed=5, config=TWO, checkpoint=path)
    assert path.read_bytes() == kept


def test_a_damaged_checkpoint_is_refused(tmp_path) -> None:
    path = tmp_path / "fit.checkpoint"
    qdiff.fit(training_shots(), seed=5, config=TWO, checkpoint=path)
    whole = path.read_bytes()
    for length in np.linspace(1, len(whole) - 1, 12).astype(int):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            qdiff.fit(training_shots(), seed=5, config=TWO, checkpoint=path)


def test_the_candidate_of_best_held_out_score_is_kept(whole: Surrogate) -> None:
    scores = [entry["heldout_nats"] for entry in whole.card["training"][:2]]
    best = whole.card["training"][int(np.argmin(scores))]
    assert whole.card["chosen"]["network"] == best["network"]
    assert whole.parts[Part.DIFFUSION].config.to_dict() == best["network"]
    assert len({*scores}) == 2


def kl(law: Distribution, other: Distribution) -> float:
    return float(law.probabilities @ np.log(law.probabilities / other.probabilities))


def independent(law: Distribution) -> Distribution:
    """The product of the marginals of the bits."""
    table = np.ones(1)
    for bit in range(law.num_bits):
        table = np.concatenate([table * p for p in law.marginal([bit]).probabilities])
    return Distribution(probabilities=table)


def test_a_table_is_compressed() -> None:
    """The mixture is as close to the table as its best part, and closer than independent bits.

    Neither bound is one of luck. Nothing is drawn: the table itself is learned and weighed. Each of
    ``T`` steps of expectation-maximisation over two weights that begin equal leaves the likelihood
    at most ``ln 2 / T`` short of the best (Kunstner et al., arXiv:2011.01170, a rate of mirror
    descent). And the parts need not have trained well to halve what independent bits leave, 0.88:
    the surrogate's KL is 0.0002.
    """
    law = porter_thomas(6, power=2)
    training = TrainingConfig(steps=300, batch=256, evaluate_every=100)
    config = FitConfig(orders=4, candidates=(Candidate(network=MLP(width=64), training=training),))
    model = qdiff.fit(law, seed=1, config=config)
    mixed, *alone = (kl(law, m.distribution()) for m in (model, *map(model.only, model.parts)))
    assert mixed < min(alone) + np.log(2) / 500
    assert mixed < kl(law, independent(law)) / 2
    assert model.card["training_shots"] is None
    assert set(model.parts) == {Part.DIFFUSION, Part.MATRIX_PRODUCT}


def test_the_plan_follows_shots_device_and_effort() -> None:
    few = choose_config(12, 10_000, device=CPU, effort=Effort.DEFAULT)
    many = choose_config(12, 100_000, device=CPU, effort=Effort.DEFAULT)
    card = choose_config(40, 100_000, device=CUDA, effort=Effort.DEFAULT)
    (one,), (other,) = few.config.candidates, many.config.candidates
    assert one.network.hidden < other.network.hidden
    assert one.training.steps < other.training.steps
    assert isinstance(card.config.candidates[0].network, Transformer)
    assert "transformer" in card.why
    efforts = [choose_config(12, 10_000, device=CPU, effort=effort) for effort in Effort]
    assert [p.config.folds for p in efforts] == [2, 4, 8]


@pytest.mark.parametrize("num_bits", [1, 12, 200, 3000])
@pytest.mark.parametrize("effort", list(Effort))
def test_every_size_has_a_plan(num_bits: int, effort: Effort) -> None:
    for shots in (1, 10_000, 10**7):
        for device in (CPU, CUDA):
            assert choose_config(num_bits, shots, device=device, effort=effort).config.candidates


def test_held_out_shots_are_those_of_the_fit() -> None:
    heldout, train = hold_out(training_shots(), seed=3)
    assert heldout.num_shots == 300
    assert heldout.merge(train) == training_shots()


def test_unknown_efforts_and_data_are_refused() -> None:
    with pytest.raises(InputError, match="there are fast, default, best"):
        qdiff.fit(training_shots(), effort="heroic")
    with pytest.raises(InputError, match="Shots or a Distribution"):
        qdiff.fit({"00": 5})


ALLOCATOR = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), RuntimeError(ALLOCATOR)])
def test_an_out_of_memory_device_is_named(monkeypatch, error) -> None:
    def exhausted(self):
        raise error
        yield

    monkeypatch.setattr("qdiff.models.diffusion.training.trainer.Trainer.run", exhausted)
    with pytest.raises(InputError, match=r"cpu is out of memory.*use a smaller batch"):
        qdiff.fit(training_shots(), config=TWO)


def test_running_out_of_memory_between_trainings_is_named_too(monkeypatch) -> None:
    def exhausted(shots):
        raise MemoryError

    monkeypatch.setattr("qdiff.fitting.fit_parts.fit_interactions", exhausted)
    with pytest.raises(InputError, match="cpu is out of memory; fit fewer shots"):
        qdiff.fit(training_shots(), config=TWO)


def test_other_errors_are_not_taken_for_lack_of_memory(monkeypatch) -> None:
    def broken(self):
        raise RuntimeError("a bug")
        yield

    monkeypatch.setattr("qdiff.models.diffusion.training.trainer.Trainer.run", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        qdiff.fit(training_shots(), config=TWO)


def test_a_candidate_that_diverges_is_passed_over_and_the_card_says_so() -> None:
    wild = Candidate(network=MLP(width=8, depth=1), training=WILD)
    config = replace(TWO, candidates=(wild, *TWO.candidates))
    training = qdiff.fit(training_shots(), seed=5, config=config).card["training"]
    assert ["failed" in entry for entry in training] == [True, False, False]
    with pytest.raises(InputError, match="diverged before its first"):
        qdiff.fit(training_shots(), seed=5, config=replace(config, candidates=(wild,)))


@pytest.mark.parametrize("num_bits", [6, 14])
def test_the_bit_flip_process_is_fitted_and_saved_too(tmp_path, num_bits: int) -> None:
    """Up to 12 bits as any other; beyond, it draws, but has no probabilities to give."""
    shots = training_shots(num_bits)
    process = BitFlip(schedule=FlipSchedule.log_odds(steps=8))
    network = LevelledMLP(width=16, depth=1)
    candidate = Candidate(network=network, training=TRAINING)
    config = FitConfig(process=process, candidates=(candidate,), folds=1)
    qdiff.fit(shots, seed=1, config=config).save(tmp_path / "model.safetensors")
    model = qdiff.load(tmp_path / "model.safetensors")
    assert model.sample(500, seed=1).num_shots == 500
    with pytest.raises(InputError, match="no masked diffusion"):
        model.penalty(2)
    if num_bits == 6:
        assert abs(model.distribution().probabilities.sum() - 1) < 1e-12
        assert np.isfinite(model.log_prob(shots.bits, given={0: 1})).any()
        assert len(model.parts) == 4
    else:
        assert set(model.parts) == {Part.DIFFUSION}
        with pytest.raises(InputError, match="12 bits"):
            model.log_prob(shots.bits)


FOLDED = replace(TWO, folds=3, heldout=1 / 3, candidates=TWO.candidates[:1])


@pytest.fixture(scope="module")
def folded() -> Surrogate:
    with small_chains():
        return qdiff.fit(training_shots(shots=600), seed=2, config=FOLDED)


def test_folds_are_fitted_averaged_and_saved(tmp_path, folded: Surrogate) -> None:
    """Every network part is the mean of one law a fold, and a file gives the same back."""
    model = folded
    for part in (Part.DIFFUSION, Part.MATRIX_PRODUCT):
        tables = [law.table() for law in members(model.parts[part])]
        assert len(tables) == 3
        assert len({table.tobytes() for table in tables}) == 3
        assert np.allclose(model.parts[part].table(), np.mean(tables, axis=0), atol=1e-15)
    assert model.card["heldout"]["shots"] == 600
    assert len(model.card["training"]) == 3
    model.save(tmp_path / "model.safetensors")
    loaded = qdiff.load(tmp_path / "model.safetensors")
    assert np.array_equal(model.distribution().probabilities, loaded.distribution().probabilities)
    assert loaded.penalty(2) == model.penalty(2)
    assert loaded.sample(500, seed=1, steps=3) == model.sample(500, seed=1, steps=3)


def test_later_folds_train_what_the_first_kept_also_when_resumed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("qdiff.fitting.checkpoint.SECONDS_BETWEEN", 0.0)
    shots, config = training_shots(shots=600), replace(TWO, folds=2)
    whole = qdiff.fit(shots, seed=2, config=config)
    record = whole.card["training"]
    first, later = record[:2], record[2]
    kept = min(first, key=lambda entry: entry["heldout_nats"])["network"]
    assert len(record) == 3  # two candidates, then the one kept
    assert later["network"] == kept == whole.card["chosen"]["network"]
    path = tmp_path / "fit.checkpoint"
    with pytest.raises(Stopped):
        qdiff.fit(shots, seed=2, config=config, checkpoint=path, watch=stop_after(2 * 60 + 30))
    resumed = qdiff.fit(shots, seed=2, config=config, checkpoint=path)
    assert np.array_equal(resumed.distribution().probabilities, whole.distribution().probabilities)


@pytest.mark.parametrize("given", [{}, {0: 1, 3: 0}])
def test_folds_in_parallel_steps_are_sampled_in_law(
    folded: Surrogate, given: dict[int, int]
) -> None:
    """Drawn counts against the enumerated law, chi-square, false alarm 1e-6."""
    model = folded.only(Part.DIFFUSION)
    ensembles = members(model.parts[Part.DIFFUSION])
    share = np.array([np.exp(law.condition(given)[0]) if given else 1.0 for law in ensembles])
    tables = [ParallelDecoder(law.network, 2, given).table() for law in ensembles]
    law = share / share.sum() @ np.stack(tables)
    drawn = model.sample(200_000, seed=3, steps=2, given=given)
    assert p_value(drawn, Distribution(probabilities=law)) > FALSE_ALARM
    one_fold = Distribution(probabilities=tables[0])
    assert p_value(drawn, one_fold) < FALSE_ALARM  # power


def test_folds_are_planned_by_bits_and_shots() -> None:
    """Of few shots more are held out; long strings have fewer folds."""
    found = {}
    for size in ((12, 1_000), (12, 10_000), (40, 1_000)):
        config = choose_config(*size, device=CPU, effort=Effort.DEFAULT).config
        found[size] = (config.folds, config.heldout)
    assert found == {(12, 1_000): (4, 0.25), (12, 10_000): (4, 0.1), (40, 1_000): (1, 0.25)}


def test_networks_of_another_process_are_refused() -> None:
    with pytest.raises(InputError, match="does not serve"):
        FitConfig(process=BitFlip())
    with pytest.raises(InputError, match="does not serve"):
        FitConfig(candidates=(Candidate(network=LevelledMLP()),))
