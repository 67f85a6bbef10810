"""Circuits of other programs: the unitary that their text means, or one line that says why not."""

from __future__ import annotations

import time
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.quantum_info import Operator

from qdiff import InputError, load_circuit
from qdiff.circuit import sandbox, sandbox_process
from qdiff.files.convert import holds_circuit

QASM2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\ncreg c[2];\n'
QASM3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n'


def read(folder: Path, text: str | bytes) -> QuantumCircuit:
    path = folder / "circuit.qasm"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert holds_circuit(path)
    return load_circuit(path)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts that do no harm are read without starting two processes for each."""

    def confined(data: bytes, task: str, path: Path, seconds: int) -> bytes:
        return sandbox_process._done(task, data, path)

    monkeypatch.setattr(sandbox, "confined", confined)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    return str(caught.value)


def unitary(circuit: QuantumCircuit) -> Operator:
    return Operator(circuit.remove_final_measurements(inplace=False))


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return circuit


BELL = "h q[0];\ncx q[0], q[1];\nmeasure q -> c;\n"


@pytest.mark.parametrize(
    "text",
    [
        QASM2.replace("OPENQASM", "openqasm") + BELL,
        QASM2.replace("\n", "\n/* x q[0];\n x q[1]; */", 1) + BELL,
        "// Müller\n".encode("latin-1") + (QASM2 + BELL).encode(),
        b"\xef\xbb\xbf" + (QASM2 + BELL).encode(),
        QASM3.replace("OPENQASM", "OpenQASM") + "h q[0]; cx q[0], q[1]; c = measure q;",
        "// Müller\n".encode("latin-1")
        + (QASM3 + BELL).replace("measure q -> c", "c = measure q").encode(),
    ],
    ids=["lower case", "block comment", "latin-1", "byte order mark", "mixed case", "latin-1, 3"],
)
def test_texts_as_others_write_them(text: str | bytes, tmp_path: Path) -> None:
    assert unitary(read(tmp_path, text)).equiv(bell())


def test_a_missing_header_is_openqasm_2_with_a_note(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="no header"):
        circuit = read(tmp_path, (QASM2 + BELL).removeprefix("OPENQASM 2.0;\n"))
    assert unitary(circuit).equiv(bell())


def test_characters_outside_comments_must_be_utf8(tmp_path: Path) -> None:
    path = tmp_path / "circuit.qasm"
    path.write_bytes((QASM2 + BELL).replace("q[0]", "q\xfc[0]").encode("latin-1"))
    with pytest.raises(InputError, match="no circuit file"):
        load_circuit(path)


def rotated(angle: float, *, sign: int = 1) -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.rx(sign * angle, 0)
    return circuit


def ladder() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    for place in range(2):
        circuit.ry(pi / 2 ** (place + 1), place)
        circuit.cx(place, place + 1)
    return circuit


def swapped() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.rz(0.5, 1)
    circuit.swap(0, 1)
    circuit.t(0)
    circuit.tdg(0)
    circuit.crx(0.3, 0, 1)
    return circuit


SETTLED: dict[str, tuple[str, QuantumCircuit]] = {
    "power": ("rx(1/(2**2)) q[0];", rotated(0.25)),
    "right-associative power": ("rx(2**3**2 / 512.0) q[0];", rotated(1)),
    "minus before power": ("rx(-2**2) q[0];", rotated(4, sign=-1)),
    "subroutine": ("def f(qubit a, float[64] t) { rx(t) a; }\nf(q[0], 0.3);", rotated(0.3)),
    "constant": ("const float t = pi / 7;\nrx(t) q[0];", rotated(pi / 7)),
    "variable": ("int[8] k = 1;\nk = k + 2;\nrx(k) q[0];", rotated(3)),
    "settled condition": ("const int k = 3;\nif (k > 2) { rx(0.5) q[0]; }", rotated(0.5)),
    "set of turns": ("for int i in {0, 2} { rx(i * 0.5 + 0 * 2**2) q[0]; }", rotated(1)),
    "gates keep their names": (
        "rz(2**-1) q[1]; swap q[0], q[1]; t q[0]; inv @ t q[0]; ctrl @ rx(0.3) q[0], q[1];",
        swapped(),
    ),
}


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(("body", "meant"), SETTLED.values(), ids=SETTLED)
def test_what_is_settled_beforehand_is_written_out(
    body: str, meant: QuantumCircuit, tmp_path: Path
) -> None:
    circuit = read(tmp_path, f"{QASM3}{body}\nc = measure q;\n")
    assert unitary(circuit).equiv(meant)


def test_an_own_gate_of_a_taken_name_is_written_out(tmp_path: Path) -> None:
    gate = "gate swap a, b { U(2**-1, -pi/2, pi/2) a; }\nswap q[0], q[1];\n"
    text = QASM3.replace('include "stdgates.inc";\n', "")
    circuit = read(tmp_path, f"{text}{gate}c = measure q;\n")
    assert unitary(circuit).equiv(rotated(0.5))


def test_parameters_of_a_gate_are_bound_in_the_order_written(tmp_path: Path) -> None:
    gate = "gate own(t, f) a { rz(f) a; rx(t) a; }\nown(0.7, 0.3) q[0];\n"
    meant = QuantumCircuit(2)
    meant.rz(0.3, 0)
    meant.rx(0.7, 0)
    assert unitary(read(tmp_path, f"{QASM3}{gate}c = measure q;\n")).equiv(meant)


def test_loops_with_constant_bounds_are_written_out(tmp_path: Path) -> None:
    text = QASM3.replace("[2]", "[n]").replace("qubit", "const int n = 3;\nqubit")
    loop = "for int i in [0:n - 2] { ry(pi / 2**(i + 1)) q[i]; cx q[i], q[i + 1]; }\n"
    circuit = read(tmp_path, f"{text}{loop}c = measure q;\n")
    assert unitary(circuit).equiv(ladder())
    assert circuit.count_ops() == {"ry": 2, "cx": 2, "measure": 3}


def test_written_out_measurements_keep_their_bits(tmp_path: Path) -> None:
    circuit = read(tmp_path, QASM3 + "for int i in [0:1] { c[i] = measure q[1 - i]; }\n")
    measured = [
        (circuit.find_bit(s.clbits[0]).index, circuit.find_bit(s.qubits[0]).index)
        for s in circuit.data
    ]
    assert measured == [(0, 1), (1, 0)]
    assert [register.name for register in circuit.cregs] == ["c"]


UNSETTLED = {
    "a variable of an outcome": "int[8] k = 0;\nc = measure q;\nk = k + c;\nrx(k * 2**2) q[0];",
    "an assigned bit": "const int n = 1;\nc = measure q;\nc[0] = 1;",
    "a bit with a value": "bit[1] d = 1;\nrx(2**2) q[0];\nc = measure q;",
    "a branch that sets a variable": "int[8] k = 0;\nc[0] = measure q[0];\n"
    "if (c[0]) { k = 1; }\nrx(k) q[0];\nc = measure q;",
    "an angle of an outcome": "c = measure q;\nrx(c * 2**2) q[0];",
    "a loop over outcomes": "c = measure q;\nwhile (c[0]) { rx(2**2) q[0]; c = measure q; }",
    "a delay": "const int n = 1;\ndelay[100ns] q[0];\nc = measure q;",
    "an input": "input float t;\nrx(t * 2**2) q[0];\nc = measure q;",
}


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize("body", UNSETTLED.values(), ids=UNSETTLED)
def test_what_is_not_settled_is_refused(body: str, tmp_path: Path) -> None:
    assert "written out" in refusal(tmp_path, QASM3 + body)


ENDLESS = {
    "a loop": "for int i in [0:999999999] { x q[i * 0]; }",
    "a loop to a constant": "const int n = 10**9;\nfor int i in [0:n - 1] { x q[i * 0]; }",
    "loops in loops": "for int i in [0:99999] { for int j in [0:99999] { x q[j * 0]; } }",
    "a power": "rx(9**9**9**9) q[0];",
    "a shift": "const int n = 1 << (1 << 40);\nrx(n) q[0];",
    "a subroutine of itself": "def f(qubit a) { x a; f(a); }\nf(q[0]);",
    "a register": "const int n = 10**9;\nqubit[n] r;\nx r[0];",
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_refused(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "UNROLL_SECONDS", 2)
    monkeypatch.setattr(sandbox, "MEMORY_BYTES", 2**28)
    begun = time.monotonic()
    refusal(tmp_path, f"{QASM3}{body}\nc = measure q;\n")
    assert time.monotonic() - begun < 30  # on a busy machine; two processes start


ONE = np.eye(2)
X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])


def turned(axis: Any, angle: float) -> Any:
    return cos(angle / 2) * np.eye(len(axis)) - 1j * sin(angle / 2) * axis


def equator(angle: float) -> Any:
    return cos(angle) * X + sin(angle) * Y


def block(*middle: complex) -> Any:
    """A matrix that mixes |01> and |10>."""
    a, b = middle
    return np.array([[1, 0, 0, 0], [0, a, b, 0], [0, b, a, 0], [0, 0, 0, 1]])


BRAKET: dict[str, tuple[str, Any]] = {
    "i": ("i q[0];", np.eye(4)),
    "si": ("si q[0];", np.kron(np.diag([1, -1j]), ONE)),
    "ti": ("ti q[0];", np.kron(np.diag([1, np.exp(-0.25j * pi)]), ONE)),
    "v": ("v q[0];", np.kron(turned(X, pi / 2), ONE)),
    "vi": ("vi q[0];", np.kron(turned(X, -pi / 2), ONE)),
    "phaseshift": ("phaseshift(0.3) q[0];", np.kron(np.diag([1, np.exp(0.3j)]), ONE)),
    "cnot": ("cnot q[0], q[1];", np.kron(np.diag([1, 0]), ONE) + np.kron(np.diag([0, 1]), X)),
    "cv": (
        "cv q[0], q[1];",
        np.kron(np.diag([1, 0]), ONE)
        + np.kron(np.diag([0, 1]), np.exp(0.25j * pi) * turned(X, pi / 2)),
    ),
    "cphaseshift": ("cphaseshift(0.3) q[0], q[1];", np.diag([1, 1, 1, np.exp(0.3j)])),
    "cphaseshift00": ("cphaseshift00(0.3) q[0], q[1];", np.diag([np.exp(0.3j), 1, 1, 1])),
    "cphaseshift01": ("cphaseshift01(0.3) q[0], q[1];", np.diag([1, np.exp(0.3j), 1, 1])),
    "cphaseshift10": ("cphaseshift10(0.3) q[0], q[1];", np.diag([1, 1, np.exp(0.3j), 1])),
    "iswap": ("iswap q[0], q[1];", block(0, 1j)),
    "pswap": ("pswap(0.3) q[0], q[1];", block(0, np.exp(0.3j))),
    "xy": ("xy(0.3) q[0], q[1];", block(cos(0.15), 1j * sin(0.15))),
    "xx": ("xx(0.3) q[0], q[1];", turned(np.kron(X, X), 0.3)),
    "yy": ("yy(0.3) q[0], q[1];", turned(np.kron(Y, Y), 0.3)),
    "zz": ("zz(0.3) q[0], q[1];", turned(np.kron(Z, Z), 0.3)),
    "ecr": ("ecr q[0], q[1];", (np.kron(X, ONE) - np.kron(Y, X)) / np.sqrt(2)),
    "gpi": ("gpi(0.3) q[0];", np.kron(equator(0.3), ONE)),
    "gpi2": ("gpi2(0.3) q[0];", np.kron(turned(equator(0.3), pi / 2), ONE)),
    "prx": ("prx(0.7, 0.3) q[0];", np.kron(turned(equator(0.3), 0.7), ONE)),
    "ms": ("ms(0.3, 0.5, 0.7) q[0], q[1];", turned(np.kron(equator(0.3), equator(0.5)), 0.7)),
}
"""The matrices of Braket's documentation, qubit 0 leftmost."""


