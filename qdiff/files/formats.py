"""The file formats: how each is recognised, read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.files import count_text, csv_file, npz_file, parquet_file, stim_files
from qdiff.files.count_text import SPACED_BITS, SPACED_LINE
from qdiff.files.counts_json import parse_json, read_counts, write_counts
from qdiff.files.csv_columns import KEY_COLUMNS
from qdiff.files.hints import Hints
from qdiff.files.limits import read_bytes
from qdiff.files.register_names import check_names
from qdiff.files.runtime_json import is_runtime, read_runtime, write_runtime
from qdiff.files.vendor_json import vendor_reader


class Form(StrEnum):
    """A file format for shots, apart from qdiff's own."""

    COUNTS = "counts"
    RUNTIME = "runtime"
    STIM_01 = "01"
    STIM_B8 = "b8"
    NPZ = "npz"
    CSV = "csv"
    PARQUET = "parquet"

    @classmethod
    def parse(cls, form: Form | str) -> Form:
        """A format by its name. Raises `InputError` for an unknown one."""
        try:
            return cls(form)
        except ValueError:
            raise InputError(f"unknown format {form!r}; there are {', '.join(cls)}") from None


NAMELESS = (Form.STIM_01, Form.STIM_B8)
"""Formats without registers."""

_SUFFIXES = {
    ".json": Form.COUNTS,
    ".01": Form.STIM_01,
    ".b8": Form.STIM_B8,
    ".npz": Form.NPZ,
    ".csv": Form.CSV,
    ".parquet": Form.PARQUET,
}

