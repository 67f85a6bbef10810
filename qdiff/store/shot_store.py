"""`ShotStore`: shots of long simulations in a folder, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit

from qdiff.circuit.loading import load_circuit
from qdiff.data.output import as_path, folder_for
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.executors.engine import Engine
from qdiff.noise.spec import NoiseSpec, as_spec
from qdiff.store.batch_files import batch_named
from qdiff.store.drawing import INDEX, SHOTS, draw_jobs, index_in, pooled, sound
from qdiff.store.merging import Merged, merge_folders
from qdiff.store.shot_job import BATCH, ShotJob


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
        job = _job(circuit, noise, seed, batch)
        draw_jobs(self.folder, [(job, job.batches(shots))], executor=executor, progress=progress)
        return pooled(self.folder, job, shots)

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
        job = _job(circuit, noise, seed, batch)
        batches = job.batches(shots)
        draw_jobs(self.folder, [(job, batches)], executor=executor, progress=progress)
        return (sound(self.folder, job, each) for each in batches)

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
        job = _job(circuit, noise, seed, batch)
        wanted = [(job, job.batches(shots, part))]
        return draw_jobs(self.folder, wanted, executor=executor, progress=progress)

    def jobs(self) -> list[dict[str, Any]]:
        """A record a job, as its index has it, with the number of ``shots`` in whole batches."""
        indices = sorted((self.folder / SHOTS).glob(f"*/{INDEX}"))
        return [
            {**index_in(path), "job": path.parent.name, "shots": _kept(path.parent)}
            for path in indices
        ]

    def merge(self, *others: ShotStore | str | Path) -> Merged:
        """Take over the batches of other stores that are not here yet, each one checked.

        Damaged ones are left where they are and counted; so are those that are here with other
        shots, of which these stay: machines may round differently, and either are shots of the
        job. Raises `InputError` where there is no store, or this folder cannot be written to.
        """
        merged = Merged()
        for other in others:
            source = other if isinstance(other, ShotStore) else ShotStore(as_path(other, "others"))
            if not (source.folder / SHOTS).is_dir():
                raise InputError(f"others: there is no store of shots in {source.folder}")
            folder_for(self.folder / SHOTS)
            merged += merge_folders(source.folder / SHOTS, self.folder / SHOTS, INDEX)
        return merged


def _job(circuit: Any, noise: Any, seed: int, batch: int) -> ShotJob:
    return ShotJob(circuit=load_circuit(circuit), noise=as_spec(noise), seed=seed, batch=batch)


def _kept(place: Path) -> int:
    """Shots in the whole batches of a job; of smaller ones, which ended a run, there may be any."""
    size = index_in(place / INDEX).get("batch")
    found = (batch_named(entry.name) for entry in os.scandir(place))
    return sum(batch.shots for batch in found if batch is not None and batch.shots == size)
