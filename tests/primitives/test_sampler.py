"""The sampler primitive: families, matching, fits on demand, the cache, and what is refused."""

from __future__ import annotations

import copy
import multiprocessing
import time
from pathlib import Path

import numpy as np
import pytest
from asymmetric_circuits import measured_all, one_register, partial, sweep, two_registers
from exact_surrogates import exact_surrogate, sampler, surrogate_of
from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer.primitives import SamplerV2

import qdiff
from qdiff import FamilyConfig, InputError, Shots, simulate_family
from qdiff.errors import MatchWarning
from qdiff.files.qiskit_results import from_qiskit
from qdiff.fitting.config import Candidate, FitConfig
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.primitives.catalogue import Catalogue
from qdiff.primitives.family import Family
from qdiff.primitives.model_cache import ModelCache, key_of
from qdiff.primitives.on_demand import OnDemand
from qdiff.primitives.sampler import SurrogateSampler

QUICK = FitConfig(
    folds=1,
    candidates=(Candidate(training=TrainingConfig(steps=3, evaluate_every=3)),),
    matrix_product=False,
)


def test_a_family_surrogate_is_asked_for_each_point() -> None:
    circuit, values = sweep()
    asked = []

    def family(at):
        asked.append((at["a"], at["b"]))
        return exact_surrogate(circuit.assign_parameters([at["a"], at["b"]]))

    backend = GenericBackendV2(4, seed=1)
    for template in (circuit, transpile(circuit, backend, seed_transpiler=3)):
        asked.clear()
        result = sampler((circuit, family)).run([(template, values)], shots=10).result()[0]
        assert asked == [tuple(point) for point in values.reshape(6, 2)]
        assert result.data.shape == (2, 3)
    renamed = circuit.assign_parameters({"a": Parameter("z"), "b": Parameter("y")})
    asked.clear()
    sampler((circuit, family)).run([(renamed, {"z": [0.1, 0.2], "y": [0.3, 0.4]})]).result()
    assert asked == [(0.1, 0.3), (0.2, 0.4)]
    with pytest.raises(InputError, match="must give a Surrogate"):
        sampler((circuit, lambda at: None)).run([(circuit, values)]).result()


def test_a_family_fits_what_it_lacks_or_refuses_it(tmp_path: Path) -> None:
    circuit, values = sweep()
    wish = OnDemand(noise="light", shots=200, config=QUICK, cache=tmp_path, seed=1)
    family = Family.fitted(circuit, values, wish)
    assert len(family) == 6
    files = {path.name for path in tmp_path.glob("*.safetensors")}
    assert len(files) == 6
    again = SurrogateSampler(Family(circuit, on_demand=wish), seed=2)
    again.run([(circuit, values)], shots=5).result()
    assert {path.name for path in tmp_path.glob("*.safetensors")} == files  # from the cache
    again.run([(circuit, values + 1)], shots=5).result()
    assert len([*tmp_path.glob("*.safetensors")]) == 12
    fixed = Family(circuit, [({"a": 0.1, "b": 0.2}, family({"a": 0.1, "b": values[0, 0, 1]}))])
    with pytest.raises(InputError, match=r"no surrogate at a=1, b=2, the nearest is at a=0\.1"):
        sampler(fixed).run([(circuit, [1.0, 2.0])]).result()
    model = exact_surrogate(measured_all())
    for call, message in (
        (lambda: Family(measured_all()), "no free parameters"),
        (lambda: Family(circuit, [([0.1], model)]), "4 bits but its circuit has 2"),
        (lambda: fixed.add([0.1], family._members[(*values[0, 0],)]), "2 finite values"),
        (lambda: fixed({"a": 0.1, "z": 1}), "parameters are a, b"),
        (lambda: Family.fitted(circuit, np.zeros((2, 3)), wish), "last axis of 2"),
        (lambda: Family(circuit)({"a": 1, "b": 2}), "add one, or give on_demand"),
    ):
        with pytest.raises(InputError, match=message):
            call()


