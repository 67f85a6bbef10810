"""Tables of text: a column a register, Qiskit's digits (bit 0 rightmost), and a last of counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data.bits import Register
from qdiff.data.shots import Shots, as_counts, default_registers
from qdiff.data.streaming_counts import Tally
from qdiff.errors import InputError
from qdiff.files.bit_arrays import by_register
from qdiff.files.hints import Hints
from qdiff.files.limits import MAX_BITS, PORTION_CELLS, check_size
from qdiff.files.register_names import escaped, unescaped

KEY_COLUMNS = ("bitstring", "bits", "key", "outcome", "string", "counts_key")
"""Names of a first column of whole count keys, in other programs' tables."""

_COUNT = "count"
_MAX_LINE = 4 * MAX_BITS
"""Characters: a row has at most as many bits as a shot may have, a comma or quotes around each."""


def write_csv(shots: Shots) -> bytes:
    """A header of register names, bit 0's register first, and ``count``; one line a string.

    A name that could be taken for something else is written as ``register:<name>``.
    """
    columns = columns_of(shots)
    file = io.StringIO(newline="")
    header = [*(escaped(name, KEY_COLUMNS) for name in columns), _COUNT]
    # quoted throughout where there is need: the csv module leaves a carriage return as it is
    plain = header[:-1] == [*columns]
    writer = csv.writer(file, lineterminator="\n")
    (writer if plain else csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")).writerow(
        header
    )
    writer.writerows(zip(*columns.values(), shots.counts.tolist(), strict=True))
    return file.getvalue().encode()


def read_csv(data: bytes, hints: Hints) -> Shots:
    """Shots from what `write_csv` wrote, or from two columns of keys and counts.

    A first column called ``bitstring``, ``bits``, ``key`` or the like, or a table of two columns
    without a header, holds whole count keys, maybe with spaces between registers.

    Raises `InputError` for anything else.
    """
    try:
        return _read(_lines(data), hints)
    except (UnicodeDecodeError, csv.Error):
        raise InputError("this is no table of text (csv)") from None


def columns_of(shots: Shots) -> dict[str, list[str]]:
    """The digits of each register, by its name, row by row of the distinct strings."""
    return {
        name: bitorder.format_keys(bitorder.pack(rows), [Register(name, rows.shape[1])])
        for name, rows in by_register(shots, shots.bits).items()
    }


class ColumnTally:
    """Adds up portions of what `columns_of` gives, and makes shots of them."""

    def __init__(self, names: Sequence[str]) -> None:
        if len(set(names)) != len(names):
            raise InputError("two columns have one name; rename one, each is a register")
        self._names = names
        self._registers: list[Register] = []
        self._tally = Tally(1)
        self._rows = 0

    def add(self, columns: Sequence[Sequence[str]], counts: Sequence[int]) -> None:
        """Raises `InputError` for digits that are not 0 and 1 of one length a register."""
        tables = []
        for name, column in zip(self._names, columns, strict=True):
            check_size(len(column), max(map(len, column)))
            words, sizes = bitorder.parse_keys(column)
            if len(sizes) != 1:
                raise InputError(f"register {name[:80]!r} has spaces in its digits")
            tables.append(bitorder.unpack(words, sizes[0]))
        registers = [Register(n, t.shape[1]) for n, t in zip(self._names, tables, strict=True)]
        if not self._registers:
            self._registers = registers
            self._tally = Tally(sum(register.size for register in registers))
        if registers != self._registers:
            raise InputError("a register has digits of different lengths")
        self._rows += len(counts)
        check_size(self._rows, sum(register.size for register in registers))
        self._tally.add(np.concatenate(tables, axis=1), as_counts(counts))

    def shots(self, hints: Hints) -> Shots:
        """Registers are those of the columns, unless `hints` tell of others."""
        registers = self._registers
        if hints.width is not None:
            registers = [*hints.registers_for(sum(register.size for register in registers))]
        return Shots.from_words(*self._tally.total(), registers=registers)


