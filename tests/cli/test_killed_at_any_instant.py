"""Killed at any instant and run again, a job ends as one that was never stopped, and cleanly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import killable_jobs
import numpy as np
import pytest

import qdiff

SWEEP = """
circuits = ["ghz:2"]
noise = ["light"]
shots = [60, 120]
seeds = [1]
batch = 20
effort = "fast"
"""


@dataclass(frozen=True)
class Job:
    """What is run, what it is given, and what is compared of what it leaves."""

    run: Callable[..., None]
    arguments: tuple[str, ...]
    prepare: Callable[[Path], Any]
    outcome: Callable[[Path], Any]

    def start(self, folder: Path) -> Any:
        return killable_jobs.started(self.run, folder, *self.arguments)

    def finish(self, folder: Path) -> Any:
        process = self.start(folder)
        process.join(300)
        assert process.exitcode == 0, folder.with_name(f"{folder.name}.log").read_text()
        return self.outcome(folder)


def files(folder: Path) -> dict[str, bytes]:
    """All that is there, so that litter is a difference."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def fitted(folder: Path) -> Any:
    """The law, and the names of all that is there: the card says how long the fit took."""
    model = qdiff.Surrogate.load(folder / "model.safetensors")
    return model.distribution().probabilities.tolist(), model.card["training"], {*files(folder)}


SHOTS = qdiff.Shots.from_counts({"00": 40, "11": 35, "01": 5})
JOBS = {
    "simulate": Job(
        killable_jobs.command,
        ("simulate", "ghz:3", "--store", "store", "--shots", "590", "--batch", "60",
         "--workers", "1"),
        lambda folder: None,
        files,
    ),
    "sweep": Job(
        killable_jobs.command,
        ("sweep", "sweep.toml", "--out", "out", "--workers", "1"),
        lambda folder: (folder / "sweep.toml").write_text(SWEEP),
        files,
    ),
    "fit": Job(
        killable_jobs.command,
        ("fit", "shots", "--checkpoint", "unfinished", "--effort", "fast", "--force"),
        lambda folder: SHOTS.save(folder / "shots"),
        fitted,
    ),
    "save": Job(killable_jobs.save, (), lambda folder: None, files),
}  # fmt: skip


def kill_at(job: Job, folder: Path, instants: int) -> int:
    """How many of so many jobs were killed before their end, all of which ended well after it."""

    def fresh(name: object) -> Path:
        (place := folder / str(name)).mkdir()
        job.prepare(place)
        return place

    expected = job.finish(fresh("whole"))  # the first is slower: it imports for all
    started = time.monotonic()
    job.start(fresh("timed")).join()
    longest, killed = time.monotonic() - started, 0
    for number, after in enumerate(np.random.default_rng(1).uniform(0, longest, size=instants)):
        process = job.start(place := fresh(number))
        process.join(after)
        process.kill()
        process.join()
        killed += process.exitcode != 0
        assert job.finish(place) == expected
    return killed


@pytest.mark.parametrize("name", ["simulate", "sweep", "save"])
def test_killed_at_a_few_instants(tmp_path: Path, name: str) -> None:
    """Fits: tests/fitting/test_resume_after_kill.py."""
    assert kill_at(JOBS[name], tmp_path, 3) >= 1


@pytest.mark.slow
def test_killed_while_two_workers_draw(tmp_path: Path) -> None:
    """They end with the process that they work for, and leave nothing either."""
    one = JOBS["simulate"]
    assert kill_at(replace(one, arguments=(*one.arguments[:-1], "2")), tmp_path, 8) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", JOBS)
def test_killed_at_fifty_instants(tmp_path: Path, name: str) -> None:
    assert kill_at(JOBS[name], tmp_path, 50) >= 25  # or the instants were none of the job
