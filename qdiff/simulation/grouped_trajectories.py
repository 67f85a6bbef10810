"""Whether trajectories with the same errors are simulated together, and the means of batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qdiff.errors import InputError
from qdiff.memory import total_memory
from qdiff.simulation.aer_method import statevector_seconds
from qdiff.simulation.grouped_shots import pays
from qdiff.simulation.measured_circuit import MeasuredCircuit, Table

if TYPE_CHECKING:
    from qdiff.simulation.error_patterns.states import Layout

_TABLES = 1 << 30
"""Bytes for the tables of the batches that are walked together."""

_APART = 1.25
"""Walks that workers can share may cost so many times what one of all batches would."""


def planned_if_it_pays(task: MeasuredCircuit, batches: int, size: int) -> Sequence[Layout] | None:
    """The blocks to walk; None where Aer is likely to be as fast, or alone can do it."""
    aer = statevector_seconds(task.width, task.noisy.num_gates, batches * size)
    if not task.noisy.has_gate_noise or not pays(0.0, aer, cores=1):
        return None
    from qdiff.simulation.error_patterns import cost
    from qdiff.simulation.error_patterns.blocks import blocks_of
    from qdiff.simulation.error_patterns.noisy_gates import noisy_gates
    from qdiff.simulation.error_patterns.sampler import check_memory
    from qdiff.simulation.error_patterns.states import layouts

    try:
        gates = noisy_gates(task.noisy.circuit, task.noisy.errors, task.qubits)
        planned = layouts(blocks_of(gates, dying=False))
        check_memory(planned, total_memory())
    except InputError:  # another kind of noise or circuit, or too little memory
        return None
    return planned if pays(cost.seconds(planned, batches * size), aer, cores=1) else None


@dataclass(frozen=True, kw_only=True)
class Walked:
    """What a worker is told: some batches that are walked together."""

    planned: Sequence[Layout]
    qubits: Sequence[int]
    sizes: Sequence[int]
    seed: np.random.SeedSequence

    def means(self) -> list[Table]:
        """The mean table of each batch before readout."""
        from qdiff.simulation.error_patterns.averages import averaged_laws

        generator = np.random.default_rng(self.seed)
        return list(averaged_laws(self.planned, self.qubits, np.array(self.sizes), generator))


def walks(
    task: MeasuredCircuit,
    planned: Sequence[Layout],
    batches: int,
    size: int,
    root: np.random.SeedSequence,
) -> list[Walked]:
    """All batches, in as many walks as workers may share: by a rule that asks no machine."""
    number = _walks(planned, batches, size, least=-(-batches * (8 << task.width) // _TABLES))
    parts = np.array_split(np.full(batches, size), number)
    return [
        Walked(planned=planned, qubits=task.qubits, sizes=part.tolist(), seed=child)
        for part, child in zip(parts, root.spawn(number), strict=True)
    ]


def _walks(planned: Sequence[Layout], batches: int, size: int, *, least: int) -> int:
    """As many as cost little more than one: batches that are walked together share states."""
    from qdiff.simulation.error_patterns import cost

    most = _APART * cost.seconds(planned, batches * size)
    number = min(batches, max(1, least))
    while number < batches and (
        2 * number * cost.seconds(planned, batches * size // (2 * number)) <= most
    ):
        number *= 2
    return min(number, batches)
