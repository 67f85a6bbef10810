"""`PlannedCell`: a cell in the words of its plan, whether or not there is anything to simulate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from qdiff.errors import InputError
from qdiff.store.shot_job import hash_of
from qdiff.sweeps.cell import Cell, versions_text


@dataclass(frozen=True, kw_only=True)
class PlannedCell:
    """What a plan says of a cell: names of a circuit and a noise, not what they stand for."""

    circuit: str
    noise: str
    shots: int
    seed: int
    told: bool
    effort: str
    batch: int

    @cached_property
    def key(self) -> str:
        """SHA-256 of the words alone: whatever the files hold, and whichever version reads them."""
        return hash_of({"planned": asdict(self)})

    def refusal(self, reason: str) -> dict[str, Any]:
        """What a cell's file says where the cell has no shots."""
        words = asdict(self)
        del words["batch"]
        unknown = dict.fromkeys(("qubits", "bits", "distinct"))
        found = {"versions": versions_text(), "error": reason}
        return {"record": {"cell": self.key, **words, **unknown, **found}, "metrics": {}}


@dataclass(frozen=True, kw_only=True)
class PlannedCells:
    """The cells of a plan: those whose circuit and noise could be read, and why others could not.

    Two that are planned may be one cell, such as a family and a file of the same circuit.
    """

    read: Mapping[PlannedCell, Cell]
    refused: Mapping[PlannedCell, str]

    def distinct(self) -> list[Cell]:
        return list({cell.key: cell for cell in self.read.values()}.values())

    def with_refused(self, jobs: Mapping[str, str], cells: list[Cell]) -> PlannedCells:
        """The same where, of these cells, those of some jobs (by key) could not be simulated."""
        keys = {cell.key for cell in cells if cell.job.key in jobs}
        refused = {
            planned: jobs[cell.job.key] for planned, cell in self.read.items() if cell.key in keys
        }
        read = {planned: cell for planned, cell in self.read.items() if planned not in refused}
        return PlannedCells(read=read, refused={**self.refused, **refused})

    def check_any(self) -> None:
        """Raise `InputError` with the first reason where no cell is left."""
        if not self.read:
            raise InputError(next(iter(self.refused.values())))
