"""``simulate --store``: shots that are kept batch by batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qdiff.cli import console, results
from qdiff.cli.option_texts import part_of
from qdiff.errors import InputError


def simulate(
    folder: Path,
    job: dict[str, Any],
    *,
    batch: int | None,
    part: str | None,
    executor: str,
    workers: int | None,
    out: Path | None,
    force: bool,
    json: bool,
) -> None:
    """Draw what is missing of a job; pool its shots where there is an `out` for them."""
    from qdiff.executors.by_name import engine_named
    from qdiff.store.shot_job import BATCH
    from qdiff.store.shot_store import ShotStore

    if part is not None and out is not None:
        raise InputError(
            "--part draws some of the batches, of which no --out is made; leave out one"
        )
    store = ShotStore(folder)
    size = BATCH if batch is None else batch
    engine = engine_named(executor, workers, folder=folder)
    drawn = store.draw(
        **job,
        batch=size,
        part=(1, 1) if part is None else part_of(part),
        executor=engine,
        progress=console.interactive(json),
    )
    if out is not None:
        found = store.shots(**job, batch=size)
        results.save(found, out, force=force, as_json=json)
    elif json:
        console.print_json({"kind": "store", "drawn": drawn, "store": str(folder)})
    else:
        console.show(f"{drawn:,} shots drawn; those asked for are in {folder}")
