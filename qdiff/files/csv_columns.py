"""What the columns of a csv mean: by their names, or where exactly one meaning is possible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qdiff.errors import InputError
from qdiff.files.hints import Hints
from qdiff.files.register_names import unescaped

KEY_COLUMNS = ("bitstring", "bits", "key", "outcome", "state", "string", "counts_key")
"""Names of a column of whole count keys, in other programs' tables."""

COUNT_COLUMNS = ("count", "counts", "shots", "frequency")
PROBABILITY_COLUMNS = ("probability", "probabilities", "prob")
INDEX_COLUMNS = ("", "index", "shot", "unnamed: 0")
"""Names of a column that numbers the rows."""

_NUMBERED = re.compile(r"(\D*?)(\d+)")
_DATA = re.compile(r"\s*(?:[01 ]+|0[xX][0-9a-fA-F]+|[-+]?\d+(?:\.\d*)?|\|[01]+[>⟩])\s*")
"""A cell that is no name."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Places of the columns of a csv.

    Attributes
    ----------
    bits
        Of a column of whole keys if `whole`, else of one a register, bit 0's first.
    weight
        Of the counts, or the probabilities; None where each row is a shot.
    names
        The registers' names; none where the columns are the bits of one register.
    """

    bits: tuple[int, ...]
    weight: int | None
    whole: bool = False
    names: tuple[str, ...] = ()


def is_header(row: Sequence[str]) -> bool:
    """Whether a first row holds names, and not data alone."""
    return not all(_DATA.fullmatch(cell) for cell in row)


def named_columns(header: Sequence[str], hints: Hints) -> Columns:
    """What named columns mean. Raises `InputError`, with the readings, where that is open."""
    names = [name.strip().lower() for name in header]
    if hints.columns is not None:
        return _chosen(header, names, hints.columns)
    keys = [place for place, name in enumerate(names) if name in KEY_COLUMNS]
    weights = [i for i, name in enumerate(names) if name in COUNT_COLUMNS + PROBABILITY_COLUMNS]
    if len(keys) == 1:
        rest = {*range(len(names))} - {*keys, *weights}
        unknown = [header[place] for place in sorted(rest) if names[place] not in INDEX_COLUMNS]
        if unknown or len(weights) > 1:
            extra = unknown[0] if unknown else header[weights[0]]
            raise _open(f"the column {extra[:40]!r} beside {header[keys[0]]!r}")
        return Columns(bits=(keys[0],), weight=weights[0] if weights else None, whole=True)
    if len(keys) > 1:
        raise _open(f"the columns {header[keys[0]]!r} and {header[keys[1]]!r}: both may be keys")
    if weights:
        return _registers(header, names, weights)
    places = [place for place, name in enumerate(names) if name]
    if places and _are_numbered([names[place] for place in places]):
        return Columns(bits=tuple(places), weight=None)
    raise _open(f"the column {header[-1][:40]!r}: counts, or a register with one shot a row")


def nameless_columns(
    first: Sequence[str], rows: Sequence[Sequence[str]], width: int | None
) -> Columns:
    """What two columns without names mean: keys, and counts that cannot be keys.

    `rows` are the first of the file, and `width` bits a key, if known. Raises `InputError` where
    either may be the other.
    """
    if len(first) != 2:
        raise InputError("a csv with several registers needs a header with their names")
    left, right = ([row[place].strip() for row in rows] for place in (0, 1))
    binary = [all(set(cell) <= {*"01 "} for cell in column) for column in (left, right)]
    if all(binary) and not _are_counts(right, beside=left):
        raise _open("which of two columns of 0 and 1 holds counts, or that each row is a shot")
    if binary[1] and not binary[0] and not left[0].lower().startswith(("0x", "|")):
        whole = all(cell.isdecimal() and len(cell) < 19 for cell in left)
        if width is not None and whole and max(map(int, left)) >> width == 0:
            raise _open(f"two columns that may both be outcomes of {width} bits")
        return Columns(bits=(1,), weight=0, whole=True)
    return Columns(bits=(0,), weight=1, whole=True)


def _are_counts(column: Sequence[str], *, beside: Sequence[str]) -> bool:
    """Whether cells of 0 and 1 must be counts: not all as long as each other, or 1 beside keys."""
    lengths = [{*map(len, cells)} for cells in (column, beside)]
    if len(lengths[0]) > 1:
        return len(lengths[1]) == 1
    return {*column} == {"1"} and 1 not in lengths[1]


def _chosen(header: Sequence[str], names: list[str], columns: Sequence[str]) -> Columns:
    """The columns that the user named, and that of the counts if there is one."""
    wanted = [column.strip().lower() for column in columns]
    missing = [name for name in wanted if names.count(name) != 1]
    if missing or len({*wanted}) != len(wanted):
        raise InputError(f"--columns names {(missing or wanted)[0][:40]!r}, not once in the header")
    places = tuple(names.index(name) for name in wanted)
    weights = [
        place
        for place, name in enumerate(names)
        if name in COUNT_COLUMNS + PROBABILITY_COLUMNS and place not in places
    ]
    if len(weights) > 1:
        raise InputError(f"{header[weights[0]]!r} and {header[weights[1]]!r} may both be counts")
    weight = weights[0] if weights else None
    if len(places) == 1:
        return Columns(bits=places, weight=weight, whole=True)
    if _are_numbered(wanted):
        return Columns(bits=places, weight=weight)
    registers = tuple(unescaped(header[place]) for place in places)
    return Columns(bits=places, weight=weight, names=registers)


def _registers(header: Sequence[str], names: list[str], weights: list[int]) -> Columns:
    """A column a register, and one of counts: what qdiff writes."""
    last = len(names) - 1
    if len(weights) > 1 and names[last] != "count":
        raise _open(f"which of {header[weights[0]]!r} and {header[weights[1]]!r} holds counts")
    weight = last if last in weights else weights[0]
    places = tuple(i for i, name in enumerate(names) if i != weight and name)
    numbering = [header[place] for place in places if names[place] in INDEX_COLUMNS]
    if numbering:
        raise _open(f"the column {numbering[0]!r}: a register, or the numbers of the rows")
    if not places:
        raise InputError("the csv has counts, but no column of bits")
    registers = tuple(unescaped(header[place]) for place in places)
    return Columns(bits=places, weight=weight, names=registers)


def _are_numbered(names: Sequence[str]) -> bool:
    """Whether names are ``q0, q1, ...``, in order: the bits of one register."""
    found = [_NUMBERED.fullmatch(name) for name in names]
    stems = {match[1] for match in found if match}
    numbers = [int(match[2][:9]) for match in found if match]
    return len(stems) == 1 and numbers == [*range(len(names))]


def _open(what: str) -> InputError:
    return InputError(
        f"the csv does not say what it means by {what}; name the columns bitstring and count, "
        "or those of the bits with --columns"
    )
