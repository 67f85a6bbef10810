"""Tables of text: a column a register, Qiskit's digits (bit 0 rightmost), and one of counts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data import count_keys
from qdiff.data.count_keys import MAX_BITS
from qdiff.data.counts import as_counts
from qdiff.data.distribution import Distribution
from qdiff.data.registers import Register, default_registers, width_of
from qdiff.data.shots import Shots
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError
from qdiff.files.bit_arrays import by_register
from qdiff.files.counts_json import read_keyed
from qdiff.files.csv_columns import (
    COUNT_COLUMNS,
    INDEX_COLUMNS,
    KEY_COLUMNS,
    PROBABILITY_COLUMNS,
    Columns,
    is_header,
    named_columns,
    nameless_columns,
)
from qdiff.files.hints import Hints
from qdiff.files.key_styles import facing, qiskit_keys
from qdiff.files.limits import PORTION_CELLS, check_size
from qdiff.files.register_names import escaped
from qdiff.files.weights import number

_COUNT = "count"
_SPECIAL = (*KEY_COLUMNS, *COUNT_COLUMNS, *PROBABILITY_COLUMNS, *INDEX_COLUMNS)
_QUOTED = re.compile(r'"[^"]*+"')
_ROWS_LOOKED_AT = 10_000
"""Of a csv without a header, to tell keys from counts."""

_MAX_LINE = 4 * MAX_BITS
"""Characters: a row has at most as many bits as a shot may have, a comma or quotes around each."""


def write_csv(shots: Shots) -> bytes:
    """A header of register names, bit 0's register first, and ``count``; one line a string.

    A name that could be taken for something else is written as ``register:<name>``.
    """
    columns = columns_of(shots)
    file = io.StringIO(newline="")
    header = [*(escaped(name, _SPECIAL) for name in columns), _COUNT]
    # quoted throughout where there is need: the csv module leaves a carriage return as it is
    plain = header[:-1] == [*columns]
    writer = csv.writer(file, lineterminator="\n")
    (writer if plain else csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")).writerow(
        header
    )
    writer.writerows(zip(*columns.values(), shots.counts.tolist(), strict=True))
    return file.getvalue().encode()


def read_csv(data: bytes, hints: Hints) -> Shots | Distribution:
    """Shots from what `write_csv` wrote, or a table of another program (`csv_columns`).

    Columns are parted by commas, semicolons or tabs. Raises `InputError` for anything else, and
    where more than one meaning is possible.
    """
    try:
        return _read(_rows(data), hints)
    except (UnicodeDecodeError, csv.Error):
        raise InputError("this is no table of text (csv)") from None


def columns_of(shots: Shots) -> dict[str, list[str]]:
    """The digits of each register, by its name, row by row of the distinct strings."""
    return {
        name: count_keys.format_keys(bitorder.pack(rows), [Register(name, rows.shape[1])])
        for name, rows in by_register(shots, shots.bits).items()
    }


class ColumnTally:
    """Adds up portions of what `columns_of` gives, and makes shots of them."""

    def __init__(self, names: Sequence[str]) -> None:
        if len(set(names)) != len(names):
            raise InputError("two columns have one name; rename one, each is a register")
        self._names = names
        self._registers: list[Register] = []
        self._tally = StreamingCounts(1)
        self._rows = 0

    def add(self, columns: Sequence[Sequence[str]], counts: Sequence[int]) -> None:
        """Raises `InputError` for digits that are not 0 and 1 of one length a register."""
        tables = []
        for name, column in zip(self._names, columns, strict=True):
            check_size(len(column), max(map(len, column)))
            words, sizes = count_keys.parse_keys(column)
            if len(sizes) != 1:
                raise InputError(f"register {name[:80]!r} has spaces in its digits")
            tables.append(bitorder.unpack(words, sizes[0]))
        registers = [Register(n, t.shape[1]) for n, t in zip(self._names, tables, strict=True)]
        if not self._registers:
            self._registers = registers
            self._tally = StreamingCounts(width_of(registers))
        if registers != self._registers:
            raise InputError("a register has digits of different lengths")
        self._rows += len(counts)
        check_size(self._rows, width_of(registers))
        self._tally.add(np.concatenate(tables, axis=1), as_counts(counts))

    def shots(self, hints: Hints) -> Shots:
        """Registers are those of the columns, unless `hints` tell of others."""
        registers = self._registers
        if not registers:
            raise InputError("the csv has no shots")
        if hints.width is not None:
            registers = [*hints.registers_for(width_of(registers))]
        return Shots.from_words(*self._tally.total(), registers=registers)


def _read(lines: Iterator[list[str]], hints: Hints) -> Shots | Distribution:
    first = next(lines, None)
    if first is None:
        raise InputError("the csv has no shots")
    if is_header(first):
        columns, body = named_columns(first, hints), lines
    elif hints.columns is not None:
        raise InputError("--columns needs a csv with a header")
    else:
        seen = [first, *islice(lines, _ROWS_LOOKED_AT)]
        columns, body = _nameless(seen, hints), chain(seen, lines)
    portions = _portions(body, len(first))
    if not columns.whole:
        return _from_registers(portions, columns, hints)
    weighed = columns.weight is not None and is_header(first)
    if weighed and first[columns.weight or 0].strip().lower() in PROBABILITY_COLUMNS:
        return _from_probabilities(portions, columns, hints)
    return _from_keys(portions, columns, hints)


def _nameless(rows: list[list[str]], hints: Hints) -> Columns:
    """What the columns of a csv without a header mean, by its first rows."""
    if any(len(row) != len(rows[0]) for row in rows):
        raise InputError(f"the lines of the csv do not all have {len(rows[0])} columns")
    if len(rows[0]) == 1:
        facing([], hints, "columns without a name")
        return Columns(bits=(0,), weight=None, whole=True)
    return nameless_columns(rows[0], rows, hints.width)


def _rows(data: bytes) -> Iterator[list[str]]:
    """The rows that are not blank. A line beyond any shot's is not even split."""

    def bounded(text: io.TextIOWrapper) -> Iterator[str]:
        while line := text.readline(_MAX_LINE + 1):
            if len(line) > _MAX_LINE:
                raise InputError(f"a line of the csv is longer than {_MAX_LINE} characters")
            yield line

    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    lines = bounded(text)
    first = next(lines, "")
    return (row for row in csv.reader(chain([first], lines), delimiter=_delimiter(first)) if row)


