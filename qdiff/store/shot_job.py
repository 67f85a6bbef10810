"""`ShotJob`: what is simulated, cut into batches that each have a seed and a name of their own."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qdiff.circuit.structural_hash import circuit_hash
from qdiff.data.argument_checks import check_whole, is_whole, root_of, shown
from qdiff.data.shots import Shots
from qdiff.errors import InputError, NoiseWarning
from qdiff.noise.spec import NoiseSpec
from qdiff.simulation.machine import ANY
from qdiff.simulation.provenance import circuit_record, versions
from qdiff.simulation.simulate import draw_shots

BATCH = 10_000
"""Shots a batch, where nothing is said: what a kill may cost, a worker."""

MOST_SHOTS = 10**12
_MOST_BATCHES = 10**6

_DRAWS = 4
"""Raised whenever the same seed gives other shots, though the version of qdiff is the same."""

_FOR_PEOPLE = ("name", "description")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One batch of a job: which, and of how many shots."""

    index: int
    shots: int

    @property
    def name(self) -> str:
        return f"{self.index:07d}_{self.shots}.safetensors"


@dataclass(frozen=True, kw_only=True)
class ShotJob:
    """A circuit, its noise, a seed, and the size of a batch. Checked when built.

    Batch number `i` has the `i`-th child of the seed's root, so that it is the same whatever else
    is drawn, where and when.
    """

    circuit: QuantumCircuit
    noise: NoiseSpec | None
    seed: int
    batch: int = BATCH

    def __post_init__(self) -> None:
        root_of(self.seed)
        check_whole(self.batch, "batch", most=MOST_SHOTS)

    @cached_property
    def record(self) -> dict[str, Any]:
        """What is said of the job, as JSON."""
        return {**circuit_record(self.circuit, self.noise), "seed": int(self.seed)}

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that decides the shots, 64 hexadecimal digits."""
        noise = {} if self.noise is None else self.noise.to_dict()
        return hash_of(
            {
                "circuit": circuit_hash(self.circuit),
                "noise": {name: noise[name] for name in noise if name not in _FOR_PEOPLE},
                "seed": int(self.seed),
                "batch": self.batch,
                "versions": {**versions(), "numpy": np.__version__},
                "draws": _DRAWS,
            }
        )

    def batches(self, shots: int, part: Sequence[int] = (1, 1)) -> list[Batch]:
        """The batches of so many shots, the last of them what is left; or the `part` of them.

        >>> job = ShotJob(circuit=QuantumCircuit(1, 1), noise=None, seed=1, batch=10)
        >>> [batch.shots for batch in job.batches(25)], job.batches(25, (2, 2))[0].index
        ([10, 10, 5], 1)
        """
        shots = check_whole(shots, "shots", most=MOST_SHOTS)
        place, of = check_part(part)
        if shots > _MOST_BATCHES * self.batch:
            raise InputError(
                f"batch must be at least {-(-shots // _MOST_BATCHES):,} for {shots:,} shots, got "
                f"{self.batch}"
            )
        starts = range(0, shots, self.batch)
        return [
            Batch(index=index, shots=min(self.batch, shots - starts[index]))
            for index in range(place - 1, len(starts), of)
        ]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What a worker is told: everything that decides one batch, and whose it is."""

    key: str
    circuit: QuantumCircuit
    noise: NoiseSpec | None
    seed: int
    batch: Batch

    def draw(self) -> Shots:
        """In a way that does not depend on the machine, nor on what it does beside."""
        root = np.random.SeedSequence(self.seed, spawn_key=(self.batch.index,))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NoiseWarning)
            return draw_shots(
                self.circuit, self.noise, shots=self.batch.shots, seed=root, machine=ANY
            )

    def tried(self) -> Shots | InputError:
        """The same; or why it cannot be, for a caller who has other things to draw."""
        try:
            return self.draw()
        except InputError as error:
            return error


def hash_of(decides: dict[str, Any]) -> str:
    """SHA-256 of something's JSON, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def check_part(part: object) -> tuple[int, int]:
    """Which of how many parts: two whole numbers, as (1, 4)."""
    if isinstance(part, list | tuple) and len(part) == 2 and all(map(is_whole, part)):
        place, of = (int(number) for number in part)
        if 1 <= place <= of <= _MOST_BATCHES:
            return place, of
    raise InputError(f"part must be two whole numbers such as (1, 4), got {shown(part)}")
