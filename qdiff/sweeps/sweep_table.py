"""A sweep's records as CSV, as Parquet and as a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any

from qdiff.data.output import write_bytes, write_text
from qdiff.environment import __version__, needed
from qdiff.plotting.palette import style_sheet
from qdiff.report.html.markup import resource, scrolling
from qdiff.sweeps.cell import METRICS
from qdiff.tables import Cell, escape, html_table

Records = Sequence[dict[str, Any]]

_SHOWN = {
    "kl": "KL divergence",
    "total_variation": "total variation",
    "hellinger_fidelity": "Hellinger fidelity",
    "shot_multiplier": "shot multiplier",
}
_FLOATS = ("", "_of_the_shots", "_floor_low", "_floor_high")


def write_tables(folder: Path, records: Records) -> list[Path]:
    """Write ``table.csv``, ``table.parquet`` where pyarrow is there, and ``index.html``."""
    written = [folder / "table.csv", folder / "index.html"]
    write_text(written[0], to_csv(records), force=True)
    write_text(written[1], to_page(records), force=True)
    if find_spec("pyarrow") is not None:
        written.append(folder / "table.parquet")
        write_bytes(written[2], to_parquet(records), force=True)
    return written


def columns(records: Records) -> list[str]:
    """All names that a record has, those of the first one first."""
    return list(dict.fromkeys(name for record in records for name in record))


def to_csv(records: Records) -> str:
    """A line a cell; what is missing is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(records), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def to_parquet(records: Records) -> bytes:
    """The same with typed columns. Raises `InputError` where pyarrow is missing."""
    pyarrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    numbers = {"heldout_nats_per_shot", *(f"{name}{end}" for name in METRICS for end in _FLOATS)}
    found = {}
    for name in columns(records):
        values = [record.get(name) for record in records]
        if name in numbers:
            values = [None if value is None else float(value) for value in values]  # "inf" too
        found[name] = pyarrow.array(values, pyarrow.float64() if name in numbers else None)
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(found), file, compression="zstd")
    return file.getvalue()


def to_page(records: Records) -> str:
    """A page that needs no other file, with the numbers that matter most."""
    head = ("circuit", "noise", "shots", "seed", "fit", *_SHOWN.values(), "note")
    caption = (
        "Divergences in nats; in brackets what the raw shots score, and where 95 % of perfect "
        "samplers of as many shots lie"
    )
    table = html_table((_row(record) for record in records), head=head, caption=caption)
    title = f"qdiff: a sweep of {len(records):,} cells"
    return Template(resource("report.html")).substitute(
        title=escape(title),
        style=style_sheet() + resource("report.css"),
        switches="",
        body=scrolling("cells", table),
        version=escape(__version__),
    )


def _row(record: dict[str, Any]) -> list[Cell]:
    fit = "told the circuit" if record.get("told") else "from shots alone"
    named = [str(record.get(name)) for name in ("circuit", "noise")]
    numbers = [f"{record.get(name, 0):,}" for name in ("shots", "seed")]
    note = record.get("error") or record.get("note") or record.get("verdict") or ""
    return [*named, *numbers, fit, *(_cell(record, name) for name in _SHOWN), str(note)]


def _cell(record: dict[str, Any], name: str) -> Cell:
    value = record.get(name)
    if value is None:
        return "-"
    raw, low, high = (_text(record.get(f"{name}{end}")) for end in _FLOATS[1:])
    return _text(value), f"[{raw}; {low} to {high}]"


def _text(value: Any) -> str:
    return "-" if value is None else f"{float(value):.4g}"
