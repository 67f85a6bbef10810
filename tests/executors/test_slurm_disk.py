"""A disk that Slurm's machines share and that goes away: for a moment, or for good."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
import small_tasks
from small_tasks import Job

from qdiff import InputError, SlurmJobs
from qdiff.executors import slurm_jobs
from qdiff.executors.completed import completed

STALE = OSError(errno.ESTALE, "Stale file handle")


class JobOnDisk:
    """A job that is done, behind a disk that is away for so many looks."""

    def __init__(self, result: Any, away: float) -> None:
        self._result, self._away = result, away

    def done(self) -> bool:
        self._away -= 1
        if self._away >= 0:
            raise STALE
        return True

    def result(self) -> Any:
        if self._away >= 0:
            raise STALE
        return self._result


def engine(
    monkeypatch: pytest.MonkeyPatch, folder: Path, away: float, patience: float
) -> SlurmJobs:
    pytest.importorskip("submitit", reason="needs the extra 'slurm'")

    class Jobs:
        def submit(self, caught: Any, *arguments: Any) -> JobOnDisk:
            return JobOnDisk(caught(*arguments), away)

    monkeypatch.setattr(SlurmJobs, "_executor", lambda *_: Jobs())
    monkeypatch.setattr(slurm_jobs, "_PATIENCE", patience)
    return SlurmJobs(workers=20, folder=folder, cluster="local")


def tasks(folder: Path) -> list[Job]:
    folder.mkdir()
    return [Job(number=number, folder=folder, losses=0) for number in range(20)]


def test_a_moment_without_it_costs_no_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many jobs are asked for in that moment: 20 of them, 5 times within a second."""
    slurm = engine(monkeypatch, tmp_path, away=5, patience=4.0)
    todo = tasks(tmp_path / "begun")
    assert dict(completed(slurm, small_tasks.squared, todo)) == {
        task: task.number**2 for task in todo
    }


def test_without_it_for_good_the_wait_ends_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm = engine(monkeypatch, tmp_path, away=float("inf"), patience=0.2)
    with pytest.raises(InputError, match=r"folder of Slurm's jobs cannot be read: Stale file"):
        list(completed(slurm, small_tasks.squared, tasks(tmp_path / "begun"), retries=0))
