"""Shots: counts in every spelling and back, splits, merges, files, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from qdiff import InputError, Register, Shots

COUNTS = {"00 110": 7, "01 000": 2, "11 111": 1}


def random_shots(num_bits: int = 5, shots: int = 1000, seed: int = 0) -> Shots:
    bits = np.random.default_rng(seed).integers(0, 2, (shots, num_bits))
    return Shots.from_bits(bits)


def test_counts_round_trip_with_registers() -> None:
    shots = Shots.from_counts(COUNTS)
    assert shots.to_counts() == COUNTS
    assert [register.size for register in shots.registers] == [3, 2]
    assert (shots.num_bits, shots.num_shots) == (5, 10)


def test_column_j_is_classical_bit_j() -> None:
    shots = Shots.from_counts({"00 110": 1})
    assert shots.bits.tolist() == [[0, 1, 1, 0, 0]]
    assert shots.bits.dtype == np.uint8
    assert shots.indices.tolist() == [6]


@pytest.mark.parametrize(
    "counts",
    [{"0x6": 7, "0x8": 2, "0x1f": 1}, {6: 7, 8: 2, 31: 1}, {"00110": 7, "01000": 2, "11111": 1}],
)
def test_every_key_style_gives_the_same_shots(counts: dict[str, int]) -> None:
    registers = [Register("a", 3), Register("b", 2)]
    shots = Shots.from_counts(counts, registers=registers)
    assert shots.to_counts() == COUNTS
    assert shots.to_counts(hex=True) == {"0x6": 7, "0x8": 2, "0x1f": 1}
    assert Shots.from_counts(shots.to_counts(hex=True), registers=registers) == shots


def test_save_and_load(tmp_path) -> None:
    shots = Shots.from_counts(COUNTS, provenance={"seed": 3})
    shots.save(tmp_path / "shots.safetensors")
    loaded = Shots.load(tmp_path / "shots.safetensors")
    assert loaded == shots
    assert loaded.provenance == {"seed": 3}
    assert loaded.to_counts() == COUNTS


def test_shots_are_immutable() -> None:
    shots = random_shots()
    with pytest.raises(ValueError, match="read-only"):
        shots.counts[0] = 5
    with pytest.raises(AttributeError):
        shots.registers = ()  # type: ignore[misc]


def test_split_parts_the_shots() -> None:
    shots = random_shots()
    first, rest = shots.split(0.3, seed=1)
    assert first.num_shots == 300
    assert first.merge(rest) == shots
    assert shots.split(0.3, seed=1)[0] == first
    assert shots.split(0.3, seed=2)[0] != first


def test_merge_refuses_other_registers() -> None:
    with pytest.raises(InputError, match="cannot merge"):
        random_shots(5).merge(random_shots(4))


def test_select_permutes_columns() -> None:
    shots = Shots.from_counts({"011": 5, "110": 2})
    assert shots.select([2, 0]).to_counts() == {"10": 5, "01": 2}


def test_many_bits_are_packed() -> None:
    shots = random_shots(num_bits=127, shots=500)
    assert shots.words.shape == (500, 2)
    assert Shots.from_counts(shots.to_counts()) == shots
    assert Shots.from_bits(shots.bits, shots.counts) == shots


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({}, "no counts"),
        ({"00": -1}, r"\[0, 2\*\*62\]"),
        ({"00": 0.5, "11": 0.5}, "quasi-distribution"),
        ({"00": float("nan")}, "quasi-distribution"),
        ({"00": "many"}, "quasi-distribution"),
        ({"00": 1, "000": 2}, "differ in length|of one length"),
        ({"00": 1, 3: 2}, "all text or all integers"),
        ({"0x1": 1}, "num_bits"),
        ({"00": 2**63}, r"\[0, 2\*\*62\]|whole numbers"),
    ],
)
def test_bad_counts_get_one_clear_line(counts, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Shots.from_counts(counts)
    assert "\n" not in str(caught.value)


def test_only_canonical_fields_are_taken() -> None:
    words = np.array([[2], [1]], dtype=np.uint64)
    with pytest.raises(InputError, match="distinct and sorted"):
        Shots(words=words, counts=np.array([1, 1]), registers=(Register("c", 2),))
    with pytest.raises(InputError, match="beyond its 1"):
        Shots(words=words[:1], counts=np.array([1]), registers=(Register("c", 1),))


@pytest.mark.slow
def test_ten_million_shots_of_64_bits_fit_well_under_a_gigabyte() -> None:
    words = np.arange(10_000_000, dtype=np.uint64)[:, None] * np.uint64(0x9E3779B97F4A7C15)
    shots = Shots.from_words(words, np.ones(len(words), np.int64), registers=[Register("c", 64)])
    assert shots.num_shots == 10_000_000
    assert shots.words.nbytes + shots.counts.nbytes <= 160_000_000


@pytest.mark.parametrize("keys", [{"0x1": 3}, {5: 3}])
def test_more_bits_than_any_device_has_are_refused(keys) -> None:
    with pytest.raises(InputError, match="num_bits must be at most 100,000, got 10000000000"):
        Shots.from_counts(keys, num_bits=10**10)