_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?:[{\[]|\"\s*+\{\s*+\\\")")
"""JSON, or a JSON string of JSON."""

_RUNTIME = re.compile(rb'\\?"__type__\\?"\s*+:')
_MARKED = re.compile(rb"[,;\t]")
_TABLES = (".csv", ".tsv")
_HEADER = re.compile(rb"(?:%s)[ \t\r]*+(?:\n|$)" % b"|".join(n.encode() for n in KEY_COLUMNS), re.I)
"""A csv of one column."""
_DIGITS = re.compile(rb"[01]++\r?(\n|$)")
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_HEAD = 65536


@dataclass(frozen=True, kw_only=True)
class _Codec:
    read: Callable[[bytes, Hints], Shots | Distribution]
    write: Callable[[Shots], bytes]


def recognise(data: bytes, suffix: str = "", *, width_known: bool = False) -> Form:
    """The format of a file, by its first bytes.

    Stim's ``b8`` has no mark: it is taken for one by its suffix, or when the number of bits was
    told of and nothing else fits. Raises `InputError` for anything else.

    >>> recognise(b"0101\\n0000\\n"), recognise(b"PAR1....")
    (<Form.STIM_01: '01'>, <Form.PARQUET: 'parquet'>)
    """
    head = data[:_HEAD]
    if suffix.lower() == ".b8":
        return Form.STIM_B8
    if head.startswith(b"PK"):
        return Form.NPZ
    if head.startswith(b"PAR1"):
        return Form.PARQUET
    if _JSON.match(head):
        return Form.RUNTIME if _RUNTIME.search(head) else Form.COUNTS
    if suffix.lower() in _TABLES or _HEADER.match(head):
        return Form.CSV
    if suffix.lower() == ".01" and SPACED_BITS.match(head):
        return Form.STIM_01
    if SPACED_LINE.match(head):
        return Form.COUNTS
    if _DIGITS.match(head) or (len(head) == _HEAD and not head.strip(b"01")):
        return Form.STIM_01
    if b"\0" not in head and (_MARKED.search(head.split(b"\n", 1)[0]) or head.startswith(b'"')):
        return Form.CSV
    if width_known:
        return Form.STIM_B8
    raise InputError(_why_not(head))


def form_of_suffix(path: Path) -> Form:
    """The format that a file's name asks for. Raises `InputError` when it asks for none."""
    if path.name.lower().endswith(".runtime.json"):
        return Form.RUNTIME
    try:
        return _SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = ", ".join(_SUFFIXES)
        raise InputError(
            f"the name {path.name!r} does not say a format ({known}, .runtime.json, .safetensors); "
            "or say it with --to"
        ) from None


def read(path: Path, hints: Hints, form: Form | None = None) -> Shots | Distribution:
    """What a file in one of the formats holds. Raises `InputError`, naming it, when it cannot."""
    data = read_bytes(path)
    try:
        if form is None:
            data = _utf8(data, path.suffix)
            known = hints.width is not None
            form = recognise(data, path.suffix, width_known=known)
        _refuse_idle_hints(form, hints)
        value = _CODECS[form].read(data, hints)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except MemoryError:
        raise InputError(f"{path}: it does not fit into memory") from None
    return _named(value, path.name)


def write(shots: Shots, form: Form) -> bytes:
    """The bytes of a file in that format. Raises `InputError` for names that it cannot hold."""
    if form not in NAMELESS:
        check_names(shots.registers)
    return _CODECS[form].write(shots)


def _named(value: Shots | Distribution, name: str) -> Shots | Distribution:
    """The same data, with the file's name in their provenance."""
    provenance = {**value.provenance, "source": name}
    if isinstance(value, Distribution):
        return Distribution(
            probabilities=value.probabilities, registers=value.registers, provenance=provenance
        )
    return Shots(
        words=value.words, counts=value.counts, registers=value.registers, provenance=provenance
    )


def _utf8(data: bytes, suffix: str) -> bytes:
    """Text that is UTF-16, as spreadsheets write it, as UTF-8; anything else as it is."""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")) or suffix.lower() == ".b8":
        return data
    try:
        text = data.decode("utf-16").encode()
        recognise(text, suffix)
    except (UnicodeError, InputError):
        return data
    return text


def _refuse_idle_hints(form: Form, hints: Hints) -> None:
    """Raise `InputError` for what a format has no use for: told in vain, it would mislead."""
    if form is not Form.CSV and hints.columns is not None:
        raise InputError(f"--columns goes with csv, and this is {form}")
    if form not in (Form.CSV, Form.COUNTS) and (hints.bit0 or hints.shots) is not None:
        raise InputError(f"{form} says its bits and counts; leave out --bit0 and --shots")


def _read_counts(data: bytes, hints: Hints) -> Shots | Distribution:
    if count_text.CUDAQ.match(data):
        return count_text.read_cudaq(data, hints)
    if count_text.SPACED_LINE.match(data):
        return count_text.read_spaced(data, hints)
    value = parse_json(data)
    if isinstance(value, str):  # JSON that was saved as a JSON string
        value = parse_json(value.encode(errors="replace"))
    if is_runtime(value):
        return read_runtime(value, hints)
    reader = vendor_reader(value) or read_counts
    return reader(value, hints)


def _why_not(head: bytes) -> str:
    if not head.strip():
        return "the file is empty"
    if _PICKLE.match(head):
        return "this is a Python pickle, which can run code and is never loaded"
    return (
        "this is neither a qdiff file nor counts as JSON, a runtime job, Stim 01, npz, csv or "
        "Parquet; Stim b8 needs --bits"
    )


_CODECS: Mapping[Form, _Codec] = {
    Form.COUNTS: _Codec(read=_read_counts, write=write_counts),
    Form.RUNTIME: _Codec(read=_read_counts, write=write_runtime),
    Form.STIM_01: _Codec(read=stim_files.read_01, write=stim_files.write_01),
    Form.STIM_B8: _Codec(read=stim_files.read_b8, write=stim_files.write_b8),
    Form.NPZ: _Codec(read=npz_file.read_npz, write=npz_file.write_npz),
    Form.CSV: _Codec(read=csv_file.read_csv, write=csv_file.write_csv),
    Form.PARQUET: _Codec(read=parquet_file.read_parquet, write=parquet_file.write_parquet),
}
