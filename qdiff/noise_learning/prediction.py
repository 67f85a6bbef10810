"""The law of a circuit that was never run, from what is known of the device."""

from __future__ import annotations

import numpy as np
from scipy.stats import poisson

from qdiff.data.bits import Floats
from qdiff.models.laws.table import TableLaw
from qdiff.models.noisy_circuit.error_groups import draw_histories
from qdiff.models.noisy_circuit.history_laws import laws_after
from qdiff.models.noisy_circuit.history_numbers import number_of_histories, numbers_of
from qdiff.models.noisy_circuit.law import CircuitLaw
from qdiff.models.noisy_circuit.memory_needed import check_memory
from qdiff.models.noisy_circuit.statevector import ideal_law
from qdiff.models.readout.confusion import Confusion
from qdiff.noise_learning.device_circuit import DeviceCircuit
from qdiff.noise_learning.numbers import BACKGROUND, PAIR_FLIP, Number, from_scale
from qdiff.noise_learning.posterior import Posterior

_CHUNK = 1 << 24
"""Probabilities of laws after errors that are held at once."""


def predicted_law(
    circuit: DeviceCircuit, known: Posterior, operations: float, generator: np.random.Generator
) -> CircuitLaw:
    """The most probable law of `circuit`: errors of gates by histories, then readout.

    With ``K`` histories, as many as `operations` allow, its KL from the law of exactly these rates
    is about ``(1 - e^-mu)^2 / 2K``, ``mu`` the mean number of errors in a run.
    """
    return read_law(circuit, before_readout(circuit, known, operations, generator), known)


def read_law(circuit: DeviceCircuit, before: Floats, known: Posterior) -> CircuitLaw:
    """The law `before` readout as it is read; the background has the marginals of what is read."""
    confusion = readout_of(circuit, known)
    marginals = marginals_of(confusion.apply(before))
    return CircuitLaw(TableLaw.of(before), confusion, known.value(Number(BACKGROUND)), marginals)


def before_readout(
    circuit: DeviceCircuit, known: Posterior, operations: float, generator: np.random.Generator
) -> Floats:
    """The law after errors of gates alone, ``(2^n,)``."""
    program = circuit.program.over_rotated(*known.angles)
    histories = number_of_histories(program, operations)
    check_memory(program, 0)
    law = ideal_law(program)
    rates = np.exp(known.values(circuit.rates))
    uses = rates * np.array([group.size for group in circuit.groups])
    mean = float(uses.sum())
    if not mean:
        return law
    law *= np.exp(-mean)
    numbers = numbers_of(mean, histories)
    masses = poisson.pmf(np.arange(1, len(numbers) + 1), mean)
    masses[-1] = poisson.sf(len(numbers) - 1, mean)
    most = max(1, _CHUNK >> program.num_bits)
    for errors, (number, mass) in enumerate(zip(numbers, masses, strict=True), start=1):
        drawn = draw_histories(circuit.groups, uses / mean, number, errors, generator)
        drawn.sort(key=lambda history: history.gates[0])
        for start in range(0, number, most):
            laws = laws_after(program, circuit.groups, drawn[start : start + most])
            law += mass / number * laws.sum(axis=0, dtype=np.float64)
    return np.asarray(law / law.sum())


def readout_of(circuit: DeviceCircuit, known: Posterior) -> Confusion:
    """What readout does to the circuit's classical bits; those never written stay 0."""
    chances = np.zeros((2, circuit.program.num_bits))
    read = [known.value(number) for number in circuit.readout]
    chances[:, circuit.bits] = np.reshape(read, (2, -1))
    confusion = Confusion.independent(*chances)
    if not known.prior.pair_flips:
        return confusion
    flips = known.values(circuit.pair_flips)
    rates = [from_scale(PAIR_FLIP, float(flip)) for flip in flips]
    return confusion.with_pair_flips(circuit.program.couplings, rates)


def marginals_of(law: Floats) -> Floats:
    """The chance of a 1 in each bit of a table."""
    index = np.arange(len(law))
    bits = len(law).bit_length() - 1
    return np.array([float(law @ (index >> bit & 1)) for bit in range(bits)]).clip(0, 1)
