"""Memory that reading long files takes: of their size, not of what Python would make of them."""

from __future__ import annotations

import base64
import io
import json
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qdiff import InputError
from qdiff.files import counts_json, csv_file, npz_file, runtime_json, stim_files
from qdiff.files.counts_json import parse_json, read_counts
from qdiff.files.hints import Hints
from qdiff.files.npy import write_npy

ROWS = 12_000_000
"""Of one bit. Held as words and counts they would take 200 MB, and sorting them twice that."""

ONE_BIT = np.random.default_rng(1).integers(0, 2, ROWS, dtype=np.uint8)


def peak(read: Callable[[], Any]) -> tuple[int, Any]:
    """Bytes that were held at once beyond those before, and what was read."""
    tracemalloc.start()
    try:
        value = read()
        return tracemalloc.get_traced_memory()[1], value
    finally:
        tracemalloc.stop()


def npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, bits=ONE_BIT[:, None])
    return file.getvalue()


def runtime() -> Any:
    packed = zlib.compress(write_npy(ONE_BIT[:, None]), 1)
    array = {"__type__": "ndarray", "__value__": base64.b64encode(packed).decode()}
    return {"__type__": "BitArray", "__value__": {"array": array, "num_bits": 1}}


def lines() -> bytes:
    table = np.full((ROWS, 2), ord("\n"), np.uint8)
    table[:, 0] = ONE_BIT + ord("0")
    return table.tobytes()


@pytest.mark.parametrize(
    ("read", "held", "size"),
    [
        (stim_files.read_b8, ONE_BIT.tobytes, 0),
        (stim_files.read_01, lines, 0),
        (npz_file.read_npz, npz, 2 * ROWS),  # unpacked, and on the way there
        (runtime_json.read_runtime, runtime, 2 * ROWS),
    ],
    ids=["b8", "01", "npz", "runtime"],
)
def test_short_shots_take_no_words_each(read: Any, held: Callable[[], Any], size: int) -> None:
    data, hints = held(), Hints(num_bits=1)
    taken, shots = peak(lambda: read(data, hints))
    assert shots.to_counts() == {"0": ROWS - int(ONE_BIT.sum()), "1": int(ONE_BIT.sum())}
    assert taken < size + 2**26


def test_a_csv_is_read_in_portions() -> None:
    data = b"c,d,count\n" + b"0,1,1\n" * 400_000  # as lists of text they would take 80 MB
    taken, shots = peak(lambda: csv_file.read_csv(data, Hints()))
    assert shots.num_shots == 400_000
    assert taken < 30_000_000
    wide = b"c,count\n" + (b"1" * 90_000 + b",1\n") * 200
    taken, shots = peak(lambda: csv_file.read_csv(wide, Hints()))
    assert shots.num_bits == 90_000
    assert taken < 60_000_000
    with pytest.raises(InputError, match="longer than"):
        csv_file.read_csv(b"0," * 10_000_000, Hints())


NUMBER = 30_000
SHAPES = {
    "wide counts": {"counts": {f"{i:0100b}": 1 for i in range(NUMBER)}},
    "short integer keys": {str(i): 1 for i in range(NUMBER)},
    "floats": {f"{i:015b}": i + 0.5 for i in range(NUMBER)},
    "lists": [[]] * NUMBER,
    "dictionaries": [{"a": []}] * NUMBER,
    "numbers": [0.5] * NUMBER,
    "one long text": "x" * 10 * NUMBER,
    "escapes": "\n" * 10 * NUMBER,
    "results": {"results": [{"data": {"counts": {hex(i): 1 for i in range(NUMBER)}}}]},
}
UNICODE = {name: {"😀": value} for name, value in SHAPES.items()}


@pytest.mark.parametrize("shapes", [SHAPES, UNICODE], ids=["ascii", "unicode"])
@pytest.mark.parametrize("name", SHAPES)
def test_the_memory_of_json_is_bounded_beforehand(shapes: dict[str, Any], name: str) -> None:
    separators = (",", ":")
    raw = json.dumps(shapes[name], ensure_ascii=False, separators=separators).encode()

    def read() -> Any:
        value = parse_json(raw)
        try:
            return read_counts(value, Hints(num_bits=20 if name != "wide counts" else None))
        except InputError as error:
            return error

    taken, _ = peak(read)
    bound = counts_json._memory(raw)
    assert taken < bound + 2**24  # and a portion of keys as a table
    assert bound < 20 * taken + 2**20  # or else it would refuse what is harmless


def test_json_beyond_the_limit_is_refused_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts_json, "MAX_JSON_MEMORY", 2**28)
    raw = b"[" + b"[]," * 1_000_000 + b"[]]"

    def refused() -> str:
        with pytest.raises(InputError) as caught:
            parse_json(raw)
        return str(caught.value)

    taken, message = peak(refused)
    assert "may take 0.4 GiB of memory, and the limit is 0.2 GiB" in message
    assert taken < 1_000_000