def test_a_model_answers_between_exact_members() -> None:
    circuit, values = sweep()
    noisy = simulate_family(
        circuit, values.reshape(6, 2), "light", strengths=np.geomspace(0.5, 1, 6), shots=50, seed=1
    )
    few = TrainingConfig(steps=3, batch=2, evaluate_every=3)
    trained = FamilyConfig(hidden=4, width=4, members=1, training=few)
    model = qdiff.fit_family(noisy, config=trained, seed=1)
    exact = exact_surrogate(circuit.assign_parameters([9.0, 9.0]))
    family = Family(circuit, [([9.0, 9.0], exact)], model=model, strength=0.7)
    middle = dict(zip(family.names, values.reshape(6, 2).mean(axis=0), strict=True))
    assert family({"a": 9.0, "b": 9.0}) is exact
    assert family(middle).card["trained_on"]["strength"] == pytest.approx(0.7)
    drawn = SurrogateSampler(family, seed=1).run([(circuit, middle)], shots=20).result()[0]
    assert sum(drawn.data[next(iter(drawn.data))].get_counts().values()) == 20
    with pytest.raises(InputError, match=r"a=8 is outside .* force=True"):
        family({"a": 8.0, "b": 8.0})
    with pytest.raises(InputError, match="how strong"):
        Family(circuit, model=model)(middle)
    wish = OnDemand(noise="light", shots=50)  # a forgotten strength is no reason to fit
    with pytest.raises(InputError, match="how strong"):
        Family(circuit, model=model, on_demand=wish)(middle)
    renamed = circuit.assign_parameters({"a": Parameter("z")})
    with pytest.raises(InputError, match="the model knows the parameters a, b"):
        Family(renamed, model=model)
    with pytest.raises(InputError, match="bits but its circuit has"):
        Family(two_free(), model=model)


def two_free() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("a"), 0)
    circuit.rz(Parameter("b"), 0)
    circuit.measure(0, 0)
    return circuit


def test_a_transpiled_copy_is_known() -> None:
    circuit = measured_all()
    backend = GenericBackendV2(7, coupling_map=[[i, i + 1] for i in range(6)], seed=2)
    copy = transpile(circuit, backend, optimization_level=2, seed_transpiler=1)
    model = exact_surrogate(circuit)
    result = sampler(model).run([copy], shots=50).result()[0]
    assert result.metadata["qdiff"]["matched_by"] == ["law"]
    with pytest.raises(InputError, match="no surrogate stands for"):
        sampler(model, match="structure").run([copy]).result()


def test_a_folded_circuit_is_warned_of() -> None:
    circuit = QuantumCircuit(2)
    circuit.ry(0.5, 0)
    circuit.cx(0, 1)
    folded = circuit.copy()
    folded.cx(0, 1)
    folded.cx(0, 1)
    for each in (circuit, folded):
        each.measure_all()
    with pytest.warns(MatchWarning, match="3 two-qubit gates"):
        sampler(exact_surrogate(circuit)).run([folded]).result()


def test_the_right_one_of_several_surrogates() -> None:
    first, second = one_register("c"), two_registers()
    other = one_register("c").copy_empty_like()
    other.x(0)
    other.measure(range(4), range(4))
    models = [exact_surrogate(each) for each in (first, second, other)]
    result = sampler(*models).run([other, first], shots=200).result()
    assert result[0].data.c.get_counts() == {"0001": 200}
    assert len(result[1].data.c.get_counts()) > 4


def test_seeds_shots_and_metadata() -> None:
    circuit = measured_all()
    circuit.metadata = {"mine": 5}
    model = exact_surrogate(circuit)
    runs = [
        SurrogateSampler(model, seed=seed, default_shots=64).run([circuit, circuit]).result()
        for seed in (3, 3, 4)
    ]
    arrays = [result[0].data.meas.array for result in runs]
    assert np.array_equal(arrays[0], arrays[1])
    assert not np.array_equal(arrays[0], arrays[2])
    assert not np.array_equal(arrays[0], runs[0][1].data.meas.array)  # pubs are independent
    assert runs[0].metadata == {"version": 2}
    assert runs[0][0].metadata["circuit_metadata"] == {"mine": 5}
    assert runs[0][0].data.meas.num_shots == 64
    again = SurrogateSampler(model, seed=3).run([(circuit, None, 10)], shots=20).result()
    assert again[0].data.meas.num_shots == 10


