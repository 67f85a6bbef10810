"""`sweep`: many cells simulated, fitted and compared; what is there already is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import Any

from qdiff.data.argument_checks import check_flag, check_is
from qdiff.data.output import as_path, folder_for, remove_unfinished
from qdiff.executors.completed import completed
from qdiff.executors.engine import Engine
from qdiff.executors.this_process import ThisProcess
from qdiff.progress import progress_bar
from qdiff.store.drawing import draw_jobs, pooled
from qdiff.store.shot_job import Batch, ShotJob
from qdiff.store.shot_store import ShotStore
from qdiff.sweeps.cell import Cell, Measuring
from qdiff.sweeps.cell_files import is_measured, read_cells, remove_cell, write_cell
from qdiff.sweeps.planned_cell import PlannedCells
from qdiff.sweeps.sweep_plan import SweepPlan
from qdiff.sweeps.sweep_table import write_tables
from qdiff.tables import Tabular

_CELLS = "cells"


@dataclass(frozen=True, kw_only=True)
class Sweep(Tabular):
    """A sweep's table: a record a cell, of this plan and of earlier ones in the same folder.

    Attributes
    ----------
    records
        Sorted by circuit, noise, shots, whether told, and seed.
    measured
        How many cells were measured now.
    files
        The table as files, and a page.
    """

    records: Sequence[dict[str, Any]]
    measured: int
    files: Sequence[Path]

    def to_records(self) -> list[dict[str, Any]]:
        return [dict(record) for record in self.records]


def sweep(
    plan: SweepPlan,
    folder: str | Path,
    *,
    store: str | Path | None = None,
    executor: Engine | None = None,
    progress: bool = False,
) -> Sweep:
    """Simulate, fit and compare every cell of a plan, and put all into one table.

    Each cell's result is a small file in the folder, under the hash of all that decides it, and is
    not measured again; its shots are in the store. A sweep that was stopped, at whatever instant,
    goes on where it was and ends as if it had not been; a larger plan adds to what is there. Cells
    that cannot be read, simulated or fitted say why (``error``), and are tried again next time.

    Parameters
    ----------
    plan
        What to go through.
    folder
        Where the cells, ``table.csv``, ``table.parquet`` (where pyarrow is there) and
        ``index.html`` go; made if missing.
    store
        The folder of a `ShotStore`; one inside `folder` if None.
    executor
        Where shots are drawn and cells are fitted, see `ShotStore.shots`.

    Raises `InputError` where no cell can be read and simulated, and a folder not be written to.

    >>> import tempfile
    >>> plan = SweepPlan(circuits=["ghz:2"], noise=["light"], shots=[50], seeds=[1], effort="fast")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [sweep(plan, folder).measured for _ in range(2)]
    [1, 0]
    """
    check_is(plan, SweepPlan, "plan")
    check_flag(progress, "progress")
    engine = ThisProcess() if executor is None else check_is(executor, Engine, "executor")
    folder = as_path(folder, "folder")
    shots = ShotStore(folder / "store" if store is None else as_path(store, "store")).folder
    planned = plan.planned()
    place = folder_for(folder / _CELLS)
    for each in (folder, place):
        remove_unfinished(each)
    missing = [cell for cell in planned.distinct() if not is_measured(place, cell.key)]
    reasons: dict[str, str] = {}
    draw_jobs(shots, _wanted(missing), executor=engine, progress=progress, refused=reasons)
    planned = planned.with_refused(reasons, missing)
    planned.check_any()
    _keep_refusals(place, planned)
    missing = [cell for cell in missing if cell.job.key not in reasons]
    tasks = (Measuring(cell=each, shots=pooled(shots, each.job, each.shots)) for each in missing)
    with (
        progress_bar("fit", len(missing), shown=progress) as tick,
        closing(completed(engine, methodcaller("measure"), tasks)) as done,
    ):
        for _, found in done:
            write_cell(place, found)
            tick()
    remove_unfinished(place)
    records = read_cells(place)
    files = write_tables(folder, records)
    return Sweep(records=records, measured=len(missing), files=files)


def _keep_refusals(place: Path, planned: PlannedCells) -> None:
    """Those of this run; an earlier run's are gone for cells that have shots now."""
    for cell, reason in planned.refused.items():
        write_cell(place, cell.refusal(reason))
    for cell in planned.read:
        remove_cell(place, cell.key)


def _wanted(cells: Sequence[Cell]) -> Iterator[tuple[ShotJob, list[Batch]]]:
    """The batches of each job, those that several cells need once."""
    jobs: dict[str, tuple[ShotJob, dict[Batch, None]]] = {}
    for cell in cells:
        _, batches = jobs.setdefault(cell.job.key, (cell.job, {}))
        batches.update(dict.fromkeys(cell.job.batches(cell.shots)))
    return ((job, list(batches)) for job, batches in jobs.values())
