"""Circuit files that ask for more than they look: refused in one line, memory and time bounded."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from circuit_files import packed, refusal
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from qdiff import InputError, circuit_hash, load_circuit, simulate
from qdiff.circuit import openqasm
from qdiff.circuit import sandbox as trial
from qdiff.circuit import sandbox_process as confined

resource = pytest.importorskip("resource", reason="this system has no limits on memory")

MEMORY = 2**26

HEADER = struct.Struct("!H1cHIIQIQI")
"""Of a QPY circuit, before its name: name size, phase type and size, qubits, bits, ..."""


def nested(depth: int) -> QuantumCircuit:
    """A gate ``bomb`` inside `depth` others."""
    inner = QuantumCircuit(2, name="bomb")
    inner.h(0)
    inner.cx(0, 1)
    for level in range(depth):
        outer = QuantumCircuit(2, name=f"level{level}")
        outer.append(inner.to_gate(), [0, 1])
        inner = outer
    circuit = QuantumCircuit(2, 2)
    circuit.append(inner.to_gate(), [0, 1])
    circuit.measure([0, 1], [0, 1])
    return circuit


def with_huge_definition(data: bytearray) -> bytes:
    """`data`, in which the circuit named ``bomb`` has two billion qubits."""
    found = 0
    for start in range(HEADER.size, len(data)):
        head = start - HEADER.size
        if data.startswith(b"bomb", start) and HEADER.unpack_from(data, head)[3] == 2:
            struct.pack_into("!I", data, head + 5, 2**31)
            found += 1
    assert found
    return bytes(data)


def refusal_by_name(path: Path) -> str:
    """The one line with which a file is refused; it names the file."""
    message = refusal(path)
    assert str(path) in message
    return message


@pytest.mark.parametrize("version", [13, 18])
@pytest.mark.parametrize("depth", [0, 3])
def test_sizes_inside_custom_gates_cannot_take_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, depth: int
) -> None:
    monkeypatch.setattr(trial, "MEMORY_BYTES", MEMORY)
    path = tmp_path / "circuit.qpy"
    path.write_bytes(packed(nested(depth), version=version))
    assert circuit_hash(load_circuit(path)) == circuit_hash(nested(depth))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path.write_bytes(with_huge_definition(bytearray(packed(nested(depth), version=version))))
    assert "needs more than 64 MiB of memory" in refusal_by_name(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**15  # 32 MiB, in KiB


def test_vectors_of_parameters_cannot_take_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "MEMORY_BYTES", MEMORY)
    circuit = QuantumCircuit(1, 1)
    circuit.rx(ParameterVector("v", 77_777)[3], 0)
    circuit.measure(0, 0)
    data = bytearray(packed(circuit, version=13))
    size = (77_777).to_bytes(8, "big")
    data[data.index(size) : data.index(size) + 8] = (2**40).to_bytes(8, "big")
    path = tmp_path / "circuit.qpy"
    path.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = refusal_by_name(path)
    # Qiskit either makes the vector or, in later versions, its used entries alone
    assert "needs more than 64 MiB of memory" in message or "parameters (v[3])" in message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**15


@pytest.mark.parametrize(
    "text",
    [
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[100000]; creg c[1]; ' + "h q;" * 1000,
        'OPENQASM 2.0; include "qelib1.inc"; include "more.inc"; creg c[1]; ' + "h q;" * 1000,
        "OPENQASM 3.0; qubit[0x6FFFFFFF] q; bit c; c = measure q[0];",
        "OPENQASM 3.0; qubit[2000 * 1000000] q; bit c; c = measure q[0];",
        "OPENQASM 3.0; qubit[2_000_000_000] q; bit c; c = measure q[0];",
    ],
    ids=["broadcast", "included", "hexadecimal", "product", "underscores"],
)
def test_openqasm_cannot_take_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(trial, "MEMORY_BYTES", MEMORY)
    (tmp_path / "more.inc").write_text("qreg q[100000];")
    path = tmp_path / "circuit.qasm"
    path.write_text(text)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refusal_by_name(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**15


DOUBLING = "".join(f"gate g{k} a {{ g{k - 1} a; g{k - 1} a; }} " for k in range(1, 40))
ENDLESS = {
    "doubling": 'OPENQASM 2.0; include "qelib1.inc"; gate g0 a { h a; } '
    f"{DOUBLING} qreg q[1]; creg c[1]; g39 q[0]; measure q[0] -> c[0];",
    "loop": 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit c; '
    "for int i in [0:1000000000] { h q; } c = measure q;",
    "loops": 'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit c; '
    f"{'for int i in [0:1000] {' * 5} h q; {'}' * 5} c = measure q;",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_what_no_simulator_could_write_out_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "circuit.qasm"
    path.write_text(text)
    circuit = load_circuit(path)
    circuit_hash(circuit)  # it can be looked at
    for use in (
        lambda: simulate(circuit, shots=1, seed=1),
        lambda: simulate(circuit, "light", shots=1),
    ):
        with pytest.raises(InputError, match="more than 10,000,000 operations"):
            use()


def test_gates_that_the_parser_writes_out_are_given_little_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trillion operations in two kilobytes, which the OpenQASM 3 parser makes one by one."""
    monkeypatch.setattr(trial, "SECONDS", 1)
    path = tmp_path / "circuit.qasm"
    path.write_text(
        'OPENQASM 3.0; include "stdgates.inc"; gate g0 a { h a; } '
        f"{DOUBLING} qubit q; bit c; g39 q; c = measure q;"
    )
    assert "takes more than 1 s" in refusal_by_name(path)


