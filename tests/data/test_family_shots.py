"""Shots at many points of a family: what fits together, what is refused, and the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spoiled_files import drop, put, refusal, rewritten, say, spoil

import qdiff
from qdiff import FamilyShots, InputError, Shots


def tossed(ones: int) -> Shots:
    return Shots.from_counts({"00": 100 - ones, "01": ones})


def swept(*names: str) -> FamilyShots:
    values = np.arange(2 * len(names)).reshape(2, -1) / 10
    return FamilyShots.of(names, values, [tossed(20), tossed(0)], strengths=[0.5, 2])


def test_points_are_added_and_parted() -> None:
    both = swept("a", "b") + swept("a", "b")[1:]
    assert (len(both), both.num_shots, both.num_bits) == (3, 300, 2)
    assert both.values.tolist() == [[0, 0.1], [0.2, 0.3], [0.2, 0.3]]
    assert both.strengths.tolist() == [0.5, 2, 2]
    for other, message in (
        (swept("a", "c"), "the same names in the same order"),
        (swept("b", "a"), "the same names in the same order"),
        (FamilyShots.of(["a", "b"], [[0, 0]], [Shots.from_counts({"1": 1})]), "cannot add shots"),
    ):
        with pytest.raises(InputError, match=message):
            _ = swept("a", "b") + other


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"values": [[0.1]]}, r"shape \(2, 1\), got \(1, 1\)"),
        ({"values": [[0.1], [np.nan]]}, "finite"),
        ({"values": [["x"], ["y"]]}, "array of numbers"),
        ({"strengths": [1]}, "as many strengths"),
        ({"strengths": [1, 0]}, "must be positive"),
        ({"strengths": [1, np.inf]}, "finite"),
        ({"names": ["a", "a"]}, "each once"),
        ({"names": []}, "each once"),
        ({"shots": [tossed(1), Shots.from_counts({"1": 1})]}, "point 1 has registers"),
        ({"shots": []}, "one point at least"),
        ({"shots": [tossed(1), Shots.from_bits(np.zeros((0, 2)))]}, "point 1 has no shots"),
    ],
)
def test_what_does_not_fit_is_refused(changed, message: str) -> None:
    given = {"names": ["a"], "values": [[0.1], [0.2]], "shots": [tossed(1), tossed(2)], **changed}
    with pytest.raises(InputError, match=message):
        FamilyShots.of(**given)


def test_a_file_holds_them_all(tmp_path: Path) -> None:
    path = tmp_path / "family.safetensors"
    whole = swept("a", "b")
    whole.save(path)
    found = qdiff.load(path)
    assert isinstance(found, FamilyShots)
    assert (found.names, found.shots) == (whole.names, whole.shots)
    assert np.array_equal(found.values, whole.values)
    assert np.array_equal(found.strengths, whole.strengths)


@pytest.mark.parametrize(
    "change",
    [
        drop("values"),
        drop("distinct"),
        spoil("values", np.nan),
        spoil("strengths", -1.0),
        spoil("distinct", 2**62),
        spoil("distinct", -1),
        put("distinct", np.array([2**62, 2**62, 2**62, 2**62])),
        put("distinct", np.array([3, 0])),
        put("counts", np.array([80, 20])),
        say(["a"], "names"),
        say("ab", "names"),
        say([["c", 10**12]], "registers"),
    ],
)
def test_a_deceiving_file_is_refused(change, tmp_path: Path) -> None:
    path = tmp_path / "family.safetensors"
    swept("a", "b").save(path)
    rewritten(path, change)
    refusal(path, FamilyShots)


def test_points_are_taken_by_slices() -> None:
    tossed = Shots.from_counts({"0": 1, "1": 1})
    family = FamilyShots.of(["a"], [[1.0], [2.0], [3.0]], [tossed] * 3)
    assert family[1:].values.tolist() == [[2.0], [3.0]]
    with pytest.raises(InputError, match="points must be a slice, got 1"):
        family[1]
