"""Bringing together what several machines drew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from qdiff.data.output import folder_for, remove_unfinished, write_bytes
from qdiff.errors import InputError
from qdiff.store.batch_files import batch_named, checksum, read_batch
from qdiff.store.shot_job import Batch

_KEY = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a merging did with the batches that it met.

    Attributes
    ----------
    taken, present
        Batches that were copied, and that were here already, the same.
    differing
        That are here with other shots; these stayed.
    damaged
        That were left out.
    """

    taken: int = 0
    present: int = 0
    differing: int = 0
    damaged: int = 0

    def to_dict(self) -> dict[str, int]:
        """The numbers by their names."""
        return asdict(self)

    def __add__(self, other: Merged) -> Merged:
        return Merged(
            taken=self.taken + other.taken,
            present=self.present + other.present,
            differing=self.differing + other.differing,
            damaged=self.damaged + other.damaged,
        )


def merge_folders(source: Path, target: Path, index: str) -> Merged:
    """Take over each job's index and batches."""
    merged = Merged()
    jobs = (each for each in source.iterdir() if _KEY.fullmatch(each.name) and each.is_dir())
    for job in sorted(jobs):
        place = folder_for(target / job.name)
        remove_unfinished(place)
        if (job / index).is_file() and not (place / index).exists():
            write_bytes(place / index, (job / index).read_bytes(), force=True)
        for path, batch in _batches(job):
            merged += _take(path, place / path.name, job.name, batch)
    return merged


def _batches(job: Path) -> Iterator[tuple[Path, Batch]]:
    for name in sorted(entry.name for entry in os.scandir(job)):
        if (batch := batch_named(name)) is not None:
            yield job / name, batch


def _take(path: Path, target: Path, key: str, batch: Batch) -> Merged:
    try:
        theirs = checksum(read_batch(path, key, batch))
    except InputError:
        return Merged(damaged=1)
    try:
        ours = checksum(read_batch(target, key, batch)) if target.exists() else None
    except InputError:
        ours = None
    if ours is None:
        write_bytes(target, path.read_bytes(), force=True)
        return Merged(taken=1)
    return Merged(present=1) if ours == theirs else Merged(differing=1)
