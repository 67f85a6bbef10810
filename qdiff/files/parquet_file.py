"""Parquet, through pyarrow: the columns of a csv, typed and compressed."""

from __future__ import annotations

import io
from typing import Any

from qdiff.data.count_keys import MAX_BITS
from qdiff.data.shots import Shots
from qdiff.environment import needed
from qdiff.errors import InputError
from qdiff.files.csv_file import ColumnTally, columns_of
from qdiff.files.hints import Hints
from qdiff.files.limits import MAX_ENTRIES, MAX_HELD_BYTES

_COUNT = "count"

_BATCH_ROWS = 1 << 12
_EMPTY = "the Parquet file has empty cells"


def read_parquet(data: bytes, hints: Hints) -> Shots:
    """Shots from a column of text a register, bit 0's first, and one called ``count``.

    Raises `InputError` for anything else, and when pyarrow is not there.
    """
    pyarrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    compute = needed("pyarrow.compute")
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        declared = [file.metadata.row_group(i).total_byte_size for i in range(file.num_row_groups)]
        if sum(declared) > MAX_HELD_BYTES or file.metadata.num_rows > MAX_ENTRIES:
            raise InputError("the Parquet file declares more data than can be held")
        schema = file.schema_arrow
        names = [name for name in schema.names if name != _COUNT]
        if not names or _COUNT not in schema.names or not file.metadata.num_rows:
            raise InputError("a Parquet file of shots has registers and a column 'count', and rows")
        _check_types(pyarrow, schema, names)
        tally = ColumnTally(names)
        # repeated text takes no room in a file: it is not written out before its length is known
        file = parquet.ParquetFile(io.BytesIO(data), read_dictionary=names)
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            columns = [_texts(pyarrow, compute, batch.column(name)) for name in names]
            counts = batch.column(_COUNT).to_pylist()
            if None in counts:
                raise InputError(_EMPTY)
            tally.add(columns, counts)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("the Parquet file is damaged") from None
    return tally.shots(hints)


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


def _texts(pyarrow: Any, compute: Any, column: Any) -> list[str]:
    """The text of each row. Raises `InputError` where it is missing, or longer than any shot."""
    if column.null_count:
        raise InputError(_EMPTY)
    longest = compute.max(compute.binary_length(column.dictionary)).as_py() or 0
    if longest > MAX_BITS:
        raise InputError(f"{longest} bits a shot are out of range (1 to {MAX_BITS})")
    texts: list[str] = column.cast(pyarrow.large_string()).to_pylist()
    return texts


def _check_types(pyarrow: Any, schema: Any, names: list[str]) -> None:
    text = (pyarrow.string(), pyarrow.large_string())
    if any(schema.field(name).type not in text for name in names):
        raise InputError("the registers of a Parquet file of shots are columns of text")
    if not pyarrow.types.is_integer(schema.field(_COUNT).type):
        raise InputError("the column 'count' of a Parquet file must hold whole numbers")
