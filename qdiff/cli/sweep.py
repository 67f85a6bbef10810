"""``sweep``: many circuits, noises, numbers of shots and seeds, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qdiff.cli import console
from qdiff.cli.options import ExecutorOption, JsonOption, StoreOption, WorkersOption


def sweep(
    plan: Annotated[Path, typer.Argument(help="A TOML file: circuits, noise, shots, seeds.")],
    out: Annotated[Path | None, typer.Option(help="Folder; runs/<plan> if not given.")] = None,
    store: StoreOption = None,
    executor: ExecutorOption = "local",
    workers: WorkersOption = None,
    json: JsonOption = False,
) -> None:
    """Simulate, fit and compare every cell of a plan; may be stopped, and enlarged, at any time.

    Example: qdiff sweep sweep.toml --out runs/sweep
    """
    from qdiff.executors.by_name import engine_named
    from qdiff.sweeps.sweep import sweep as swept
    from qdiff.sweeps.sweep_plan import SweepPlan

    folder = Path("runs") / plan.stem if out is None else out
    found = swept(
        SweepPlan.load(plan),
        folder,
        store=store,
        executor=engine_named(executor, workers, folder=folder),
        progress=console.interactive(json),
    )
    if json:
        console.print_json({"measured": found.measured, "records": found.to_records()})
        return
    failed = [record for record in found.records if record.get("error")]
    console.show(f"{len(found.records):,} cells, {found.measured:,} of them measured now")
    for record in failed[:3]:
        console.say(f"{record['circuit']}, {record['noise']}: {record['error']}")
    if failed:
        console.say(f"{len(failed):,} cells could not be measured: the column 'error' says why")
    console.show("; ".join(str(path) for path in found.files))
