"""One measured cell a file, under the hash of all that decides it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qdiff.data.output import write_text
from qdiff.errors import InputError

SUFFIX = ".json"


def write_cell(folder: Path, found: dict[str, Any]) -> None:
    """Write what `Cell.measure` gave, whole or not at all."""
    text = json.dumps(found, indent=1, allow_nan=False) + "\n"
    write_text(folder / f"{found['record']['cell']}{SUFFIX}", text, force=True)


def remove_cell(folder: Path, key: str) -> None:
    """Remove a cell's file where there is one. Raises `InputError` where that cannot be."""
    path = folder / f"{key}{SUFFIX}"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot remove {path}: {error.strerror or error}") from None


def read_cell(path: Path) -> dict[str, Any] | None:
    """A cell's record; None where there is none, or the file is not whole or another cell's."""
    try:
        record = json.loads(path.read_text())["record"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return record if isinstance(record, dict) and record.get("cell") == path.stem else None


def is_measured(folder: Path, key: str) -> bool:
    """Whether a cell need not be measured: it was, and could be."""
    record = read_cell(folder / f"{key}{SUFFIX}")
    return record is not None and not record.get("error")


def read_cells(folder: Path) -> list[dict[str, Any]]:
    """The records of all cells in a folder, sorted by what they are of."""
    found = [read_cell(path) for path in folder.glob(f"*{SUFFIX}")]
    return sorted((record for record in found if record is not None), key=_place)


def _place(record: dict[str, Any]) -> tuple[Any, ...]:
    names = ("circuit", "noise", "effort", "versions", "cell")
    circuit, noise, *rest = (str(record.get(name)) for name in names)
    numbers = [record.get(name) or 0 for name in ("shots", "told", "seed")]
    return circuit, noise, *(int(number) for number in numbers), *rest
