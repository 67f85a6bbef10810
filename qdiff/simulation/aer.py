"""What every Aer run here shares: options, seeds, errors in one line, memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from qdiff.data.shots import Seed
from qdiff.data.storage import one_line
from qdiff.errors import InputError
from qdiff.memory import available_memory


def run(
    circuit: QuantumCircuit,
    *,
    method: str,
    shots: int,
    seed: int,
    model: NoiseModel | None = None,
    threads: int = 0,
    **options: Any,
) -> dict[str, Any]:
    """Run one circuit on so many threads, all cores if 0, and return Aer's data.

    Counts do not depend on the threads; sums over runs do, in their last digits.

    Raises `InputError` with Aer's reason when the circuit, the noise and the method do not go
    together or memory does not suffice.
    """
    simulator = AerSimulator(
        method=method,
        noise_model=model,
        seed_simulator=seed,
        max_parallel_threads=threads,
        max_parallel_shots=0,
        max_parallel_experiments=1,
        max_memory_mb=available_memory() >> 20,
        **options,
    )
    with _quiet():
        result = simulator.run(circuit, shots=shots).result()
    if not result.success:
        reasons = [entry.status for entry in result.results] or [result.status]
        raise InputError(f"Aer cannot run this circuit by {method}: {_reason(reasons[0])}")
    data: dict[str, Any] = result.data(0)
    return data


def root_seed(seed: Seed) -> np.random.SeedSequence:
    """A fresh root for child seeds; the same `seed` gives the same root each time.

    Raises `InputError` for anything else than a non-negative integer, a `SeedSequence`, a
    `Generator` or None (new entropy).
    """
    if isinstance(seed, np.random.SeedSequence):
        return np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
    if isinstance(seed, np.random.Generator):
        return np.random.SeedSequence(int(seed.integers(2**63)))
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int | np.integer)):
        raise InputError(f"seed must be a whole number, got {seed!r}")
    if seed is not None and seed < 0:
        raise InputError(f"seed must not be negative, got {seed}")
    return np.random.SeedSequence(None if seed is None else int(seed))


def child_seeds(root: np.random.SeedSequence, number: int) -> list[int]:
    """Seeds for Aer, each from its own child: Aer's shots of nearby seeds can repeat."""
    return [int(child.generate_state(1, np.uint64)[0] >> 1) for child in root.spawn(number)]


def gibibytes(size: int) -> str:
    return f"{size / 2**30:.3g} GiB"


def _reason(status: str) -> str:
    reason = one_line(Exception(status)).removeprefix("ERROR:").strip().split(" ERROR: ")[0]
    if "nsufficient memory" in reason:
        reason += "; fewer qubits, or method matrix_product_state, need less"
    return reason


@contextmanager
def _quiet() -> Iterator[None]:
    """Aer logs a failed run besides returning it; the message is raised, so not logged."""
    logger = logging.getLogger("qiskit_aer")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
