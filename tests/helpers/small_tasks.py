"""What tests of executors have done by workers: importable by those, and quick to import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from qdiff.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Job:
    """A number to square; the folder is where it is noted how often that was begun."""

    number: int
    folder: Path
    losses: int = 0

    def begun(self) -> int:
        return len(list(self.folder.glob(f"{self.number}_*")))


def squared(job: Job) -> int:
    """The square; the worker is killed at the first `losses` times."""
    time_before = job.begun()
    (job.folder / f"{job.number}_{time_before}").touch()
    if time_before < job.losses:
        os.kill(os.getpid(), signal.SIGKILL)
    return job.number**2


def refused(job: Job) -> int:
    if job.number == 2:
        raise InputError("two is not wanted")
    return job.number**2


def threads(_: int) -> tuple[str | None, int]:
    return os.environ.get("OMP_NUM_THREADS"), os.getpid()


def endless(folder: Path) -> None:
    (folder / f"{os.getpid()}").touch()
    while True:
        time.sleep(60)
