"""Headers of NumPy arrays made to deceive: one line through every container."""

from __future__ import annotations

import json

import pytest
from npz_files import bit_array, npz_with

from qdiff import InputError
from qdiff.files.hints import Hints
from qdiff.files.npz_file import read_npz
from qdiff.files.runtime_json import read_runtime


def described(shape: str, dtype: str = "|u1") -> str:
    return f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}"


HEADERS = {
    "unclosed": "{'descr': (",
    "deep": "(" * 3000,
    "badly indented": "if 1:\n  a\n b",
    "NUL": "\0",
    "two negative sizes": described("(-2, -4)"),
    "text of no length": described("(0, 4)", "<U0"),
    "vast and empty": described(f"({2**62}, {2**62}, 0)"),
    "long and empty": described(f"({2**31}, {2**31}, {2**31}, 0)"),
}


@pytest.mark.parametrize("size", [0, 8])
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_hostile_headers_are_refused_through_every_container(header: str, size: int) -> None:
    text = header.encode() + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(size)
    for read in (
        lambda: read_npz(npz_with("bits.npy", array), Hints()),
        lambda: read_runtime(json.loads(bit_array(array, 8)), Hints()),
    ):
        with pytest.raises(InputError) as caught:
            read()
        assert "\n" not in str(caught.value)
