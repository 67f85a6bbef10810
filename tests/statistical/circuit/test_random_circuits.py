"""Random circuits: their angles and their outcome laws have the distributions that they should."""

from __future__ import annotations

import math

import numpy as np
from chi_square import FALSE_ALARM
from scipy.stats import kstest

from qdiff import exact
from qdiff.circuit.families import by_name as families


def test_deep_brickwork_is_porter_thomas_and_shallow_is_not() -> None:
    """``2^n p`` is exponential with mean 1 (Kolmogorov-Smirnov, false alarm 1e-6)."""
    deep = exact(families.brickwork(11, depth=22, seed=2)).probabilities * 2**11
    shallow = exact(families.brickwork(11, depth=2, seed=2)).probabilities * 2**11
    assert kstest(deep, "expon").pvalue > FALSE_ALARM
    assert kstest(shallow, "expon").pvalue < FALSE_ALARM


def test_one_qubit_gates_are_haar_random() -> None:
    circuit = families.brickwork(100, depth=20, seed=3)
    params = np.array([s.operation.params for s in circuit.data if s.operation.name == "u"])
    assert kstest(np.cos(params[:, 0]), "uniform", args=(-1, 2)).pvalue > FALSE_ALARM
    assert kstest(params[:, 0], "uniform", args=(0, math.pi)).pvalue < FALSE_ALARM
    for column in (1, 2):
        assert kstest(params[:, column], "uniform", args=(0, 2 * math.pi)).pvalue > FALSE_ALARM