def test_the_order_of_shots_is_random() -> None:
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    data = sampler(exact_surrogate(circuit)).run([circuit], shots=1000).result()[0].data
    first = data.meas.array[:500].sum()
    # sorted shots would give 0; half of 500 within 6 standard deviations
    assert abs(first - 250) < 6 * np.sqrt(125)


def test_a_circuit_without_registers_gives_an_empty_result() -> None:
    circuit = QuantumCircuit(1)
    with pytest.warns(UserWarning, match="no classical register"):
        result = sampler(exact_surrogate(measured_all())).run([circuit]).result()
    assert len(result[0].data) == 0


def test_what_is_no_catalogue_is_refused() -> None:
    circuit, _ = sweep()
    model = exact_surrogate(measured_all())
    unknown = surrogate_of(qdiff.Distribution(probabilities=np.full(4, 0.25)))
    for entries, message in (
        ([], "needs surrogates"),
        (unknown, "which circuit"),
        ((measured_all(), unknown), "2 bits but its circuit has 4"),
        ((circuit, model), "free parameters"),
        ((measured_all(), 5), "no surrogate"),
        ([5], "expected a surrogate"),
    ):
        with pytest.raises(InputError, match=message):
            SurrogateSampler(entries)
    with pytest.raises(InputError, match="match must be"):
        SurrogateSampler(model, match="name")
    with pytest.raises(InputError, match="got int"):
        SurrogateSampler(5)


def test_fitting_on_demand_and_keeping_it(tmp_path: Path) -> None:
    circuit = two_registers()
    wish = OnDemand(noise="light", shots=300, config=QUICK, cache=tmp_path)
    first = SurrogateSampler(on_demand=wish, seed=1)
    result = first.run([circuit, circuit], shots=50).result()
    assert [pub.metadata["qdiff"]["matched_by"] for pub in result] == [["fitted"], ["structure"]]
    files = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert len(files) == 1
    before = (tmp_path / files[0]).stat().st_mtime_ns
    second = SurrogateSampler(on_demand=wish, seed=1).run([circuit, circuit], shots=50).result()
    assert (tmp_path / files[0]).stat().st_mtime_ns == before
    assert np.array_equal(result[0].data.alpha.array, second[0].data.alpha.array)
    # damaged: mended; other noise: another file
    (tmp_path / files[0]).write_bytes(b"broken")
    with pytest.warns(UserWarning, match="mended"):
        SurrogateSampler(on_demand=wish).run([circuit]).result()
    assert qdiff.load(tmp_path / files[0]).num_bits == 4
    heavy = OnDemand(noise="heavy", shots=300, config=QUICK, cache=tmp_path)
    SurrogateSampler(on_demand=heavy).run([circuit]).result()
    assert len([*tmp_path.glob("*.safetensors")]) == 2


def test_a_fallback_sampler_keeps_registers_in_place() -> None:
    circuit = partial()
    wish = OnDemand(sampler=SamplerV2(seed=3), shots=500, config=QUICK)
    data = SurrogateSampler(on_demand=wish, seed=1).run([circuit], shots=400).result()[0].data
    assert set(data.wide.get_counts()) == {"000000000", "010000000"}


def test_what_on_demand_cannot_do_is_refused() -> None:
    for options, message in (
        ({}, "either noise"),
        ({"noise": "light", "sampler": SamplerV2()}, "either noise"),
        ({"noise": "light", "shots": 0}, "positive whole number"),
        ({"noise": "nonsense"}, "unknown noise"),
        ({"noise": "light", "effort": "quick"}, "unknown effort"),
        ({"noise": "light", "seed": "x"}, "seed must be"),
        ({"noise": "light", "seed": -1}, "seed must be"),
        ({"sampler": SamplerV2(), "cache": "somewhere"}, "needs a label"),
    ):
        with pytest.raises(InputError, match=message):
            OnDemand(**options)