@pytest.mark.parametrize(("call", "matrix"), BRAKET.values(), ids=BRAKET)
def test_the_gates_of_braket(call: str, matrix: Any, tmp_path: Path) -> None:
    text = f"OPENQASM 3.0;\nbit[2] b;\nqubit[2] q;\n{call}\nb = measure q;\n"
    circuit = read(tmp_path, text)
    assert unitary(circuit).reverse_qargs().equiv(Operator(matrix))
    assert circuit.size() == 3


def test_a_file_of_braket_may_define_a_gate_of_its_own(tmp_path: Path) -> None:
    text = "OPENQASM 3.0;\nbit[2] c;\nqubit[2] q;\ngate cnot a, b { h a; cx a, b; }\n"
    circuit = read(tmp_path, f"{text}cnot q[0], q[1];\nc = measure q;\n")
    assert unitary(circuit).equiv(bell())


def test_a_gate_of_the_file_is_never_called_in_the_place_of_brakets(tmp_path: Path) -> None:
    """``vi`` is Braket's name for ``sxdg``, which here is another gate."""
    text = "OPENQASM 3.0;\nbit[1] c;\nqubit[1] q;\ngate sxdg a { U(0, 0, 0) a; }\n"
    with pytest.raises(InputError, match="vi"):
        read(tmp_path, f"{text}vi q[0];\nc = measure q;\n")


