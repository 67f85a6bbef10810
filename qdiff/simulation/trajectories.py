"""The average over noise trajectories: an unbiased law beyond the reach of an exact one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import methodcaller
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qdiff.data.argument_checks import check_flag, check_is, check_whole
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Seed
from qdiff.executors.engine import Engine
from qdiff.executors.in_order import in_order
from qdiff.executors.this_process import ThisProcess
from qdiff.noise.spec import NoiseSpec
from qdiff.progress import progress_bar
from qdiff.simulation import aer
from qdiff.simulation.grouped_shots import GROUPING
from qdiff.simulation.grouped_trajectories import planned_if_it_pays, walks
from qdiff.simulation.measured_circuit import MeasuredCircuit, Table
from qdiff.simulation.provenance import seed_record

_MAX_BATCHES = 50
_MOST = 10**8
"""More would take days."""


def trajectories(
    circuit: str | Path | QuantumCircuit,
    noise: NoiseSpec | str | None = None,
    *,
    samples: int,
    seed: Seed = None,
    executor: Engine | None = None,
    progress: bool = False,
) -> Distribution:
    """The mean of \\|psi(x)\\|^2 over `samples` noise trajectories, with standard errors.

    Unbiased, with a state vector's memory instead of a density matrix's, and much closer than as
    many shots. The readout error is applied exactly. The samples are run in (at most 50)
    independent batches of equal size; an entry's standard error is the deviation of the batches'
    means over the root of their number, itself good to about 10 %. An outcome that only rare
    errors reach can have a standard error that is too small, even 0.

    Where Aer would take long and errors happen by chance alone, those with the same errors are
    simulated once (see `error_patterns`), in batches of state vectors, on a graphics card where
    there is one; provenance says which `engine` it was.

    Batches are run in one thread each, by the workers of `executor` (see `qdiff.ShotStore.shots`)
    or one after another in this process. Their sums are made here, in the batches' order, so that
    the law is the same bit for bit, whoever works and however many.

    Raises `InputError` for fewer than 2 samples and wherever `exact` does, except that memory has
    to hold state vectors only.
    """
    samples = check_whole(samples, "samples", least=2, most=_MOST)
    check_flag(progress, "progress")
    engine = ThisProcess() if executor is None else check_is(executor, Engine, "executor")
    task = MeasuredCircuit.read(circuit, noise)
    task.check_memory(task.state_vector_bytes, "a state vector")
    root = aer.root_seed(seed)
    batches = min(samples, _MAX_BATCHES)
    size = -(-samples // batches)
    planned = planned_if_it_pays(task, batches, size)
    work = (
        _batches(task, batches, size, root)
        if planned is None
        else walks(task, planned, batches, size, root)
    )
    moments = _RunningMoments()
    with progress_bar("trajectories", batches, shown=progress) as tick:
        for tables in in_order(engine, methodcaller("means"), work):
            for table in tables:
                moments.add(task.after_readout(table))
                tick()
    record = {
        "method": "trajectories",
        "engine": "aer" if planned is None else GROUPING,
        "samples": size * batches,
        "batches": batches,
    }
    return task.distribution(
        moments.mean,
        standard_error=moments.standard_error,
        provenance={**record, **seed_record(root)},
    )


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """What a worker is told: a batch of Aer's."""

    task: MeasuredCircuit
    size: int
    seed: int

    def means(self) -> list[Table]:
        return [self.task.averaged_probabilities(shots=self.size, seed=self.seed, threads=1)]


def _batches(
    task: MeasuredCircuit, batches: int, size: int, root: np.random.SeedSequence
) -> Sequence[_Batch]:
    return [_Batch(task=task, size=size, seed=seed) for seed in aer.child_seeds(root, batches)]


class _RunningMoments:
    """Mean and standard error of tables that are not kept (Welford's recurrence)."""

    def __init__(self) -> None:
        self.number = 0
        self.mean: Any = 0.0
        self._squares: Any = 0.0

    def add(self, table: Table) -> None:
        self.number += 1
        before = table - self.mean
        self.mean = self.mean + before / self.number
        self._squares = self._squares + before * (table - self.mean)

    @property
    def standard_error(self) -> Table:
        error: Table = np.sqrt(self._squares / (self.number - 1) / self.number)
        return error
