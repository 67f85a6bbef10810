"""`ShotStore`: shots of long simulations in a folder, batch by batch."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from operator import methodcaller
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit

from qdiff.circuit.loading import load_circuit
from qdiff.data.argument_checks import check_flag, check_is
from qdiff.data.output import as_path, folder_for, remove_unfinished, write_text
from qdiff.data.shots import Shots
from qdiff.data.streaming_counts import StreamingCounts
from qdiff.errors import InputError, StoreWarning
from qdiff.executors.completed import completed
from qdiff.executors.engine import Engine
from qdiff.executors.this_process import ThisProcess
from qdiff.noise.spec import NoiseSpec, as_spec
from qdiff.progress import progress_bar
from qdiff.store.batch_files import batch_named, read_batch, write_batch
from qdiff.store.merging import Merged, merge_folders
from qdiff.store.shot_job import BATCH, Batch, Drawing, ShotJob

_SHOTS = "shots"
_INDEX = "job.json"


class ShotStore:
    """A folder of shots, drawn in batches that are each a file of their own.

    Every batch is decided by circuit, noise, seed, size, its number and the versions in use, and is
    kept under the hash of these. What is there is never drawn again: a run that was stopped, at
    whatever instant, goes on where it was, and ends with the shots that it would have had; more
    shots of the same job begin where the earlier ones ended. Folders of several machines are merged
    by copying what is in one into the other.

    Parameters
    ----------
    folder
        Made when something is first written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = ShotStore(folder)
    ...     few = store.shots("ghz:2", shots=20, seed=1, batch=10)
    ...     more = store.shots("ghz:2", shots=30, seed=1, batch=10)  # ten are drawn
    ...     few.num_shots, more.num_shots, store.jobs()[0]["shots"]
    (20, 30, 30)
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = as_path(folder, "folder")
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"the folder {folder} of a store is a file; name another")

    def shots(
        self,
        circuit: str | Path | QuantumCircuit,
        noise: NoiseSpec | str | None = None,
        *,
        shots: int = 10_000,
        seed: int = 0,
        batch: int = BATCH,
        executor: Engine | None = None,
        progress: bool = False,
    ) -> Shots:
        """The shots of a job, drawn where they are missing, and pooled.

        Memory grows with the number of distinct strings, not with that of shots.

        Parameters
        ----------
        circuit, noise
            As `qdiff.simulate` takes them, but no noise model of Aer's.
        shots, seed
            How many; and a whole number that decides them, together with `batch`.
        batch
            Shots a batch. What an interruption may cost is a batch a worker.
        executor
            Where batches are drawn: `LocalProcesses`, `RayCluster`, `SlurmJobs`, `DaskCluster`;
            None is this process. The shots are the same.

        Raises `InputError` as `qdiff.simulate` does, and where the folder cannot be written to;
        batches that are there then stay.
        """
        job = self._job(circuit, noise, seed, batch)
        batches = job.batches(shots)
        self._complete(job, batches, executor, progress=progress)
        return self._pooled(job, batches)

    def parts(
        self,
        circuit: str | Path | QuantumCircuit,
        noise: NoiseSpec | str | None = None,
        *,
        shots: int = 10_000,
        seed: int = 0,
        batch: int = BATCH,
        executor: Engine | None = None,
        progress: bool = False,
    ) -> Iterator[Shots]:
        """The same shots one batch at a time, in their order, so that never all are in memory.

        What is missing is drawn before the first is given. Raises `InputError` as `shots` does.
        """
        job = self._job(circuit, noise, seed, batch)
        batches = job.batches(shots)
        self._complete(job, batches, executor, progress=progress)
        return (self._sound(job, each) for each in batches)

    def draw(
        self,
        circuit: str | Path | QuantumCircuit,
        noise: NoiseSpec | str | None = None,
        *,
        shots: int = 10_000,
        seed: int = 0,
        batch: int = BATCH,
        part: Sequence[int] = (1, 1),
        executor: Engine | None = None,
        progress: bool = False,
    ) -> int:
        """Draw what is missing of a job, and say how many shots that were.

        With ``part=(2, 3)`` every third batch from the second on, so that three machines share a
        job; `merge` brings together what they drew. Raises `InputError` as `shots` does.
        """
        job = self._job(circuit, noise, seed, batch)
        return self._complete(job, job.batches(shots, part), executor, progress=progress)

    def jobs(self) -> list[dict[str, Any]]:
        """A record a job, as its index has it, with the number of ``shots`` in whole batches."""
        indices = sorted((self.folder / _SHOTS).glob(f"*/{_INDEX}"))
        return [{**_index(path), "shots": _kept(path.parent)} for path in indices]

    def merge(self, *others: ShotStore | str | Path) -> Merged:
        """Take over the batches of other stores that are not here yet, each one checked.

        Damaged ones are left where they are and counted; so are those that are here with other
        shots, of which these stay: machines may round differently, and either are shots of the
        job. Raises `InputError` where there is no store, or this folder cannot be written to.
        """
        merged = Merged()
        for other in others:
            source = other if isinstance(other, ShotStore) else ShotStore(as_path(other, "others"))
            if not (source.folder / _SHOTS).is_dir():
                raise InputError(f"others: there is no store of shots in {source.folder}")
            folder_for(self.folder / _SHOTS)
            merged += merge_folders(source.folder / _SHOTS, self.folder / _SHOTS, _INDEX)
        return merged

    def _job(self, circuit: Any, noise: Any, seed: int, batch: int) -> ShotJob:
        return ShotJob(circuit=load_circuit(circuit), noise=as_spec(noise), seed=seed, batch=batch)

    def _place(self, job: ShotJob) -> Path:
        return self.folder / _SHOTS / job.key

    def _complete(
        self, job: ShotJob, batches: Sequence[Batch], executor: Engine | None, *, progress: bool
    ) -> int:
        """Draw and write the batches that are missing, and say how many shots these have."""
        engine = ThisProcess() if executor is None else check_is(executor, Engine, "executor")
        check_flag(progress, "progress")
        place = folder_for(self._place(job))
        remove_unfinished(place)
        _write_index(place / _INDEX, job)
        there = {entry.name for entry in os.scandir(place)}
        missing = [batch for batch in batches if batch.name not in there]
        tasks = (_drawing(job, batch) for batch in missing)
        with progress_bar("simulate", len(batches), shown=progress and bool(missing)) as tick:
            for _ in range(len(batches) - len(missing)):
                tick()
            with closing(completed(engine, methodcaller("draw"), tasks)) as drawn:
                for drawing, shots in drawn:
                    write_batch(place / drawing.batch.name, job.key, drawing.batch, shots)
                    tick()
        remove_unfinished(place)
        return sum(batch.shots for batch in missing)

    def _sound(self, job: ShotJob, batch: Batch) -> Shots:
        """A batch from its file, drawn again where that is damaged."""
        path = self._place(job) / batch.name
        try:
            return read_batch(path, job.key, batch)
        except InputError as error:
            warnings.warn(f"a batch is drawn again: {error}", StoreWarning, stacklevel=4)
        shots = _drawing(job, batch).draw()
        write_batch(path, job.key, batch, shots)
        return read_batch(path, job.key, batch)

    def _pooled(self, job: ShotJob, batches: Sequence[Batch]) -> Shots:
        first = self._sound(job, batches[0])
        tally = StreamingCounts(first.num_bits)
        tally.add_words(first.words, first.counts)
        for batch in batches[1:]:
            part = self._sound(job, batch)
            tally.add_words(part.words, part.counts)
        words, counts = tally.total()
        record = {**job.record, "job": job.key, "batch": job.batch, "batches": len(batches)}
        how = {name: first.provenance[name] for name in ("method", "why")}
        return replace(first, words=words, counts=counts, provenance={**record, **how})


def _drawing(job: ShotJob, batch: Batch) -> Drawing:
    return Drawing(circuit=job.circuit, noise=job.noise, seed=job.seed, batch=batch)


def _write_index(path: Path, job: ShotJob) -> None:
    if not _index(path):
        index = {"job": job.key, "batch": job.batch, **job.record}
        write_text(path, json.dumps(index, indent=1) + "\n", force=True)


def _index(path: Path) -> dict[str, Any]:
    """What a job's index says; nothing where there is none, or it is damaged."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _kept(place: Path) -> int:
    """Shots in the whole batches of a job; of smaller ones, which ended a run, there may be any."""
    size = _index(place / _INDEX).get("batch")
    found = (batch_named(entry.name) for entry in os.scandir(place))
    return sum(batch.shots for batch in found if batch is not None and batch.shots == size)
