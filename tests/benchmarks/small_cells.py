"""What the tests of the frame measure, importable by its processes and quick to import."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]


def drawn(cell: Row) -> Row:
    """A number that the cell alone decides; the file ``FRAME_LOG`` gets a line each time."""
    if "FRAME_LOG" in os.environ:
        with Path(os.environ["FRAME_LOG"]).open("a") as log:
            log.write(f"{cell['seed']}\n")
    return {"value": float(np.random.default_rng(cell["seed"]).random())}


def two_rows(cell: Row) -> list[Row]:
    return [{"steps": steps, "value": cell["seed"] * steps} for steps in (1, 2)]


def killing(cell: Row) -> Row:
    """The second cell ends the run that it belongs to, at once and without notice."""
    if cell["seed"] == 2:
        os.kill(os.getppid(), signal.SIGKILL)
    return drawn(cell)


def failing(cell: Row) -> Row:
    if cell["seed"] == 2:
        raise ArithmeticError("the second cell")
    return drawn(cell)


def renewed(row: Row) -> Row:
    return row | {"value": -row["value"]}