def test_a_long_range_is_hashed_without_being_written_out() -> None:
    hashes = set()
    for turns in (5, 10**12, 10**12 + 1):
        circuit = QuantumCircuit(1, 1)
        with circuit.for_loop(range(turns)):
            circuit.h(0)
        circuit.measure(0, 0)
        hashes.add(circuit_hash(circuit))
    assert len(hashes) == 3


def test_time_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "SECONDS", 1)
    path = tmp_path / "circuit.qasm"
    path.write_text('OPENQASM 2.0; include "qelib1.inc"; qreg q[90000]; ' + "h q;" * 2000)
    assert "takes more than 1 s" in refusal_by_name(path)


def test_ordinary_texts_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from qdiff.circuit import loading

    monkeypatch.setattr(loading, "rehearse", lambda *_: pytest.fail("tried for nothing"))
    for file in (Path(__file__).parents[2] / "circuits").glob("*.qasm"):
        load_circuit(file)
    assert openqasm.may_grow("qubit[2] q; ctrl(99999) @ x q;")
    assert not openqasm.may_grow("qubit[3] q; ctrl(2) @ x q[0], q[1], q[2];")


def test_a_trial_that_cannot_start_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "circuit.qpy"
    path.write_bytes(packed(nested(0), version=13))
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setattr("sys.executable", str(tmp_path / "no-python"))
    assert "cannot be read safely" in refusal_by_name(path)


@pytest.mark.parametrize(
    ("code", "stderr", "says"),
    [
        (1, b"Traceback ...\nMemoryError", "needs more than 2048 MiB of memory"),
        (-6, b"memory allocation of 9 bytes failed", "needs more than 2048 MiB of memory"),
        (1, b"Traceback ...\nKeyError: 'own'", "cannot be read: KeyError: 'own'"),
        (5, b"", "cannot be read: exit code 5"),
    ],
)
def test_memory_is_blamed_only_where_it_ran_out(code: int, stderr: bytes, says: str) -> None:
    done = subprocess.CompletedProcess([], code, stdout=trial.READY, stderr=stderr)
    with pytest.raises(InputError, match=says):
        trial._judge(done, Path("x.qpy"))


def test_the_working_folder_counts_where_python_searches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a notebook, say, whose folder is a checkout that is not installed."""
    path = tmp_path / "circuit.qpy"
    path.write_bytes(packed(nested(0), version=13))
    monkeypatch.chdir(Path(trial.__file__).parents[2])
    monkeypatch.setattr("sys.path", ["", *filter(None, sys.path)])
    found = {}

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        found.update(options["env"])
        return subprocess.CompletedProcess(command, 0, stdout=trial.READY, stderr=b"")

    monkeypatch.setattr(subprocess, "run", run)
    load_circuit(path)
    assert found["PYTHONPATH"].split(os.pathsep)[0] == os.getcwd()


def test_a_system_without_limits_still_tries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    confined._limit(1, 1)
    with pytest.raises(InputError, match="cannot be read"):
        trial.rehearse(b"QISKIT", "QPY", tmp_path / "x.qpy")
    monkeypatch.setattr("sys.executable", None)
    with pytest.raises(InputError, match="does not name Python"):
        trial.rehearse(b"QISKIT", "QPY", tmp_path / "x.qpy")
