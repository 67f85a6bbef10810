"""Parquet, through pyarrow: the columns of a csv, typed and compressed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from qdiff.errors import InputError
from qdiff.exchange.csv_file import columns_of, shots_of_columns
from qdiff.exchange.hints import Hints
from qdiff.exchange.limits import MAX_ENTRIES, MAX_UNPACKED_BYTES
from qdiff.extras import needed
from qdiff.shots import Shots

_COUNT = "count"

_MAX_HELD_BYTES = MAX_UNPACKED_BYTES // 4
"""As text in Python it takes several times as much."""


def read_parquet(data: bytes, hints: Hints) -> Shots:
    """Shots from a column of text a register, bit 0's first, and one called ``count``.

    Raises `InputError` for anything else, and when pyarrow is not there.
    """
    pyarrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        declared = [file.metadata.row_group(i).total_byte_size for i in range(file.num_row_groups)]
        if sum(declared) > MAX_UNPACKED_BYTES or file.metadata.num_rows > MAX_ENTRIES:
            raise InputError("the Parquet file declares more data than can be held")
        table = pyarrow.Table.from_batches(_bounded(file), schema=file.schema_arrow)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("the Parquet file is damaged") from None
    names = [name for name in table.column_names if name != _COUNT]
    if not names or _COUNT not in table.column_names or not table.num_rows:
        raise InputError("a Parquet file of shots has registers and a column 'count', and rows")
    _check_types(pyarrow, table, names)
    columns = [table.column(name).to_pylist() for name in names]
    counts = table.column(_COUNT).to_pylist()
    if any(None in column for column in [*columns, counts]):
        raise InputError("the Parquet file has empty cells")
    shots = shots_of_columns(names, columns, counts)
    if hints.width is None:
        return shots
    return Shots.from_words(
        shots.words, shots.counts, registers=hints.registers_for(shots.num_bits)
    )


def write_parquet(shots: Shots) -> bytes:
    """What `read_parquet` reads. Raises `InputError` when pyarrow is not there."""
    pyarrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    columns = columns_of(shots)
    if _COUNT in columns:
        raise InputError("a register called 'count' cannot be written as Parquet; rename it")
    table = pyarrow.table({**columns, _COUNT: shots.counts})
    file = io.BytesIO()
    parquet.write_table(table, file, compression="zstd")
    return file.getvalue()


def _bounded(file: Any) -> Iterator[Any]:
    """Batches of rows while they fit: what a file declares says nothing of repeated values."""
    held = 0
    for batch in file.iter_batches(batch_size=1 << 16):
        held += batch.nbytes
        if held > _MAX_HELD_BYTES:
            raise InputError("the Parquet file holds more data than can be read")
        yield batch


def _check_types(pyarrow: Any, table: Any, names: list[str]) -> None:
    text = (pyarrow.string(), pyarrow.large_string())
    if any(table.schema.field(name).type not in text for name in names):
        raise InputError("the registers of a Parquet file of shots are columns of text")
    if not pyarrow.types.is_integer(table.schema.field(_COUNT).type):
        raise InputError("the column 'count' of a Parquet file must hold whole numbers")
