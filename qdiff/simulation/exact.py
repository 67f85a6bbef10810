"""The exact noisy distribution of a circuit."""

from __future__ import annotations

from pathlib import Path

from qiskit import QuantumCircuit

from qdiff.data.argument_checks import check_flag
from qdiff.data.distribution import Distribution
from qdiff.noise.spec import NoiseSpec
from qdiff.progress import progress_bar
from qdiff.simulation.aer_method import Method
from qdiff.simulation.measured_circuit import MeasuredCircuit
from qdiff.simulation.pauli_basis.contraction import probabilities
from qdiff.simulation.pauli_basis.plan import plan
from qdiff.simulation.pauli_basis.transfer_matrix import steps_of


def exact(
    circuit: str | Path | QuantumCircuit,
    noise: NoiseSpec | str | None = None,
    *,
    progress: bool = False,
) -> Distribution:
    """The exact distribution of all classical bits of `circuit` under `noise`.

    The state before measurement is a state vector when nothing is noisy, else a density matrix
    (in the Pauli basis, `pauli_basis`); then each measured bit passes its readout, a classical
    channel. Classical bits that nothing is measured into are 0. Qubits and gates that no
    measurement can see cost nothing.

    Raises `InputError`, before memory is taken, when there is too little of it or the classical
    bits are too many for a table; and, with the reason, for circuits with mid-circuit measurement
    or feed-forward, whose shots `simulate` draws.

    >>> bell = QuantumCircuit(2)
    >>> _ = bell.h(0), bell.cx(0, 1), bell.measure_all()
    >>> exact(bell, "depolarizing:p1=0,p2=0.1").probabilities.round(3).tolist()
    [0.475, 0.025, 0.025, 0.475]
    """
    check_flag(progress, "progress")
    task = MeasuredCircuit.read(circuit, noise)
    planned = plan(steps_of(task.noisy), task.qubits)
    amplitudes = task.state_vector_bytes
    if task.is_pure and amplitudes <= planned.bytes:
        task.check_memory(amplitudes, "a state vector")
        method = Method.STATEVECTOR
        table = task.averaged_probabilities(shots=1, seed=0)
    else:
        task.check_memory(planned.bytes, "a density matrix")
        method = Method.DENSITY_MATRIX
        with progress_bar("exact", len(planned.contractions), shown=progress) as tick:
            table = probabilities(planned, task.qubits, tick=tick)
    return task.distribution(
        task.after_readout(table), provenance={"method": method.value, "exact": True}
    )
