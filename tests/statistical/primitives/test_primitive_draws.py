"""Sampler and backend answer with the laws of Aer, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from asymmetric_circuits import lopsided, measured_all, one_register, partial, sweep, two_registers
from chi_square import FALSE_ALARM, biased, p_value
from exact_surrogates import exact_surrogate, sampler, surrogate_of
from qiskit import QuantumCircuit, transpile
from qiskit.primitives import BackendSamplerV2, BitArray, DataBin
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer.primitives import SamplerV2

import qdiff
from qdiff import SurrogateBackend
from qdiff.files.qiskit_results import from_qiskit
from qdiff.primitives.family import Family

CIRCUITS = {
    "meas": measured_all(),
    "c": one_register("c"),
    "two registers": two_registers(),
    "partial": partial(),
    "not a word": one_register("my register"),
}


@pytest.mark.parametrize("circuit", CIRCUITS.values(), ids=CIRCUITS)
def test_registers_and_bit_order_are_those_of_aer(circuit: QuantumCircuit) -> None:
    truth = qdiff.exact(circuit)
    mine = sampler(surrogate_of(truth)).run([circuit], shots=20_000).result()[0]
    theirs = SamplerV2(seed=1).run([circuit], shots=20_000).result()[0]
    assert [*mine.data] == [*theirs.data]
    for name in theirs.data:
        assert mine.data[name].array.shape == theirs.data[name].array.shape
        assert mine.data[name].num_bits == theirs.data[name].num_bits
    assert mine.metadata["shots"] == theirs.metadata["shots"]
    for result in (mine, theirs):
        assert p_value(from_qiskit(result), truth) > FALSE_ALARM
        assert p_value(from_qiskit(result), biased(truth, 0.1)) < FALSE_ALARM


def test_registers_that_data_bins_forbid() -> None:
    """Aer's sampler cannot name them; it answers the same circuit under another name."""
    with pytest.raises((TypeError, ValueError)):
        DataBin(keys=BitArray.from_counts({"0": 1}))
    with pytest.raises((TypeError, ValueError)):
        SamplerV2(seed=1).run([one_register("keys")]).result()
    reference = (
        sampler(exact_surrogate(one_register("c"))).run([one_register("c")]).result()[0].data.c
    )
    theirs = SamplerV2(seed=1).run([one_register("c")], shots=1024).result()[0].data.c
    assert theirs.array.shape == reference.array.shape
    truth = qdiff.exact(one_register("c"))
    for answer in (theirs, reference):
        assert p_value(from_qiskit(answer), truth) > FALSE_ALARM
        assert p_value(from_qiskit(answer), biased(truth, 0.5)) < FALSE_ALARM
    for name in ("shape", "keys", "size", "_data", "items", "ndim"):
        circuit = one_register(name)
        result = sampler(exact_surrogate(circuit)).run([circuit]).result()[0]
        assert [*result.data] == [name]
        assert isinstance(result.data, DataBin)
        assert result.data.shape == ()
        assert np.array_equal(result.data[name].array, reference.array)
        assert result.join_data().num_bits == 4


def test_a_sweep_has_the_shape_and_the_laws_of_aers() -> None:
    circuit, values = sweep()
    points = [circuit.assign_parameters(point) for point in values.reshape(6, 2)]
    entries = [(point, exact_surrogate(point)) for point in points]
    mine = sampler(*entries).run([(circuit, values)], shots=4000).result()[0]
    theirs = SamplerV2(seed=1).run([(circuit, values)], shots=4000).result()[0]
    assert mine.data.shape == theirs.data.shape == (2, 3)
    assert mine.data.c.array.shape == theirs.data.c.array.shape
    for place, point in zip(np.ndindex(2, 3), points, strict=True):
        truth = qdiff.exact(point)
        for result in (mine, theirs):
            assert p_value(from_qiskit(result, index=place), truth) > FALSE_ALARM


def test_a_family_answers_a_sweep_and_its_transpiled_copy() -> None:
    circuit, values = sweep()
    points = values.reshape(6, 2)
    members = [(point, exact_surrogate(circuit.assign_parameters(point))) for point in points]
    family = Family(circuit, members)
    copy = transpile(circuit, GenericBackendV2(4, seed=1), seed_transpiler=3)
    for template in (circuit, copy):
        result = sampler(family).run([(template, values)], shots=4000).result()[0]
        assert result.data.shape == (2, 3)
        assert result.metadata["qdiff"]["matched_by"][0].startswith("family")
        for place, point in zip(np.ndindex(2, 3), points, strict=True):
            truth = qdiff.exact(circuit.assign_parameters(point))
            assert p_value(from_qiskit(result, index=place), truth) > FALSE_ALARM
            other = qdiff.exact(circuit.assign_parameters(points[0] if place[0] else points[5]))
            assert p_value(from_qiskit(result, index=place), other) < FALSE_ALARM
    near = {"b": points[2, 1] + 1e-12, "a": points[2, 0]}
    assert family(near) is members[2][1]


def test_backend_sampler_runs_unchanged() -> None:
    circuit = lopsided()
    truth = qdiff.exact(circuit)
    line = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)]
    backend = SurrogateBackend(surrogate_of(truth), seed=1, num_qubits=4, coupling_map=line)
    copy = transpile(circuit, backend, optimization_level=1, seed_transpiler=2)
    assert {step.operation.name for step in copy.data} <= {*backend.operation_names, "barrier"}
    for each in (circuit, copy):
        result = BackendSamplerV2(backend=backend).run([each], shots=10_000).result()
        assert p_value(from_qiskit(result), truth) > FALSE_ALARM
