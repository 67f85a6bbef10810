"""Packages that people use with samplers run unchanged on surrogates; each only where it is."""

from __future__ import annotations

import numpy as np
import pytest
from exact_surrogates import exact_surrogate
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.visualization import plot_histogram

import qdiff
from qdiff import OnDemand, SurrogateSampler
from qdiff.fitting.config import Candidate, FitConfig
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.noise.spec import NoiseSpec

TINY = FitConfig(
    folds=1,
    candidates=(Candidate(training=TrainingConfig(steps=3, evaluate_every=3)),),
    matrix_product=False,
    interactions=False,
)


def needs(package: str) -> object:
    return pytest.importorskip(package, reason=f"needs {package}: the extra 'clients'")


def ghz() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.cx(1, 2)
    circuit.measure_all()
    return circuit


def test_plot_histogram() -> None:
    model = exact_surrogate(ghz())
    result = SurrogateSampler(model, seed=1).run([ghz()], shots=100).result()
    figure = plot_histogram(result[0].data.meas.get_counts())
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["000", "111"]


def test_sampler_qnn() -> None:
    """Forward probabilities of a family surrogate, within 6 standard errors of the exact ones."""
    needs("qiskit_machine_learning")
    from qiskit_machine_learning.neural_networks import SamplerQNN

    x, weight = Parameter("x"), Parameter("w")
    circuit = QuantumCircuit(2)
    circuit.ry(x, 0)
    circuit.cx(0, 1)
    circuit.rx(weight, 1)
    measured = circuit.copy()
    measured.measure_all()

    def family(values):
        return exact_surrogate(measured.assign_parameters(values))

    shots = 2000
    sampler = SurrogateSampler((measured, family), seed=1, default_shots=shots)
    network = SamplerQNN(circuit=circuit, input_params=[x], weight_params=[weight], sampler=sampler)
    inputs = np.array([[0.3], [1.1], [2.5]])
    found = network.forward(inputs, [0.4])
    wanted = np.array(
        [
            qdiff.exact(measured.assign_parameters({x: row[0], weight: 0.4})).probabilities
            for row in inputs
        ]
    )
    assert np.abs(found - wanted).max() < 6 * np.sqrt(0.25 / shots)


def test_grover() -> None:
    """A sampler-based algorithm whose circuits nobody knows in advance: fitted on demand."""
    needs("qiskit_algorithms")
    from qiskit_algorithms import AmplificationProblem, Grover

    oracle = QuantumCircuit(2)
    oracle.cz(0, 1)
    problem = AmplificationProblem(oracle, is_good_state=["11"])
    wish = OnDemand(noise=NoiseSpec(p1=0.0, p2=0.0), shots=300, config=TINY)
    result = Grover(iterations=1, sampler=SurrogateSampler(on_demand=wish, seed=1)).amplify(problem)
    assert result.top_measurement == "11"


def test_sqd_post_selection() -> None:
    needs("qiskit_addon_sqd")
    from qiskit_addon_sqd.counts import bit_array_to_arrays
    from qiskit_addon_sqd.subsampling import postselect_by_hamming_right_and_left

    circuit = QuantumCircuit(4)
    circuit.h(0)
    circuit.cx(0, 2)
    circuit.x(1)
    circuit.measure_all()
    sampler = SurrogateSampler(exact_surrogate(circuit), seed=1)
    data = sampler.run([circuit], shots=500).result()[0].data
    matrix, weights = bit_array_to_arrays(data.meas)
    kept, share = postselect_by_hamming_right_and_left(
        matrix, weights, hamming_right=2, hamming_left=1
    )
    assert kept.astype(int).tolist() == [[0, 1, 1, 1]]  # bit 3 leftmost
    assert share.sum() == pytest.approx(1)


def test_mthree_corrects_surrogate_counts() -> None:
    """Readout errors in the surrogate's law are undone, within 6 standard errors of the counts."""
    mthree = needs("mthree")
    noise = "depolarizing:p1=0,p2=0,readout=0.03/0.06"
    shots = 4000
    sampler = SurrogateSampler(exact_surrogate(ghz(), noise), seed=1)
    counts = sampler.run([ghz()], shots=shots).result()[0].data.meas.get_counts()
    mitigation = mthree.M3Mitigation()
    mitigation.cals_from_matrices([np.array([[0.97, 0.06], [0.03, 0.94]], np.float32)] * 3)
    quasi = mitigation.apply_correction(counts, range(3))
    inflated = 1 / (1 - 0.09) ** 3
    for key in ("000", "111"):
        assert abs(quasi[key] - 0.5) < 6 * inflated * np.sqrt(0.25 / shots)
    assert abs(counts["000"] / shots - 0.5) > 0.02  # and there was something to undo
