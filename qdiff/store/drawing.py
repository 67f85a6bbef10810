"""Batches of jobs in a store's folder: drawn where they are missing, read, and pooled."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from operator import methodcaller
from pathlib import Path
from typing import Any

from qdiff.data.argument_checks import check_flag, check_is
from qdiff.data.output import folder_for, remove_unfinished, write_text
from qdiff.data.shots import Shots
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError, StoreWarning
from qdiff.executors.completed import completed
from qdiff.executors.engine import Engine
from qdiff.executors.this_process import ThisProcess
from qdiff.noise.attach import attach_noise
from qdiff.progress import progress_bar
from qdiff.store.batch_files import read_batch, write_batch
from qdiff.store.shot_job import Batch, Drawing, ShotJob

SHOTS = "shots"
"""The folder of a store that has one for each job."""

INDEX = "job.json"
"""What a job's folder says of the job."""


def draw_jobs(
    folder: Path,
    wanted: Iterable[tuple[ShotJob, Sequence[Batch]]],
    *,
    executor: Engine | None = None,
    progress: bool = False,
    refused: dict[str, str] | None = None,
) -> int:
    """Draw what is missing of these batches of several jobs, and say how many shots that were.

    Where `refused` is given, a job that cannot be simulated stops no other: its key and the reason
    are put there. Raises `InputError` as `draw` does for what is left.
    """
    engine = ThisProcess() if executor is None else check_is(executor, Engine, "executor")
    check_flag(progress, "progress")
    wanted = list(wanted)
    places = {job.key: _prepared(folder, job) for job, _ in wanted}
    missing = [
        (job, batch) for job, batches in wanted for batch in _without(batches, places[job.key])
    ]
    there = sum(len(batches) for _, batches in wanted) - len(missing)
    for job in {id(job): job for job, _ in missing}.values():
        _check(job, refused)
    skipped: Mapping[str, str] = {} if refused is None else refused
    tasks = (_drawing(job, batch) for job, batch in missing if job.key not in skipped)
    work = "draw" if refused is None else "tried"
    done = 0
    with progress_bar("simulate", there + len(missing), shown=progress) as tick:
        for _ in range(there):
            tick()
        with closing(completed(engine, methodcaller(work), tasks)) as drawn:
            for drawing, shots in drawn:
                if refused is not None and isinstance(shots, InputError):
                    refused[drawing.key] = str(shots)
                    continue
                path = places[drawing.key] / drawing.batch.name
                write_batch(path, drawing.key, drawing.batch, shots)
                done += drawing.batch.shots
                tick()
    for place in places.values():
        remove_unfinished(place)
    return done


def _check(job: ShotJob, refused: dict[str, str] | None) -> None:
    """Noise that does not fit is refused and warned of here, once, and not in workers."""
    try:
        attach_noise(job.circuit, job.noise)
    except InputError as error:
        if refused is None:
            raise
        refused[job.key] = str(error)


def pooled(folder: Path, job: ShotJob, shots: int) -> Shots:
    """So many shots of a job, of which all batches are there."""
    batches = job.batches(shots)
    first = sound(folder, job, batches[0])
    tally = StreamingCounts(first.num_bits)
    tally.add_words(first.words, first.counts)
    for batch in batches[1:]:
        part = sound(folder, job, batch)
        tally.add_words(part.words, part.counts)
    words, counts = tally.total()
    record = {**job.record, "job": job.key, "batch": job.batch, "batches": len(batches)}
    how = {name: first.provenance[name] for name in ("method", "why")}
    return replace(first, words=words, counts=counts, provenance={**record, **how})


def _prepared(folder: Path, job: ShotJob) -> Path:
    """The folder of a job, with its index and without what a killed run left."""
    place = folder_for(_place(folder, job))
    remove_unfinished(place)
    _write_index(place / INDEX, job)
    return place


def _place(folder: Path, job: ShotJob) -> Path:
    return folder / SHOTS / job.key


def sound(folder: Path, job: ShotJob, batch: Batch) -> Shots:
    """A batch from its file, drawn again where that is damaged."""
    path = _place(folder, job) / batch.name
    try:
        return read_batch(path, job.key, batch)
    except InputError as error:
        warnings.warn(f"a batch is drawn again: {error}", StoreWarning, stacklevel=4)
    shots = _drawing(job, batch).draw()
    write_batch(path, job.key, batch, shots)
    return read_batch(path, job.key, batch)


def _without(batches: Sequence[Batch], place: Path) -> list[Batch]:
    """Those that are not in a folder."""
    there = {entry.name for entry in os.scandir(place)}
    return [batch for batch in batches if batch.name not in there]


def _drawing(job: ShotJob, batch: Batch) -> Drawing:
    return Drawing(key=job.key, circuit=job.circuit, noise=job.noise, seed=job.seed, batch=batch)


def _write_index(path: Path, job: ShotJob) -> None:
    if not index_in(path):
        index = {"job": job.key, "batch": job.batch, **job.record}
        write_text(path, json.dumps(index, indent=1) + "\n", force=True)


def index_in(path: Path) -> dict[str, Any]:
    """What a job's index says; nothing where there is none, or it is damaged."""
    try:
        found = json.loads(path.read_text(), parse_constant=_no_number)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _no_number(text: str) -> None:
    raise ValueError(text)
