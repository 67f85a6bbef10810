"""Shots grouped by their errors against exact laws and against Aer's shots."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetric_circuits import (
    CROSSWISE_NOISE,
    SPARE_BITS_NOISE,
    asymmetric,
    crosswise,
    crosswise_with_spare_bits,
)
from chi_square import FALSE_ALARM, biased, p_value
from qiskit import QuantumCircuit
from scipy import stats

from qdiff import Distribution, NoiseSpec, Shots, exact, load_circuit, simulate
from qdiff.noise.presets import PRESETS

SHOTS = 100_000
RELAXING = NoiseSpec(
    p1=0.01, p2=0.02, over_rotation=0.1, t1=1e-4, t2=7e-5, time1=1e-6, time2=4e-6, readout=0.03
)  # fmt: skip


def check(circuit: QuantumCircuit, noise: NoiseSpec, shots: int = SHOTS) -> None:
    """No alarm for these shots, and one for a law that is 2 % off and for reversed bits."""
    law = exact(circuit, noise)
    found = simulate(circuit, noise, shots=shots, seed=1, grouping=True)
    assert found.num_shots == shots
    assert p_value(found, law) > FALSE_ALARM
    assert p_value(found, biased(law)) < FALSE_ALARM
    mirrored = law.marginal(range(law.num_bits)[::-1]).probabilities
    assert p_value(found, Distribution(probabilities=mirrored)) < FALSE_ALARM


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset(preset: str) -> None:
    check(asymmetric(5), NoiseSpec.parse(preset))


def test_rates_by_qubit_registers_crosswise_and_bits_never_written() -> None:
    check(crosswise(clifford=False), CROSSWISE_NOISE)
    check(crosswise_with_spare_bits(), SPARE_BITS_NOISE)


def test_relaxation_and_over_rotation() -> None:
    check(asymmetric(4), RELAXING, 150_000)


def test_many_errors_a_shot() -> None:
    """Two in the mean, relaxation among them, on a circuit of many blocks."""
    circuit = load_circuit("brickwork:8,depth=8,seed=2")
    spec = NoiseSpec.parse("superconducting").scaled(3)
    found = simulate(circuit, spec, shots=40_000, seed=1, grouping=True)
    law = exact(circuit, spec)
    assert p_value(found, law) > FALSE_ALARM
    assert p_value(biased(law).sample(40_000, seed=2), law) < FALSE_ALARM
    assert p_value(found, exact(circuit, spec.scaled(0.5))) < FALSE_ALARM


def test_against_aer_s_shots() -> None:
    circuit = load_circuit("brickwork:7,depth=6,seed=3")
    spec = NoiseSpec(p1=0.005, p2=0.03, readout=(0.02, 0.05))
    ours = simulate(circuit, spec, shots=SHOTS, seed=1, grouping=True)
    aers = simulate(circuit, spec, shots=SHOTS, seed=2, method="density_matrix")
    assert two_samples(ours, aers) > FALSE_ALARM
    other = biased(exact(circuit, spec), 0.04).sample(SHOTS, seed=3)
    assert two_samples(other, aers) < FALSE_ALARM


def two_samples(first: Shots, second: Shots) -> float:
    """The p-value of Pearson's test that two tables of counts are of one law."""
    tables = np.zeros((2, 1 << first.num_bits))
    for row, shots in zip(tables, (first, second), strict=True):
        row[shots.bits @ (1 << np.arange(shots.num_bits))] = shots.counts
    return float(stats.chi2_contingency(tables[:, tables.sum(axis=0) > 0]).pvalue)
