"""One model for a family: the same seed, few points, early stopping; quality is a benchmark's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from known_laws import porter_thomas
from quick_fits import quick_surrogate, training_shots

import qdiff
from qdiff import FamilyConfig, FamilyShots, InputError, Shots
from qdiff.fitting.family_examples import FamilyExamples, PointStrings, most_strings
from qdiff.models.diffusion.training.trainer import TrainingConfig

BRIEF = FamilyConfig(
    hidden=8,
    width=8,
    training=TrainingConfig(steps=20, batch=3, evaluate_every=10, orthogonal=0.05),
)


def tossed(*chances: float, shots: int = 500) -> Shots:
    """Independent coins."""
    generator = np.random.default_rng(3)
    return Shots.from_bits((generator.random((shots, len(chances))) < chances).astype(np.uint8))


def coins(points: int) -> FamilyShots:
    """Two coins; the parameter is the first one's chance, noise makes the second one fairer."""
    values = np.linspace(0.1, 0.9, points)
    strengths = np.geomspace(0.1, 1, points)
    shots = [tossed(value, 0.5 * noise) for value, noise in zip(values, strengths, strict=True)]
    return FamilyShots.of(["a"], values[:, None], shots, strengths=strengths)


@pytest.mark.parametrize("points", [3, 12])
def test_the_same_seed_gives_the_same_bytes(points: int, tmp_path) -> None:
    paths = [tmp_path / name for name in ("first", "second", "other")]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        family = qdiff.fit_family(coins(points), config=BRIEF, seed=seed)
        family.card.pop("seconds")
        family.save(path)
    first, second, other = (path.read_bytes() for path in paths)
    assert first == second != other


def test_it_learns_what_parameters_and_noise_do() -> None:
    training = TrainingConfig(steps=150, batch=6, evaluate_every=50, orthogonal=0.05)
    seen = []
    config = FamilyConfig(hidden=8, width=16, members=1, training=training)
    family = qdiff.fit_family(coins(20), config=config, seed=1, watch=seen.append)
    assert len(seen) == 150
    for value, strength in ((0.3, 0.2), (0.6, 0.5)):
        law = family.at({"a": value}, strength=strength).distribution().probabilities
        one, other = np.array([1 - value, value]), np.array([1 - strength / 2, strength / 2])
        assert law == pytest.approx(np.kron(other, one), abs=0.08)


@pytest.mark.slow
def test_a_family_of_one_point_is_as_good_as_a_plain_fit() -> None:
    """Of a random law, with no histogram and no interactions to help: .0144 nats each."""
    truth, shots, plain = porter_thomas(6, power=2), training_shots(), quick_surrogate()
    training = TrainingConfig(steps=400, batch=1, evaluate_every=20, orthogonal=0.05)
    config = FamilyConfig(hidden=32, width=8, training=training)
    family = qdiff.fit_family(FamilyShots.of(["a"], [[0.5]], [shots]), config=config, seed=1)

    def kl(model: qdiff.Surrogate) -> float:
        law = model.distribution().probabilities
        return float(np.sum(truth.probabilities * np.log(truth.probabilities / law)))

    assert kl(family.at([0.5])) < 1.2 * kl(plain)
    with pytest.raises(InputError, match="outside"):
        family.at([0.6])


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(InputError, match="family_shots must be a FamilyShots"):
        qdiff.fit_family(tossed(0.5))
    with pytest.raises(InputError, match="seed must be"):
        qdiff.fit_family(coins(3), config=BRIEF, seed=-1)
    for wrong in ({"members": 0}, {"heldout": 1.0}, {"hidden": 0}):
        with pytest.raises(InputError):
            FamilyConfig(**wrong)


def test_strings_of_a_point_are_thinned_fairly() -> None:
    assert most_strings(1) == 2
    shots = tossed(*[0.5] * 12, shots=3000)
    strings = PointStrings.of([tossed(*[0.5] * 12, shots=3), shots])

    generator = torch.Generator().manual_seed(1)
    rows, counts = strings.rows_of(1, 256, generator)
    assert (counts.sum(), len(rows)) <= (256, 256)
    assert (strings.point[rows] == 1).all()
    rows, counts = strings.rows_of(1, 10_000, generator)
    assert counts.sum() == 3000
    seen = np.zeros(len(strings.counts))
    for _ in range(200):
        rows, counts = strings.rows_of(1, 256, generator)
        seen[rows] += counts
    share = seen[strings.point == 1] / seen.sum()
    assert share == pytest.approx(strings.counts[strings.point == 1] / 3000, abs=0.002)


def test_a_batch_has_points_of_its_own_in_each_order() -> None:

    family = coins(12)
    features = torch.arange(12.0)[:, None]
    orders = np.array([[0, 1], [1, 0]])
    examples = FamilyExamples(family.shots, features, orders)
    batch = examples.batch(4, torch.Generator().manual_seed(1))
    assert [told.forest.order for told in batch] == [(0, 1), (1, 0)]
    assert [told.forest.trees for told in batch] == [4, 4]
    assert batch[0].features.tolist() != batch[1].features.tolist()
    for told in batch:
        first = told.forest.levels[0]
        assert (first.zeros + first.ones).tolist() == [500.0] * 4
    assert all(told.forest.trees == 12 for told in examples.all())
    more = FamilyExamples(family.shots, features, orders, any_order=True)
    assert len(more.batch(4, torch.Generator().manual_seed(1))) == 3


def test_many_bits_are_asked_about_in_any_order() -> None:
    shots = [tossed(*[chance] * 24, shots=50) for chance in (0.3, 0.6)]
    family = qdiff.fit_family(FamilyShots.of(["a"], [[0.3], [0.6]], shots), config=BRIEF, seed=1)
    model = family.at([0.4])
    assert model.sample(20, seed=1, given={20: 1}).bits[:, 20].all()
    assert family.uncertainty([0.4]) > 0


def test_few_bits_are_drawn_along_the_orders_that_were_learned() -> None:
    shots = [tossed(*[chance] * 3, shots=50) for chance in (0.3, 0.6)]
    model = qdiff.fit_family(FamilyShots.of(["a"], [[0.3], [0.6]], shots), config=BRIEF).at([0.4])
    for wrong in ({"steps": 2}, {"order": "random"}):
        with pytest.raises(InputError, match="along its chain of bits only"):
            model.sample(20, seed=1, **wrong)
