"""A family's model: what is folded in, where it refuses, what it doubts, and its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from spoiled_files import HUGE, drop, put, refusal, rewritten, say, spoil
from untrained_networks import seeded, stir

import qdiff
from qdiff import FamilySurrogate, InputError, Register, Surrogate
from qdiff.data import bits as bitorder
from qdiff.models.diffusion.denoisers.conditional import ConditionalRecurrentNetwork
from qdiff.models.families import disagreement
from qdiff.models.families.family_surrogate import CALIBRATION, Member
from qdiff.models.families.parameter_box import Box
from qdiff.models.laws.mixture import members

BITS = 4
POINTS = np.array([[0.0, 1.0], [2.0, 1.5], [1.0, 9.0]])
STRENGTHS = np.array([0.1, 1.0, 3.0])
INSIDE = {"values": [0.7, 4.0], "strength": 0.5}


def untrained(number: int = 2, strengths: np.ndarray = STRENGTHS) -> FamilySurrogate:
    """A family whose members nobody trained, and which are far from fair coins."""
    box = Box.around(("a", "b"), POINTS, strengths)
    own = np.arange(BITS)
    orders = np.stack([own, own[::-1]])
    networks = [
        stir(
            ConditionalRecurrentNetwork.initialised(
                BITS, box.num_features, hidden=8, width=6, generator=seeded(seed)
            ),
            0.4,
            seeded(seed),
        )
        for seed in range(number)
    ]
    return FamilySurrogate(
        box=box,
        members=[
            Member(
                network=network.requires_grad_(False), orders=orders, shares=np.array([0.25, 0.75])
            )
            for network in networks
        ],
        registers=(Register("c", BITS),),
        card={"trained_on": {"noise": None}},
    )


def test_values_folded_in_say_what_values_told_say() -> None:
    family = untrained(1)
    (member,) = family.members
    network = member.network
    point = family.box.point(INSIDE["values"], INSIDE["strength"])
    features = torch.from_numpy(family.box.features(point[None]))
    rows = torch.from_numpy(bitorder.unpack(np.arange(16, dtype=np.uint64)[:, None], BITS))
    clean = 2.0 * rows.float() - 1.0
    told = np.zeros(16)
    for order, share in zip(member.orders, member.shares, strict=True):
        orders = torch.from_numpy(order.copy()).expand(16, BITS)
        logits = network.along(clean, orders, features.expand(16, -1))
        surprise = torch.nn.functional.softplus(-clean.gather(1, orders) * logits).sum(1)
        told += share * np.exp(-surprise.numpy())
    folded = family.at(**INSIDE).distribution().probabilities
    assert folded == pytest.approx(told, abs=1e-6)
    assert folded.sum() == pytest.approx(1, abs=1e-12)
    elsewhere = family.at([0.8, 4.0], strength=0.5).distribution().probabilities
    assert abs(elsewhere - folded).max() > 1e-3


def test_the_members_laws_are_averaged() -> None:
    model = untrained(3).at(**INSIDE)
    laws = members(model.parts["diffusion"])
    mean = np.mean([law.table() for law in laws], axis=0)
    assert model.distribution().probabilities == pytest.approx(mean, abs=1e-12)


def test_what_it_gives_is_an_ordinary_surrogate(tmp_path: Path) -> None:
    model = untrained().at({"b": 4.0, "a": 0.7}, strength=0.5)
    assert model.card["trained_on"]["values"] == {"a": 0.7, "b": 4.0}
    assert model.card["trained_on"]["strength"] == pytest.approx(0.5)
    path = tmp_path / "model.safetensors"
    model.save(path)
    found = Surrogate.load(path)
    law = model.distribution().probabilities
    assert np.array_equal(found.distribution().probabilities, law)
    assert found.sample(100, seed=1) == model.sample(100, seed=1)
    given = np.where(np.arange(16) >> 2 & 1, law, 0)
    rows = bitorder.unpack(np.arange(16, dtype=np.uint64)[:, None], BITS)
    assert np.exp(found.log_prob(rows, given={2: 1})) == pytest.approx(given / given.sum())
    with pytest.raises(InputError, match="along its chain of bits only"):
        found.sample(50, steps=2, seed=1)
    model._repr_html_()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"values": {"a": 0.7}}, "parameters are a, b"),
        ({"values": {"a": 0.7, "c": 1}}, "parameters are a, b"),
        ({"values": [0.7]}, "finite values of a, b are needed"),
        ({"values": [0.7, np.nan]}, "finite values of a, b"),
        ({"values": ["0.7", 1]}, "must be numbers"),
        ({"values": [4.0, 0.7]}, "a=4 is outside .* 0 to 2; .* force=True"),
        ({"strength": None}, "how strong is the noise"),
        ({"strength": 5}, "strength=5 is outside .* 0.1 to 3"),
        ({"strength": -1}, "positive number"),
        ({"strength": np.nan}, "positive number"),
    ],
)
def test_points_that_it_does_not_know_are_refused(changed, message: str) -> None:
    family = untrained()
    for ask in (family.at, family.uncertainty):
        with pytest.raises(InputError, match=message):
            ask(**{**INSIDE, **changed})


def test_it_extrapolates_only_when_forced() -> None:
    family = untrained()
    assert family.at([4.0, 0.7], strength=5, force=True).num_bits == BITS
    family.at(POINTS[2], strength=3.0)  # a corner is inside
    one = untrained(strengths=np.full(3, 0.3))
    assert one.at([0.7, 4.0]).card["trained_on"]["strength"] == pytest.approx(0.3)


def test_doubt_is_what_members_differ_by(monkeypatch) -> None:
    family = untrained(2)
    tables = [law.table() for law in members(family.at(**INSIDE).parts["diffusion"])]
    mean = np.mean(tables, axis=0)
    apart = np.mean([np.sum(table * np.log(table / mean)) for table in tables])
    assert family.uncertainty(**INSIDE) == pytest.approx(CALIBRATION * apart, rel=1e-9)
    laws = members(family.at(**INSIDE).parts["diffusion"])
    monkeypatch.setattr(disagreement, "_TABLE_BITS", 0)
    drawn = [disagreement.disagreement(laws, np.random.default_rng(seed)) for seed in range(20)]
    assert np.mean(drawn) == pytest.approx(apart, rel=0.1)
    assert np.isnan(untrained(1).uncertainty(**INSIDE))


def test_suggestions_lie_inside_and_apart() -> None:
    for number in (1, 2):
        values, strengths = untrained(number).suggest(5, seed=1)
        assert values.shape == (5, 2)
        assert ((POINTS.min(axis=0) <= values) & (values <= POINTS.max(axis=0))).all()
        assert ((strengths >= 0.1) & (strengths <= 3)).all()
        assert len(np.unique(values, axis=0)) == 5
    again, _ = untrained().suggest(5, seed=1)
    assert np.array_equal(again, values)


def test_a_file_holds_it_all(tmp_path: Path) -> None:
    family, path = untrained(), tmp_path / "family.safetensors"
    family.save(path)
    found = qdiff.load(path)
    assert isinstance(found, FamilySurrogate)
    for each in (found, family):
        law = each.at(**INSIDE).distribution().probabilities
        assert np.array_equal(law, family.at(**INSIDE).distribution().probabilities)
    assert found.card == family.card
    with pytest.raises(InputError, match="exists"):
        family.save(path)


@pytest.mark.parametrize(
    "change",
    [
        drop("points"),
        drop("0.network.told.0.weight"),
        drop("1.orders"),
        spoil("points", np.inf),
        spoil("0.network.base.last.bias", np.nan),
        put("points", np.zeros((2, 2))),
        put("0.orders", np.array([[0, 1, 2, 2]])),
        put("0.shares", np.array([0.5, 0.6])),
        put("0.network.told.0.bias", np.zeros(5, np.float32)),
        say([[HUGE, HUGE], [8, 6]], "members"),
        say([[8], [8, 6]], "members"),
        say([], "members"),
        say(["a"], "names"),
        say([["c", 5]], "registers"),
    ],
)
def test_a_deceiving_file_is_refused(change, tmp_path: Path) -> None:
    path = tmp_path / "family.safetensors"
    untrained().save(path)
    rewritten(path, change)
    refusal(path, FamilySurrogate)
