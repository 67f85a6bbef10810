"""The backend: Qiskit's own wrapper of backends, transpilation to its target, results."""

from __future__ import annotations

import pytest
from asymmetric_circuits import lopsided
from exact_surrogates import exact_surrogate
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.providers.fake_provider import GenericBackendV2

from qdiff import InputError, SurrogateBackend
from qdiff.files.qiskit_results import from_qiskit


def test_results_have_counts_memory_and_registers() -> None:
    circuit = QuantumCircuit(2, 2, name="two")
    flag = ClassicalRegister(1, "flag")
    circuit.add_register(flag)
    circuit.x([0, 1])
    circuit.measure(0, 1)
    circuit.measure(1, flag[0])
    backend = SurrogateBackend((circuit, exact_surrogate(circuit)))
    result = backend.run([circuit, circuit], shots=5, memory=True).result()
    assert result.get_counts(0) == {"1 10": 5}
    assert result.get_memory(1) == ["1 10"] * 5
    assert from_qiskit(result, pub=1).to_counts() == {"1 10": 5}
    job = backend.run(circuit)
    assert job.status().name == "DONE"
    assert sum(job.result().get_counts().values()) == backend.options.shots


def test_seeds() -> None:
    circuit = lopsided()
    backend = SurrogateBackend(exact_surrogate(circuit), seed=1)
    first, second, other = (
        backend.run(circuit, shots=200, seed_simulator=seed).result().get_counts()
        for seed in (3, 3, 4)
    )
    assert first == second != other


def test_a_device_gives_its_target() -> None:
    device = GenericBackendV2(5, seed=1)
    backend = SurrogateBackend(exact_surrogate(lopsided()), device=device)
    assert backend.num_qubits == 5
    assert backend.target is device.target


def test_what_cannot_run_is_refused() -> None:
    circuit = lopsided()
    model = exact_surrogate(circuit)
    free = QuantumCircuit(1)
    free.rx(Parameter("a"), 0)
    free.measure_all()
    other = QuantumCircuit(3)
    other.measure_all()
    backend = SurrogateBackend(model)
    for call, message in (
        (lambda: SurrogateBackend(), "needs surrogates"),
        (lambda: SurrogateBackend(model, coupling_map=[(0, 9)]), "beyond the 3"),
        (lambda: backend.run(free), "free parameters"),
        (lambda: backend.run(circuit, shots=0), "positive whole number"),
        (lambda: backend.run(other), "no surrogate stands for"),
    ):
        with pytest.raises(InputError, match=message):
            call()


def test_an_unknown_option_is_told() -> None:
    circuit = lopsided()
    with pytest.warns(UserWarning, match="no option shot; its options are shots"):
        SurrogateBackend(exact_surrogate(circuit)).run(circuit, shot=5)
