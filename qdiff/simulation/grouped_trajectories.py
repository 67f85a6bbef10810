"""Whether trajectories with the same errors are simulated together, and the means of batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from qdiff.errors import InputError
from qdiff.memory import total_memory
from qdiff.simulation.aer_method import statevector_seconds
from qdiff.simulation.grouped_shots import pays
from qdiff.simulation.measured_circuit import MeasuredCircuit, Table

if TYPE_CHECKING:
    from qdiff.simulation.error_patterns.states import Layout

_TABLES_SHARE = 0.1
"""Of the machine's memory, for the tables of the batches that are walked together."""


def planned_if_it_pays(task: MeasuredCircuit, batches: int, size: int) -> Sequence[Layout] | None:
    """The blocks to walk; None where Aer is likely to be as fast, or alone can do it."""
    aer = statevector_seconds(task.width, task.noisy.num_gates, batches * size)
    if not task.noisy.has_gate_noise or not pays(0.0, aer):
        return None
    from qdiff.simulation.error_patterns import cost
    from qdiff.simulation.error_patterns.blocks import blocks_of
    from qdiff.simulation.error_patterns.noisy_gates import noisy_gates
    from qdiff.simulation.error_patterns.sampler import check_memory
    from qdiff.simulation.error_patterns.states import layouts

    try:
        gates = noisy_gates(task.noisy.circuit, task.noisy.errors, task.qubits)
        planned = layouts(blocks_of(gates, dying=False))
        check_memory(planned)
    except InputError:  # another kind of noise or circuit, or too little memory
        return None
    return planned if pays(cost.seconds(planned, batches * size), aer) else None


def grouped_means(
    task: MeasuredCircuit,
    planned: Sequence[Layout],
    batches: int,
    size: int,
    root: np.random.SeedSequence,
) -> Iterator[Table]:
    """The mean table of each batch before readout, as many batches walked together as fit."""
    from qdiff.simulation.error_patterns.averages import averaged_laws

    together = max(1, int(_TABLES_SHARE * total_memory()) // (8 << task.width))
    for start, child in zip(
        range(0, batches, together), root.spawn(-(-batches // together)), strict=True
    ):
        sizes = np.full(min(together, batches - start), size)
        yield from averaged_laws(planned, task.qubits, sizes, np.random.default_rng(child))