def _read(lines: Iterator[list[str]], hints: Hints) -> Shots:
    first = next(lines, [])
    if len(first) < 2:
        raise InputError("a csv of shots has two or more columns: registers, then counts")
    headed = not first[-1].strip().isdigit()
    if headed and first[-1].strip().lower() != _COUNT and all(map(_are_bits, first[:-1])):
        raise InputError(
            f"the first row of the csv counts {first[-1][:80]!r} shots: a whole number is due"
        )
    if not headed and len(first) > 2:
        raise InputError("a csv with several registers needs a header with their names")
    whole_keys = len(first) == 2 and (not headed or first[0].strip().lower() in KEY_COLUMNS)
    body = lines if headed else _followed(first, lines)
    portions = _portions(body, len(first))
    if whole_keys:
        return _from_keys(portions, hints)
    tally = ColumnTally([unescaped(name) for name in first[:-1]])
    some = False
    for portion in portions:
        *columns, counts = zip(*portion, strict=True)
        tally.add(columns, [*map(_count, counts)])
        some = True
    if not some:
        raise InputError("the csv has no shots")
    return tally.shots(hints)


def _are_bits(text: str) -> bool:
    return bool(text.strip()) and set(text.strip()) <= {"0", "1", " "}


def _lines(data: bytes) -> Iterator[list[str]]:
    """The rows that are not blank. A line beyond any shot's is not even split."""

    def bounded(text: io.TextIOWrapper) -> Iterator[str]:
        while line := text.readline(_MAX_LINE + 1):
            if len(line) > _MAX_LINE:
                raise InputError(f"a line of the csv is longer than {_MAX_LINE} characters")
            yield line

    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    return (row for row in csv.reader(bounded(text)) if row)


def _followed(first: list[str], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rest


def _portions(lines: Iterator[list[str]], width: int) -> Iterator[list[list[str]]]:
    """Runs of rows of one width, as many as can be held."""
    while start := [*islice(lines, 1)]:
        cells = sum(map(len, start[0])) + 1
        portion = [*start, *islice(lines, min(PORTION_CELLS // 8 // cells, 1 << 16))]
        if any(len(line) != width for line in portion):
            raise InputError(f"the lines of the csv do not all have {width} columns")
        yield portion


def _from_keys(portions: Iterator[list[list[str]]], hints: Hints) -> Shots:
    """Shots of whole count keys, hexadecimal or binary, with counts."""
    tally: Tally | None = None
    sizes: list[int] = []
    seen = 0
    for portion in portions:
        keys, counts = [line[0].strip() for line in portion], [_count(line[1]) for line in portion]
        words, own = _words(keys, hints)
        if tally is None:
            tally, sizes = Tally(sum(own)), own
        if own != sizes:
            raise InputError("the keys of the csv differ in length or spacing")
        seen += len(keys)
        check_size(seen, sum(sizes))
        tally.add_words(words, as_counts(counts))
    if tally is None:
        raise InputError("the csv has no shots")
    plain = hints.width is None
    registers = default_registers(sizes) if plain else hints.registers_for(sum(sizes))
    return Shots.from_words(*tally.total(), registers=registers)


def _words(keys: list[str], hints: Hints) -> tuple[bitorder.Words, list[int]]:
    check_size(len(keys), max(1, *map(len, keys)))
    if all(key[:2] in ("0x", "0X") for key in keys):
        if hints.width is None:
            raise InputError("hexadecimal keys do not say how many bits a shot has; give --bits")
        return bitorder.parse_hex(keys, hints.width), [hints.width]
    return bitorder.parse_keys(keys)


def _count(text: str) -> int:
    try:
        if "_" not in text:  # Python's own way of grouping digits
            return int(text)
    except ValueError:
        pass
    raise InputError(f"counts must be whole numbers, got {text[:40]!r}")