HQS = 'OPENQASM 2.0;\ninclude "hqslib1.inc";\nqreg q[2];\ncreg c[2];\n'


def test_quantinuums_include_is_known(tmp_path: Path) -> None:
    calls = (
        "U1q(0.5*pi,0.25*pi) q[0];\nZZ q[0],q[1];\nRZZ(0.3) q[0],q[1];\nRz(0.2) q[1];\nh q[1];\n"
    )
    circuit = read(tmp_path, f"{HQS}{calls}measure q -> c;\n")
    meant = QuantumCircuit(2)
    meant.unitary(turned(equator(pi / 4), pi / 2), [0])
    meant.unitary(turned(np.kron(Z, Z), pi / 2), [0, 1])
    meant.rzz(0.3, 0, 1)
    meant.rz(0.2, 1)
    meant.h(1)
    assert unitary(circuit).equiv(meant)
    assert {*circuit.count_ops()} == {"r", "rzz", "rz", "h", "measure"}


def test_a_file_beside_wins_over_the_known_include(tmp_path: Path) -> None:
    (tmp_path / "hqslib1.inc").write_text("gate own a, b { CX b, a; }\n")
    circuit = read(tmp_path, f"{HQS}own q[0],q[1];\nmeasure q -> c;\n")
    meant = QuantumCircuit(2)
    meant.cx(1, 0)
    assert unitary(circuit).equiv(meant)


def test_an_include_of_an_overlong_name_is_one_line(tmp_path: Path) -> None:
    name = "a" * 100_000
    assert "no file" in refusal(tmp_path, QASM2.replace("qelib1.inc", name) + BELL)


def test_many_open_comments_take_no_time(tmp_path: Path) -> None:
    begun = time.monotonic()
    path = tmp_path / "circuit.qasm"
    path.write_text("OPENQASM 2.0;" + "/* " * 1_000_000)
    with pytest.raises(InputError):
        load_circuit(path)
    assert time.monotonic() - begun < 5