def _delimiter(line: str) -> str:
    """What stands between columns: a comma where the first line has one, outside of quotes."""
    bare = _QUOTED.sub("", line)
    return next((mark for mark in ",;\t" if mark in bare), ",")


def _portions(lines: Iterator[list[str]], width: int) -> Iterator[list[list[str]]]:
    """Runs of rows of one width, as many as can be held."""
    while start := [*islice(lines, 1)]:
        cells = sum(map(len, start[0])) + 1
        portion = [*start, *islice(lines, min(PORTION_CELLS // 8 // cells, 1 << 16))]
        if any(len(line) != width for line in portion):
            raise InputError(f"the lines of the csv do not all have {width} columns")
        yield portion


def _from_registers(portions: Iterator[list[list[str]]], columns: Columns, hints: Hints) -> Shots:
    """Shots of a column a register, or a bit of one register."""
    if hints.bit0 is not None:
        raise InputError("--bit0 goes with whole keys; --columns names registers, bit 0's first")
    places = columns.bits
    tally = ColumnTally(columns.names or [str(place) for place in range(len(places))])
    for portion in portions:
        digits = [[row[place].strip() for row in portion] for place in places]
        tally.add(digits, _counts(portion, columns))
    if not columns.names and hints.width is None:
        hints = Hints(num_bits=len(places))
    return tally.shots(hints)


def _from_probabilities(
    portions: Iterator[list[list[str]]], columns: Columns, hints: Hints
) -> Shots | Distribution:
    """A distribution, or shots of known number, where that is asked for."""
    if not hints.project and hints.shots is None:
        raise InputError(
            "the csv holds probabilities, which are no counts; --project gives a distribution, "
            "and --shots the counts"
        )
    weights: dict[str, str] = {}
    for row in chain.from_iterable(portions):
        key = row[columns.bits[0]].strip()
        if key in weights:
            raise InputError("a key occurs twice")
        weights[key] = row[columns.weight or 0]
    return read_keyed(weights, hints)


def _from_keys(portions: Iterator[list[list[str]]], columns: Columns, hints: Hints) -> Shots:
    """Shots of whole count keys, with counts or one a row."""
    tally: StreamingCounts | None = None
    sizes: list[int] = []
    seen = 0
    for portion in portions:
        keys = [row[columns.bits[0]].strip() for row in portion]
        check_size(len(keys), max(1, *map(len, keys)))
        words, own = count_keys.parse(qiskit_keys(keys, hints), hints.width)
        if tally is None:
            tally, sizes = StreamingCounts(sum(own)), own
        if own != sizes:
            raise InputError("the keys of the csv differ in length or spacing")
        seen += len(keys)
        check_size(seen, sum(sizes))
        tally.add_words(words, as_counts(_counts(portion, columns)))
    if tally is None:
        raise InputError("the csv has no shots")
    plain = hints.width is None
    registers = default_registers(sizes) if plain else hints.registers_for(sum(sizes))
    return Shots.from_words(*tally.total(), registers=registers)


def _counts(portion: list[list[str]], columns: Columns) -> list[int]:
    if columns.weight is None:
        return [1] * len(portion)
    return [_count(row[columns.weight]) for row in portion]


def _count(text: str) -> int:
    found = number(text)
    if isinstance(found, float) and not found.is_integer():
        raise InputError(f"counts must be whole numbers, got {text[:40]!r}")
    return int(found)
