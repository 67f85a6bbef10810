"""Bit order: every spelling of a bitstring against Python's own integers and strings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qdiff import InputError, Register
from qdiff.data import bits as bitorder
from qdiff.data import count_keys

SIZES = [1, 2, 7, 8, 9, 63, 64, 65, 127, 130]


def random_bits(rows: int, num_bits: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, (rows, num_bits)).astype(np.uint8)


def as_int(row: np.ndarray) -> int:
    return sum(int(bit) << j for j, bit in enumerate(row))


@pytest.mark.parametrize("num_bits", SIZES)
def test_pack_and_unpack_are_inverse(num_bits: int) -> None:
    bits = random_bits(50, num_bits)
    assert np.array_equal(bitorder.unpack(bitorder.pack(bits), num_bits), bits)


@pytest.mark.parametrize("num_bits", SIZES)
def test_keys_hex_and_integers_agree_with_python(num_bits: int) -> None:
    bits = random_bits(40, num_bits, seed=num_bits)
    words = bitorder.pack(bits)
    numbers = [as_int(row) for row in bits]
    keys = [format(number, f"0{num_bits}b") for number in numbers]
    assert count_keys.format_keys(words, [Register("c", num_bits)]) == keys
    assert count_keys.format_hex(words, num_bits) == [hex(number) for number in numbers]
    assert np.array_equal(count_keys.parse_keys(keys)[0], words)
    assert np.array_equal(count_keys.parse_hex([hex(n) for n in numbers], num_bits), words)
    assert np.array_equal(count_keys.parse_ints(numbers, num_bits), words)


def test_registers_are_spaced_with_the_last_one_left() -> None:
    registers = [Register("a", 2), Register("b", 1), Register("c", 3)]
    words = bitorder.pack(np.array([[1, 0, 0, 1, 1, 0]], dtype=np.uint8))
    assert count_keys.format_keys(words, registers) == ["011 0 01"]
    parsed, sizes = count_keys.parse_keys(["011 0 01"])
    assert np.array_equal(parsed, words)
    assert sizes == [2, 1, 3]


def test_index_is_little_endian() -> None:
    words = bitorder.pack(np.array([[1, 1, 0, 1]], dtype=np.uint8))
    assert bitorder.to_indices(words, 4).tolist() == [1 + 2 + 8]
    with pytest.raises(InputError, match="63 bits have no 64-bit index"):
        bitorder.to_indices(bitorder.pack(random_bits(1, 63)), 63)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.integers(1, 70).flatmap(
        lambda n: st.lists(st.tuples(st.integers(0, 2**n - 1), st.integers(0, 5)), max_size=30).map(
            lambda pairs: (n, pairs)
        )
    )
)
def test_aggregate_equals_a_dictionary(case: tuple[int, list[tuple[int, int]]]) -> None:
    num_bits, pairs = case
    if not pairs:
        return
    expected: dict[int, int] = {}
    for number, count in pairs:
        expected[number] = expected.get(number, 0) + count
    expected = {number: count for number, count in sorted(expected.items()) if count}
    words = count_keys.parse_ints([number for number, _ in pairs], num_bits)
    words, counts = bitorder.aggregate(words, np.array([count for _, count in pairs]))
    numbers = [as_int(row) for row in bitorder.unpack(words, num_bits)]
    assert dict(zip(numbers, counts.tolist(), strict=True)) == expected
    assert numbers == sorted(numbers)
    assert bitorder.is_canonical(words)


@pytest.mark.parametrize("keys", [["1x1"], ["0x1g"], ["0x-1"], ["0x1", "12"], ["0x1", "0x0x1"]])
def test_odd_hexadecimal_keys_are_refused(keys: list[str]) -> None:
    with pytest.raises(InputError):
        count_keys.parse_hex(keys, 12)


@pytest.mark.parametrize(
    "keys", [["01", "0"], ["0", "01"], ["02"], ["0 1", "01 "], ["01", ""], ["0١"], ["0  1"], [""]]
)
def test_odd_binary_keys_are_refused(keys: list[str]) -> None:
    with pytest.raises(InputError):
        count_keys.parse_keys(keys)


def test_hexadecimal_and_integers_beyond_the_width_are_refused() -> None:
    with pytest.raises(InputError, match="does not fit into 4 bits"):
        count_keys.parse_hex(["0x1f"], 4)
    for number in (-1, 16):
        with pytest.raises(InputError, match="must lie in"):
            count_keys.parse_ints([number], 4)


@pytest.mark.parametrize("bits", [[[0, 2]], [[0.5, 0]], [[[0]]], [["a", "b"]]])
def test_bits_other_than_0_and_1_are_refused(bits: object) -> None:
    with pytest.raises(InputError):
        bitorder.as_bits(bits)
