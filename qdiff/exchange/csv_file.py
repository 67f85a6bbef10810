"""Tables of text: a column a register, Qiskit's digits (bit 0 rightmost), and a last of counts."""

from __future__ import annotations

import csv
import io

import numpy as np

from qdiff import bits as bitorder
from qdiff.bits import Register
from qdiff.errors import InputError
from qdiff.exchange.bit_arrays import by_register
from qdiff.exchange.hints import Hints
from qdiff.exchange.limits import check_size
from qdiff.shots import Shots, default_registers

_WORDS_FOR_KEY = ("bitstring", "bits", "key", "outcome", "string", "counts_key")


def columns_of(shots: Shots) -> dict[str, list[str]]:
    """The digits of each register, by its name, row by row of the distinct strings."""
    return {
        name: bitorder.format_keys(bitorder.pack(rows), [Register(name, rows.shape[1])])
        for name, rows in by_register(shots, shots.bits).items()
    }


def shots_of_columns(names: list[str], columns: list[list[str]], counts: list[int]) -> Shots:
    """Undo `columns_of`. Raises `InputError` for digits that are not 0 and 1 of one length."""
    tables = []
    for name, column in zip(names, columns, strict=True):
        widest = max(map(len, column))
        check_size(len(column), widest)
        words, sizes = bitorder.parse_keys(column)
        if len(sizes) != 1:
            raise InputError(f"register {name!r} has spaces in its digits")
        tables.append(bitorder.unpack(words, sizes[0]))
    registers = [Register(n, table.shape[1]) for n, table in zip(names, tables, strict=True)]
    return Shots.from_bits(np.concatenate(tables, axis=1), counts, registers=registers)


def write_csv(shots: Shots) -> bytes:
    """A header of register names, bit 0's register first, and ``count``; one line a string."""
    columns = columns_of(shots)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*columns, "count"])
    writer.writerows(zip(*columns.values(), shots.counts.tolist(), strict=True))
    return file.getvalue().encode()


def read_csv(data: bytes, hints: Hints) -> Shots:
    """Shots from what `write_csv` wrote, or from two columns of keys and counts.

    A first column called ``bitstring``, ``bits``, ``key`` or the like, or a table of two columns
    without a header, holds whole count keys, maybe with spaces between registers.

    Raises `InputError` for anything else.
    """
    try:
        lines = [line for line in csv.reader(io.StringIO(data.decode("utf-8-sig"))) if line]
    except (UnicodeDecodeError, csv.Error):
        raise InputError("this is no table of text (csv)") from None
    width = len(lines[0]) if lines else 0
    if width < 2 or any(len(line) != width for line in lines):
        raise InputError("a csv of shots has two or more columns: registers, then counts")
    headed = not lines[0][-1].strip().isdigit()
    header, body = (lines[0], lines[1:]) if headed else (["key", "count"], lines)
    if not body:
        raise InputError("the csv has no shots")
    counts = [_count(line[-1]) for line in body]
    if width == 2 and header[0].strip().lower() in _WORDS_FOR_KEY:
        return _from_keys([line[0].strip() for line in body], counts, hints)
    if not headed:
        raise InputError("a csv with several registers needs a header with their names")
    columns = [[line[place] for line in body] for place in range(width - 1)]
    shots = shots_of_columns(header[:-1], columns, counts)
    if hints.registers is None and hints.num_bits is None:
        return shots
    return Shots.from_words(
        shots.words, shots.counts, registers=hints.registers_for(shots.num_bits)
    )


def _from_keys(keys: list[str], counts: list[int], hints: Hints) -> Shots:
    check_size(len(keys), max(1, *map(len, keys)))
    if all(key[:2] in ("0x", "0X") for key in keys):
        width = hints.width
        if width is None:
            raise InputError("hexadecimal keys do not say how many bits a shot has; give --bits")
        check_size(len(keys), width)
        words = bitorder.parse_hex(keys, width)
        registers = hints.registers_for(width)
    else:
        words, sizes = bitorder.parse_keys(keys)
        plain = hints.registers is None and hints.num_bits is None
        registers = default_registers(sizes) if plain else hints.registers_for(sum(sizes))
    return Shots.from_words(words, counts, registers=registers)


def _count(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError(f"counts must be whole numbers, got {text[:40]!r}") from None
