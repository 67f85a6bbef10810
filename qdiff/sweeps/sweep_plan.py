"""`SweepPlan`: which circuits, noises, numbers of shots and seeds a sweep goes through."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from qiskit import QuantumCircuit

from qdiff.circuit.loading import load_circuit
from qdiff.data.argument_checks import (
    check_flag,
    check_is,
    check_list,
    check_mapping,
    check_whole,
)
from qdiff.data.storage import one_line
from qdiff.errors import InputError
from qdiff.fitting.choose_config import Effort
from qdiff.noise.spec import NoiseSpec
from qdiff.noise.text import read_file
from qdiff.store.shot_job import BATCH, MOST_SHOTS, ShotJob
from qdiff.sweeps.cell import Cell
from qdiff.sweeps.planned_cell import PlannedCell, PlannedCells

_MOST_SEED = 2**63 - 1
"""What a column of whole numbers holds, in the table and in what others read it with."""

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """A cell for each circuit, noise, number of shots, seed and `told`. Checked when built.

    Attributes
    ----------
    circuits
        Files, or families such as ``ising:6``.
    noise
        What `NoiseSpec.parse` reads.
    shots, seeds
        Whole numbers, seeds below 2^63. Cells that differ only in shots share the whole batches
        among them.
    told
        Whether the fit is told the circuit; ``[false, true]`` does both.
    effort
        How much work each fit may take, see `qdiff.fit`.
    batch
        Shots a batch of the store.

    Raises `InputError` for what is no plan.

    >>> plan = SweepPlan(circuits=["ghz:2"], noise=["light"], shots=[100, 200], seeds=[1])
    >>> [cell.shots for cell in plan.cells()]
    [100, 200]
    """

    circuits: tuple[str, ...]
    noise: tuple[str, ...]
    shots: tuple[int, ...]
    seeds: tuple[int, ...]
    told: tuple[bool, ...] = (False,)
    effort: str = Effort.DEFAULT.value
    batch: int = BATCH

    def __post_init__(self) -> None:
        self._check("circuits", lambda value, name: check_is(value, str, name))
        self._check("noise", lambda value, name: check_is(value, str, name))
        self._check("shots", lambda value, name: check_whole(value, name, most=MOST_SHOTS))
        self._check("seeds", lambda value, name: check_whole(value, name, least=0, most=_MOST_SEED))
        self._check("told", check_flag)
        Effort.parse(self.effort)
        check_whole(self.batch, "batch", most=MOST_SHOTS)

    @classmethod
    def load(cls, path: str | Path) -> SweepPlan:
        """From a TOML file with these names. Raises `InputError` for any other."""
        raw = read_file(path, "a sweep")
        try:
            return cls.from_dict(tomllib.loads(raw.decode()))
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path} is no sweep: {one_line(error)}") from None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SweepPlan:
        """From the same as a mapping. Raises `InputError` for names that are not known."""
        known = [field.name for field in fields(cls)]
        given = check_mapping(data, "data")
        unknown = [name for name in given if name not in known]
        if unknown:
            raise InputError(f"data has {unknown[0]!r}; a sweep has {', '.join(known)}")
        missing = [name for name in ("circuits", "noise", "shots", "seeds") if name not in given]
        if missing:
            raise InputError(f"data has no {missing[0]!r}, of which a sweep needs a list")
        return cls(**given)

    def cells(self) -> list[Cell]:
        """Its cells, circuits and noises read. Raises `InputError` where one cannot be."""
        planned = self.planned()
        if planned.refused:
            raise InputError(next(iter(planned.refused.values())))
        return planned.distinct()

    def planned(self) -> PlannedCells:
        """Its cells, and the reasons of those whose circuit or noise cannot be read.

        Raises `InputError` where that is so of all.
        """
        circuits = {name: _tried(load_circuit, name) for name in self.circuits}
        noises = {name: _tried(NoiseSpec.parse, name) for name in self.noise}
        read, refused = {}, {}
        for name, noise, seed in itertools.product(circuits, noises, self.seeds):
            job = self._job(circuits[name], noises[noise], seed)
            for shots, told in itertools.product(self.shots, self.told):
                named = {"circuit": name, "noise": noise, "shots": shots, "told": told}
                cell = PlannedCell(**named, seed=seed, effort=self.effort, batch=self.batch)
                if isinstance(job, InputError):
                    refused[cell] = str(job)
                else:
                    read[cell] = Cell(**named, job=job, effort=self.effort)
        found = PlannedCells(read=read, refused=refused)
        found.check_any()
        return found

    def _job(
        self, circuit: QuantumCircuit | InputError, noise: NoiseSpec | InputError, seed: int
    ) -> ShotJob | InputError:
        """What is simulated, or why it cannot be."""
        if isinstance(circuit, InputError):
            return circuit
        if isinstance(noise, InputError):
            return noise
        return ShotJob(circuit=circuit, noise=noise, seed=seed, batch=self.batch)

    def _check(self, name: str, each: Callable[[Any, str], Any]) -> None:
        values = check_list(getattr(self, name), name)
        if not values:
            raise InputError(f"{name} must have at least one entry, got none")
        object.__setattr__(self, name, tuple(each(value, f"{name}: each") for value in values))


def _tried(read: Callable[[str], Found], name: str) -> Found | InputError:
    """What a name stands for, or why it cannot be read."""
    try:
        return read(name)
    except InputError as error:
        return error