def test_jobs_that_run_at_once_share_one_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, fits = two_registers(), []

    def slowly(wish: OnDemand, asked: QuantumCircuit) -> qdiff.Surrogate:
        fits.append(asked)
        time.sleep(0.3)
        return exact_surrogate(circuit)

    monkeypatch.setattr(OnDemand, "surrogate", slowly)
    sampler = SurrogateSampler(on_demand=OnDemand(noise="light"), seed=1)
    for job in [sampler.run([circuit], shots=5) for _ in range(3)]:
        job.result()
    assert len(fits) == 1
    assert len(copy.deepcopy(sampler).catalogue) == 1


def test_a_catalogue_that_grows_while_it_is_asked() -> None:
    """What `find` has recognised is not lost when an entry is added before it returns."""
    circuit = two_registers()
    entry = (circuit, exact_surrogate(circuit))
    catalogue = Catalogue(entry, match="law")
    search = catalogue._search

    def interrupted(*arguments):
        found = search(*arguments)
        catalogue.add(entry)
        return found

    catalogue._search = interrupted
    assert catalogue.find(circuit).surrogate is entry[1]
    assert not catalogue._memo  # it may be of what was known before


def _make_slowly(folder: str, key: str, marks: str, number: int) -> None:
    def make():
        Path(marks, str(number)).touch()
        time.sleep(0.3)
        return surrogate_of(qdiff.Distribution(probabilities=np.full(4, 0.25)))

    assert ModelCache(folder).get(key, make).num_bits == 2


def test_processes_share_a_cache_and_one_of_them_fits(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    context = multiprocessing.get_context("fork")
    key = key_of({"same": 1})
    workers = [
        context.Process(target=_make_slowly, args=(str(tmp_path), key, str(marks), number))
        for number in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert len([*marks.iterdir()]) == 1
    assert key != key_of({"same": 2})


def test_dynamic_circuits_are_matched_by_structure() -> None:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    shots = qdiff.simulate(circuit, shots=200, seed=1)
    wish = (circuit, qdiff.fit(shots, config=QUICK))
    counts = sampler(wish).run([circuit], shots=100).result()[0].data.c.get_counts()
    assert sum(counts.values()) == 100


def test_shots_of_a_device_need_no_noise_model(tmp_path: Path) -> None:
    """A job result alone: shots, surrogate, sampler."""
    circuit = measured_all()
    job = SamplerV2(seed=5).run([circuit], shots=400).result()
    shots = from_qiskit(job)
    assert isinstance(shots, Shots)
    model = qdiff.fit(shots, config=QUICK)
    assert sampler((circuit, model)).run([circuit], shots=7).result()[0].data.meas.num_shots == 7


def test_a_fit_on_demand_knows_where_qubits_sit_if_the_noise_does() -> None:
    """Readout errors on qubit 5 alone: a circuit on it is not answered by one on qubit 0."""
    noise = qdiff.NoiseSpec.from_dict(
        {"p1": 0.0, "p2": 0.0, "qubits": {"5": {"readout": [0.4, 0.4]}}}
    )
    sampler = SurrogateSampler(
        on_demand=OnDemand(noise=noise, shots=500, config=QUICK, seed=1), seed=2
    )
    circuits = []
    for qubit in (0, 5):
        circuit = QuantumCircuit(6, 1)
        circuit.x(qubit)
        circuit.measure(qubit, 0)
        circuits.append(circuit)
    results = sampler.run(circuits, shots=1000).result()
    ones = [result.data.c.get_counts()["1"] for result in results]
    assert ones[0] > 950  # 1000 but for what 500 shots leave open
    assert 450 < ones[1] < 750  # 600, give or take six standard errors of both draws
    again = sampler.run(circuits[:1], shots=10).result()[0].metadata["qdiff"]["matched_by"]
    assert again == ["fitted"]
