"""Slurm, through submitit: each task is a job."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from qdiff.data.argument_checks import check_mapping
from qdiff.data.output import as_path
from qdiff.data.temporary_files import in_use, remove_left_behind
from qdiff.environment import needed
from qdiff.errors import InputError
from qdiff.executors.engine import Engine, check_workers, given_up_on_error, reached

_PREFIX = ".qdiff-slurm-"
_SETTINGS = "QDIFF_SLURM"
_PATIENCE = 120.0
"""Seconds for which the folder that is shared may be away."""

_SECONDS_BETWEEN = {"slurm": 5.0, "local": 0.05}


@dataclass(frozen=True, kw_only=True)
class SlurmJobs(Engine):
    """Jobs of Slurm, one core each. Needs the extra ``slurm``.

    Attributes
    ----------
    folder
        A folder that the machines share: what goes to the jobs and comes from them is kept in one
        inside it, which is gone at the end.
    workers
        How many jobs are with Slurm at a time, waiting or running.
    settings
        submitit's parameters, such as ``{"slurm_partition": "short", "timeout_min": 60}``.
    cluster
        ``"slurm"``; or ``"local"``, to try it where there is none.
    """

    folder: Path = Path(".")
    workers: int = 64
    settings: Mapping[str, Any] = field(default_factory=dict)
    cluster: str = "slurm"

    def __post_init__(self) -> None:
        check_workers(self.workers)
        object.__setattr__(self, "folder", as_path(self.folder, "folder"))
        check_mapping(self.settings, "settings")
        if not isinstance(self.cluster, str) or self.cluster not in _SECONDS_BETWEEN:
            raise InputError(f"cluster must be 'slurm' or 'local', got {self.cluster!r}")

    @property
    def in_flight(self) -> int:
        return self.workers

    @contextmanager
    def open(self) -> Iterator[Executor]:
        submitit = needed("submitit")
        remove_left_behind(self.folder, _PREFIX)
        with in_use(lambda: tempfile.mkdtemp(dir=self.folder, prefix=_PREFIX)) as folder:
            jobs = self._executor(submitit, folder)
            with (
                _Jobs(jobs, _SECONDS_BETWEEN[self.cluster]) as executor,
                given_up_on_error(executor),
            ):
                yield executor

    def is_loss(self, error: BaseException) -> bool:
        """A job that ended without a result; errors of the work itself arrive as they are."""
        return isinstance(error, needed("submitit.core.utils").UncompletedJobError)

    def _executor(self, submitit: Any, folder: str) -> Any:
        try:
            executor = submitit.AutoExecutor(folder=folder, cluster=self.cluster)
            fixed = {"cpus_per_task": 1, "tasks_per_node": 1, "nodes": 1, "name": "qdiff"}
            executor.update_parameters(**{**fixed, **self.settings})
        except (RuntimeError, NameError, ValueError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"jobs cannot be given to {self.cluster}: {reason}") from None
        return executor


class _Jobs(Executor):
    """submitit's jobs as futures of `concurrent.futures`: a thread looks which have ended."""

    def __init__(self, jobs: Any, seconds: float) -> None:
        self._jobs, self._seconds = jobs, seconds
        self._running: dict[Future[Any], Any] = {}
        self._unreadable_since: float | None = None
        self._end = Event()
        self._looking = Thread(target=self._look, daemon=True)
        self._looking.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with reached("Slurm"):
            self._running[future] = self._jobs.submit(_caught, fn, args, kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._end.set()
        self._looking.join()
        if cancel_futures:
            for job in self._running.values():
                job.cancel()

    def _look(self) -> None:
        while not self._end.wait(self._seconds):
            for future, job in list(self._running.items()):
                if self._has_ended(job):
                    del self._running[future]
                    _finish(job, future)

    def _has_ended(self, job: Any) -> bool:
        """Whether it did, or its folder has not been readable for so long that nobody can say.

        A shared disk that is away for a moment comes back.
        """
        try:
            ended = bool(job.done())
        except Exception:  # a stale file handle, mostly: this thread is all that waits for jobs
            since = self._unreadable_since = self._unreadable_since or time.monotonic()
            return time.monotonic() - since > _PATIENCE
        self._unreadable_since = None
        return ended


def _finish(job: Any, future: Future[Any]) -> None:
    try:
        found, error = job.result()
    except OSError as unreadable:
        why = unreadable.strerror or unreadable
        found, error = None, InputError(f"the folder of Slurm's jobs cannot be read: {why}")
    except Exception as lost:
        found, error = None, lost
    if error is None:
        future.set_result(found)
    else:
        future.set_exception(error)


def _caught(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Exception | None]:
    """What came of it, or its error: of one that a job ends with submitit keeps only the text."""
    try:
        return function(*args, **kwargs), None
    except Exception as error:
        return None, error


def settings_of_environment() -> dict[str, Any]:
    """submitit's parameters in the variable ``QDIFF_SLURM``, as ``slurm_partition=short,mem_gb=4``.

    Raises `InputError` for what is not written so.
    """
    found: dict[str, Any] = {}
    for pair in filter(None, os.environ.get(_SETTINGS, "").split(",")):
        name, equals, value = pair.partition("=")
        if not equals or not name.strip().isidentifier():
            raise InputError(
                f"{_SETTINGS} has 'name=value' pairs with commas between, got {pair!r}"
            )
        found[name.strip()] = int(value) if value.strip().isdecimal() else value.strip()
    return found
