"""`Cell`: one circuit, noise, number of shots and seed; what is measured there, and its name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
import torch
from qiskit import QuantumCircuit

from qdiff.comparison.compare import compare
from qdiff.comparison.scorecard import Comparison
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots
from qdiff.environment import __version__, one_thread
from qdiff.errors import InputError
from qdiff.fitting.fit import fit
from qdiff.models.surrogate.part_mixture import MAX_EXACT_BITS
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.noise.spec import NoiseSpec
from qdiff.simulation.exact import exact
from qdiff.store.shot_job import ShotJob, hash_of

EXACT_QUBITS = 13
"""Up to here the exact law of a noisy circuit takes seconds."""

_MEASURES = 1
"""Raised when a cell is measured otherwise, though the version of qdiff is the same."""

_APART = 2**32 - 1  # from the batches of shots, whose children of the seed are numbered from 0 on

METRICS = (
    *("kl", "jensen_shannon", "total_variation", "hellinger_fidelity", "shot_multiplier"),
    *("z1_rms", "z2_rms"),
)
"""Those of the table; a cell's file has all."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is measured, and with what."""

    circuit: str
    noise: str
    job: ShotJob
    shots: int
    told: bool
    effort: str

    @cached_property
    def key(self) -> str:
        """SHA-256 of all that decides the record, 64 hexadecimal digits."""
        decides = {"told": self.told, "effort": self.effort, "versions": versions()}
        return hash_of({"job": self.job.key, "shots": self.shots, "measures": _MEASURES, **decides})

    def measure(self, shots: Shots) -> dict[str, Any]:
        """Fit the shots, compare with the exact law where there is one: a record, as JSON.

        In one thread, since sums over several are rounded otherwise. What cannot be fitted is a
        record of the reason.
        """
        with one_thread():
            try:
                found, metrics = self._measured(shots)
            except InputError as error:
                found, metrics = {"error": str(error)}, {}
        return {"record": {**self._named(shots), **found}, "metrics": metrics}

    def _named(self, shots: Shots) -> dict[str, Any]:
        return {
            "cell": self.key,
            "circuit": self.circuit,
            "noise": self.noise,
            "shots": self.shots,
            "seed": self.job.seed,
            "told": self.told,
            "effort": self.effort,
            "qubits": self.job.circuit.num_qubits,
            "bits": shots.num_bits,
            "distinct": len(shots.counts),
            "versions": versions_text(),
            "error": None,
        }

    def _measured(self, shots: Shots) -> tuple[dict[str, Any], dict[str, Any]]:
        seeds = np.random.SeedSequence(self.job.seed, spawn_key=(_APART,)).spawn(2)
        model = fit(
            shots,
            circuit=self.job.circuit if self.told else None,
            seed=int(seeds[0].generate_state(1)[0]),
            device="cpu",
            effort=self.effort,
        )
        truth, why_not = reference(self.job.circuit, self.job.noise)
        found = None
        if truth is not None:
            found = compare(model.distribution(), truth, training=shots, seed=seeds[1])
        return {**_fitted(model), "note": why_not, **_numbers(found)}, (
            {} if found is None else found.to_dict()
        )


@dataclass(frozen=True, kw_only=True)
class Measuring:
    """What a worker is told: a cell, and its shots."""

    cell: Cell
    shots: Shots

    def measure(self) -> dict[str, Any]:
        return self.cell.measure(self.shots)


def versions() -> dict[str, str]:
    """Of what decides a fit and a comparison, beside the shots."""
    numerical = {module.__name__: module.__version__ for module in (torch, np, scipy)}
    return {"qdiff": __version__, **numerical}


def versions_text() -> str:
    return ", ".join(f"{name} {found}" for name, found in versions().items())


def reference(
    circuit: QuantumCircuit, noise: NoiseSpec | None
) -> tuple[Distribution | None, str | None]:
    """The exact law; or None, and why there is none."""
    if circuit.num_clbits > MAX_EXACT_BITS:
        return None, f"no exact law: {circuit.num_clbits} bits are too many for a table"
    if circuit.num_qubits > EXACT_QUBITS:
        return None, f"no exact law: more than {EXACT_QUBITS} qubits"
    try:
        return exact(circuit, noise), None
    except InputError as error:
        return None, f"no exact law: {error}"


def _fitted(model: Surrogate) -> dict[str, Any]:
    told = model.card.get("circuit")
    return {
        "heldout_nats_per_shot": model.card["heldout"]["nats_per_shot"],
        "verdict": None if told is None else told["verdict"],
    }


def _numbers(found: Comparison | None) -> dict[str, Any]:
    """Each metric, that of the raw shots, and the range of a perfect sampler's."""
    numbers: dict[str, Any] = {}
    for name in METRICS:
        given = {} if found is None or name not in found.metrics else found[name].to_dict()
        low, high = given.get("floor_interval") or (None, None)
        numbers[name] = given.get("value")
        numbers[f"{name}_of_the_shots"] = given.get("training")
        numbers |= {f"{name}_floor_low": low, f"{name}_floor_high": high}
    return numbers
