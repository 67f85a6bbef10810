"""NumPy's ``.npz``: packed rows with counts, or a plain table of bits from elsewhere."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from lzma import LZMAError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data import bits as bitorder
from qdiff.data.counts import as_counts
from qdiff.data.registers import registers_to_json, width_of
from qdiff.data.shots import Shots
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError
from qdiff.files.hints import Hints, stated_registers
from qdiff.files.limits import MAX_HELD_BYTES, MAX_UNPACKED_BYTES, check_size, portions
from qdiff.files.npy import read_npy, write_npy

_KNOWN = ("words", "counts", "registers", "bits")
_MAX_MEMBERS = 64

_DAMAGED = (zipfile.BadZipFile, zlib.error, LZMAError, RuntimeError, EOFError, OSError, ValueError)
"""What zipfile and its decompressors raise; an unknown compression is a kind of RuntimeError."""


def read_npz(data: bytes, hints: Hints) -> Shots:
    """Shots from arrays ``words``, ``counts`` and ``registers``, or ``bits`` and maybe ``counts``.

    ``words`` is ``(m, ceil(n / 64)) uint64`` as in `Shots`, ``registers`` the JSON of
    ``[[name, size], ...]``; ``bits`` is a table ``(m, n)`` of 0 and 1, column j being bit j.

    Raises `InputError` for other or damaged content. Members are read by name, never unpacked to
    disk, and never more than their own declared size, which is bounded.
    """
    arrays = _arrays(data)
    if "bits" in arrays:
        return _from_table(arrays["bits"], arrays.get("counts"), hints)
    if not {"words", "counts", "registers"} <= set(arrays):
        raise InputError(
            "the npz has neither an array 'bits' nor 'words', 'counts' and 'registers'"
        )
    words, counts = arrays["words"], arrays["counts"]
    if words.dtype != np.uint64 or words.ndim != 2 or counts.shape != (len(words),):
        raise InputError("the npz is damaged: its words and counts do not go together")
    registers = stated_registers(_json(arrays["registers"]))
    num_bits = width_of(registers)
    check_size(len(words), num_bits)
    if words.shape[1] != -(-num_bits // 64):
        raise InputError(f"the npz is damaged: {words.shape[1]} words are not {num_bits} bits")
    if hints.registers is not None:
        registers = hints.registers_for(num_bits)
    return Shots.from_words(np.ascontiguousarray(words), counts, registers=registers)


def write_npz(shots: Shots) -> bytes:
    """What `read_npz` reads; `numpy.load` does too."""
    registers = np.array(json.dumps(registers_to_json(shots.registers)))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in (
            ("words", shots.words),
            ("counts", shots.counts),
            ("registers", registers),
        ):
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), write_npy(array))
    return file.getvalue()


def _from_table(bits: NDArray[Any], counts: NDArray[Any] | None, hints: Hints) -> Shots:
    if bits.ndim != 2 or bits.dtype.kind not in "bui":
        raise InputError(f"the npz's 'bits' are no table of 0 and 1 but {bits.dtype} {bits.shape}")
    rows, num_bits = bits.shape
    check_size(rows, num_bits)
    if counts is not None and (counts.shape != (rows,) or counts.dtype.kind not in "iu"):
        raise InputError("the npz is damaged: its bits and counts do not go together")
    tally = StreamingCounts(num_bits)
    for where in portions(rows, num_bits):
        times = None if counts is None else as_counts(counts[where])
        tally.add(bitorder.as_bits(bits[where]), times)
    return Shots.from_words(*tally.total(), registers=hints.registers_for(num_bits))


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > _MAX_MEMBERS:
                raise InputError(f"the npz has {len(members)} members")
            wanted = [m for m in members if m.filename.removesuffix(".npy") in _KNOWN]
            packed = [m for m in wanted if m.compress_type != zipfile.ZIP_STORED]
            held, grown = (sum(m.file_size for m in part) for part in (wanted, packed))
            if held > MAX_HELD_BYTES or grown > MAX_UNPACKED_BYTES:
                raise InputError("the npz declares more data than can be held")
            return {m.filename.removesuffix(".npy"): read_npy(_read(archive, m)) for m in wanted}
    except InputError:
        raise
    except _DAMAGED:
        raise InputError("the npz is damaged: it cannot be unpacked") from None


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's bytes, at most as many as it declares."""
    with archive.open(member) as file:
        raw = file.read(member.file_size + 1)
    if len(raw) != member.file_size:
        raise InputError("the npz is damaged: a member has another size than it declares")
    return raw


def _json(text: NDArray[Any]) -> Any:
    try:
        return json.loads(str(text.item()))
    except (ValueError, RecursionError):
        raise InputError("the npz is damaged: its registers cannot be read") from None
