"""Registers of any name: the same back from every file, or refused when it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.primitives import DataBin

import qdiff
from qdiff import InputError, Register, Shots
from qdiff.files import formats
from qdiff.files.convert import convert
from qdiff.files.formats import Form
from qdiff.files.hints import Hints
from qdiff.files.runtime_json import FORBIDDEN

ODD = (
    *("key", "Key", "bits", " bits", "bitstring", "outcome", "count", "counts", "register:key"),
    *("PK", "PK\x03\x04", "PAR1x", "{a", "[a", "  {", '{"__type__"', "__type__", "__value__"),
    *("a\nb", "\n", "a\r\nb", "\r", "a,b", ",", 'a"b', '"', "'", "a b", " ", "", "\t", "\ufeffa"),
    *("0101", "0", "shape", "keys", "results", "OPENQASM", "QISKIT", "\x80\x02", "é", "量子", "😀"),
    *(
        "OPENQASM 3.0; bit c; // ",
        "a:3,b:2",
        "\u2028",
        "\x85",
        "\x0b",
        "\x1c",
        "NULL",
        "nan",
        "register:",
    ),
)
IMPOSSIBLE = ("a\0b", "\ud800", "x" * 5000)

REFUSED = ((Form.PARQUET, "count"), (Form.RUNTIME, "shape"), (Form.RUNTIME, "keys"))
TABLES = [form for form in Form if form not in formats.NAMELESS]


def of(*names: str) -> Shots:
    rows = [[1, 0, 0] * len(names), [1, 1, 0] * len(names)]
    return Shots.from_bits(rows, [5, 2], registers=[Register(name, 3) for name in names])


def assert_round_trip(shots: Shots, form: Form, folder: Path) -> None:
    """Through a file whose name says nothing of its format."""
    path = folder / "file"
    path.write_bytes(formats.write(shots, form))
    assert formats.recognise(path.read_bytes()) is form
    loaded = qdiff.load(path)
    assert loaded == shots
    assert loaded.registers == shots.registers


def need(form: Form) -> None:
    if form is Form.PARQUET:
        pytest.importorskip("pyarrow", reason="Parquet files need the extra 'parquet'")


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("name", ODD)
def test_odd_names_come_back(name: str, form: Form, tmp_path: Path) -> None:
    need(form)
    if (form, name) in REFUSED:
        with pytest.raises(InputError, match="rename"):
            formats.write(of(name), form)
        return
    assert_round_trip(of(name), form, tmp_path)
    assert_round_trip(of(name, "c"), form, tmp_path)
    assert_round_trip(of("c", name), form, tmp_path)


@pytest.mark.parametrize("form", [Form.COUNTS, Form.RUNTIME, Form.NPZ, Form.CSV])
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(names=st.lists(st.text(max_size=6), min_size=1, max_size=3, unique=True))
@example(names=["register:register:key", "key"])
@example(names=["c", "self"])
def test_any_names_come_back_or_are_refused(form: Form, names: list[str], tmp_path: Path) -> None:
    forbidden = FORBIDDEN if form is Form.RUNTIME else ()
    if any("\0" in name or name in forbidden for name in names):
        with pytest.raises(InputError, match="rename"):
            formats.write(of(*names), form)
    else:
        assert_round_trip(of(*names), form, tmp_path)


@pytest.mark.parametrize("form", TABLES)
def test_impossible_names_are_refused_when_written(form: Form, tmp_path: Path) -> None:
    need(form)
    for names in (*((name,) for name in IMPOSSIBLE), ("c", "c")):
        with pytest.raises(InputError, match="rename") as caught:
            formats.write(of(*names), form)
        assert len(str(caught.value)) < 300
        str(caught.value).encode()


@pytest.mark.parametrize("name", [*ODD, *IMPOSSIBLE])
def test_qdiffs_own_files_hold_any_name(name: str, tmp_path: Path) -> None:
    of(name, "other").save(tmp_path / "x.safetensors")
    assert qdiff.load(tmp_path / "x.safetensors").registers == of(name, "other").registers


@pytest.mark.parametrize("name", sorted({*dir(DataBin), *FORBIDDEN, "c", "a b", "field_names"}))
def test_runtime_files_are_what_qiskits_own_containers_can_hold(name: str) -> None:
    try:
        DataBin(**{name: 1}, shape=())
    except (TypeError, ValueError, AttributeError):
        with pytest.raises(InputError, match="rename"):
            formats.write(of(name), Form.RUNTIME)
        assert name in FORBIDDEN
    else:
        assert formats.write(of(name), Form.RUNTIME)


def test_a_samplers_result_with_a_forbidden_name_is_read_as_the_runtime_writes_it(
    tmp_path: Path,
) -> None:
    ibm = pytest.importorskip("qiskit_ibm_runtime", reason="needs the extra 'ibm'")
    from qiskit.primitives import BitArray, PrimitiveResult, SamplerPubResult

    from qdiff.primitives.result_data import RegisterData

    for name in ("shape", "keys"):
        array = BitArray.from_counts({"01": 3}, num_bits=2)
        result = PrimitiveResult([SamplerPubResult(RegisterData({name: array}, shape=()))])
        (tmp_path / "job.json").write_text(json.dumps(result, cls=ibm.RuntimeEncoder))
        loaded = qdiff.load(tmp_path / "job.json")
        assert (loaded.registers, loaded.to_counts()) == ((Register(name, 2),), {"01": 3})


def test_shots_are_not_taken_for_circuits(tmp_path: Path) -> None:
    """The name of a register is somewhere in the first bytes of each of these."""
    shots = of("OPENQASM 3.0; ", "OPENQASM")
    for form in (Form.COUNTS, Form.CSV, Form.NPZ):
        (tmp_path / "source").write_bytes(formats.write(shots, form))
        convert(tmp_path / "source", tmp_path / "target.safetensors", force=True)
        assert qdiff.load(tmp_path / "target.safetensors") == shots
    convert(tmp_path / "target.safetensors", tmp_path / "x.json")


def test_circuits_keep_the_names_of_registers_or_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # each of twenty readings would first be tried in a process of its own
    monkeypatch.setattr("qdiff.circuit.loading.rehearse", lambda *_: None)
    for name, kept in (("meas", True), ("my register", False), ("measure", False), ("é", False)):
        circuit = QuantumCircuit(QuantumRegister(1, "q"), ClassicalRegister(1, name))
        circuit.measure(0, 0)
        with open(tmp_path / "a.qpy", "wb") as file:
            qpy.dump(circuit, file)
        for target in ("b.qpy", "c.qasm", "d.qasm2"):
            if kept or target == "b.qpy":
                convert(tmp_path / "a.qpy", tmp_path / target, force=True)
                (register,) = qdiff.load_circuit(tmp_path / target).cregs
                assert register.name == name
            else:
                with pytest.raises(InputError, match="rename"):
                    convert(tmp_path / "a.qpy", tmp_path / target, force=True)


def test_nameless_formats_take_any(tmp_path: Path) -> None:
    for form in formats.NAMELESS:
        (tmp_path / "x").write_bytes(formats.write(of("a\0b", "c"), form))
        hints = Hints(registers=of("a\0b", "c").registers)
        assert qdiff.load(tmp_path / "x", hints, form=form) == of("a\0b", "c")
