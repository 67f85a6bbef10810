"""Engines by the names that the command line has for them."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from qdiff.errors import InputError
from qdiff.executors.engine import Engine, check_workers, cores


class EngineName(StrEnum):
    """Where work is done."""

    LOCAL = "local"
    RAY = "ray"
    SLURM = "slurm"
    DASK = "dask"


def engine_named(name: str, workers: int | None, *, folder: Path) -> Engine:
    """The engine of that name; `folder` is shared by Slurm's machines, where that is asked for.

    One local worker is this process. Raises `InputError` for another name, and where the extra
    that an engine needs is missing.
    """
    if workers is not None:
        check_workers(workers)
    number = workers or cores()
    if name == EngineName.LOCAL and number == 1:
        from qdiff.executors.this_process import ThisProcess

        return ThisProcess()
    if name == EngineName.LOCAL:
        from qdiff.executors.local_processes import LocalProcesses

        return LocalProcesses(workers=number)
    if name == EngineName.RAY:
        from qdiff.executors.ray_cluster import RayCluster

        return RayCluster(workers=number)
    if name == EngineName.DASK:
        from qdiff.executors.dask_cluster import DaskCluster

        return DaskCluster(workers=number)
    if name == EngineName.SLURM:
        from qdiff.executors.slurm_jobs import SlurmJobs, settings_of_environment

        jobs = SlurmJobs(folder=folder, settings=settings_of_environment())
        return jobs if workers is None else replace(jobs, workers=workers)
    known = ", ".join(EngineName)
    raise InputError(f"unknown --executor {name!r}; there are {known}")
