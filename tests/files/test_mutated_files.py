"""Valid files of every format with parts cut, doubled and changed: data, or one line, in time."""

from __future__ import annotations

import io
import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit, qpy

import qdiff
from qdiff import InputError, Shots
from qdiff.circuit import sandbox
from qdiff.files import formats
from qdiff.files.formats import Form
from qdiff.files.hints import Hints

resource = pytest.importorskip("resource", reason="this system does not tell of memory")

SECONDS = 5
CIRCUIT_SECONDS = 20
"""Another process that reads a circuit takes some seconds to start."""

MEMORY_KIB = 2**20

SHOTS = Shots.from_counts(
    {"00 110": 7, "01 000": 2, "11 111": 1},
    registers=[qdiff.Register("low", 3), qdiff.Register("high", 2)],
)


def written(form: Form) -> bytes:
    if form is Form.PARQUET:
        pytest.importorskip("pyarrow", reason="Parquet files need the extra 'parquet'")
    return formats.write(SHOTS, form)


def of_others() -> list[bytes]:
    braket = {
        "braketSchemaHeader": {"name": "x", "version": "1"},
        "measurements": [[0, 1], [1, 1]],
        "measuredQubits": [0, 1],
    }
    record = {"packed_digits": "80", "binary": True, "dtype": "int64", "shape": [3, 1, 2]}
    documents = [
        braket,
        {"cirq_type": "ResultDict", "records": {"m": record}},
        {"histogram": {"0": 0.5, "3": 0.5}, "qubits": 2},
        {"results": {"c": ["00", "01"], "d": ["1", "0"]}},
        {"counts": {"0x0": 50, "0x3": "30.0"}, "memory_slots": 2},
        ["00", "11"],
        {"|00>": 50, "|11>": 30},
    ]
    texts = [b"{ 00:512 11:488 }", b"1 01\n0 01\n", b"bitstring;count\n00;512\n11;488\n"]
    texts += [b"q0,q1\n0,1\n1,1\n", b"00\t512\n11\t488\n", b"bitstring,probability\n00,1\n"]
    return [*(json.dumps(document).encode() for document in documents), *texts]


def circuits() -> list[bytes]:
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.rzz(0.3, 0, 1)
    circuit.measure([0, 1], [0, 1])
    file = io.BytesIO()
    qpy.dump(circuit, file)
    two = (
        b'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\ngate g(a) b { rx(a) b; }\n'
    )
    three = b'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nrx(pi / 2) q[0];\n'
    return [
        file.getvalue(),
        two + b"g(0.3) q[0];\nmeasure q -> c;\n",
        three + b"cx q[0], q[1];\nc = measure q;\n",
        three + b"for int i in [0:1] { rx(1 / 2**i) q[i]; }\nc = measure q;\n",
        b"OPENQASM 3.0;\nbit[2] b;\nqubit[2] q;\ncnot q[0], q[1];\nb = measure q;\n",
    ]


TOKENS = [b"0", b"1", b",", b";", b"\n", b'"', b"[", b"}", b"-", b"NaN", b"1e999", b"9" * 30]
TOKENS += [b"\0", b"\xff\xfe", b"\xf0\x9f\x98\x80", b"[" * 500, b"/*", b"**9**9**9", b"\x80\x05"]
TOKENS += [b"999999999", b"null", b"true", b"{}", b" ", b"0x", b".5"]

Change = Callable[[bytes], bytes]
PLACE = st.floats(0, 1)


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Cut, double, overwrite or insert a part, or flip a bit."""
    kind = draw(st.sampled_from(["cut", "double", "token", "instead", "flip", "end"]))
    first, second = sorted([draw(PLACE), draw(PLACE)])
    token, bit = draw(st.sampled_from(TOKENS)), draw(st.integers(0, 7))

    def change(data: bytes) -> bytes:
        start, stop = int(first * len(data)), int(second * len(data))
        if kind == "cut":
            return data[:start] + data[stop:]
        if kind == "double":
            return data[:stop] + data[start:]
        if kind == "token":
            return data[:start] + token + data[start:]
        if kind == "instead":
            return data[:start] + token + data[start + len(token) :]
        if kind == "flip" and start < len(data):
            return data[:start] + bytes([data[start] ^ 1 << bit]) + data[start + 1 :]
        return data[:stop]

    return change


HINTS = st.builds(
    Hints,
    num_bits=st.sampled_from([None, 2, 5]),
    bit0=st.sampled_from([None, None, "left"]),
    project=st.booleans(),
    shots=st.sampled_from([None, None, 1000]),
)


def mutated(data: bytes, some: list[Change]) -> bytes:
    for change in some:
        data = change(data)[:100_000]
    return data


def refused_or_read(read: Callable[[], object], seconds: int) -> None:
    """Whatever a reader does, it is done in time, and its complaint is one line."""
    begun = processor_time()
    message = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read()
    except InputError as error:
        message = str(error)
    spent = processor_time() - begun
    assert "\n" not in message
    assert len(message) < 2000
    assert spent < seconds


def processor_time() -> float:
    """Of this process, and of those that it started and that have ended."""
    return sum(os.times()[:4])


def check_shots(folder: Path, sources: dict[str, bytes], examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(name=st.sampled_from([*sources]), some=st.lists(changes(), max_size=4), hints=HINTS)
    def check(name: str, some: list[Change], hints: Hints) -> None:
        path = folder / f"file.{name.partition(' ')[0]}"
        path.write_bytes(mutated(sources[name], some))
        refused_or_read(lambda: qdiff.load(path, hints), SECONDS)

    check()


def check_circuits(folder: Path, sources: list[bytes], examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[*HealthCheck],
    )
    @given(data=st.sampled_from(sources), some=st.lists(changes(), max_size=3))
    def check(data: bytes, some: list[Change]) -> None:
        path = folder / "circuit"
        path.write_bytes(mutated(data, some))
        refused_or_read(lambda: qdiff.load_circuit(path), CIRCUIT_SECONDS)

    check()


def shot_files(folder: Path) -> dict[str, bytes]:
    native = folder / "native.safetensors"
    SHOTS.save(native)
    files = {form.value: written(form) for form in Form}
    others = {f"{'json' if d[:1] in b'{[' else 'csv'} {i}": d for i, d in enumerate(of_others())}
    return {**files, **others, "safetensors": native.read_bytes()}


@pytest.fixture
def quick_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read in another process is given little: its limits have tests of their own."""
    monkeypatch.setattr(sandbox, "UNROLL_SECONDS", 2)
    monkeypatch.setattr(sandbox, "SECONDS", 4)


def test_changed_files_of_shots(tmp_path: Path) -> None:
    check_shots(tmp_path, shot_files(tmp_path), 300)


@pytest.mark.usefixtures("quick_sandbox")
def test_changed_files_of_circuits(tmp_path: Path) -> None:
    check_circuits(tmp_path, circuits()[1:3], 60)


@pytest.mark.slow
def test_ten_thousand_changed_files_of_shots(tmp_path: Path) -> None:
    check_shots(tmp_path, shot_files(tmp_path), 9_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < MEMORY_KIB


@pytest.mark.slow
@pytest.mark.usefixtures("quick_sandbox")
def test_a_thousand_changed_files_of_circuits(tmp_path: Path) -> None:
    check_circuits(tmp_path, circuits(), 1_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < MEMORY_KIB
