"""Loading circuits as people write them, and refusing the rest with one line."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from circuit_files import packed, refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit import qasm2, qasm3, qpy
from qiskit.circuit import (
    ClassicalRegister,
    Clbit,
    Gate,
    Parameter,
    QuantumCircuit,
    QuantumRegister,
    Qubit,
)
from qiskit.circuit.classical import expr, types
from qiskit.circuit.library import RZZGate, UnitaryGate
from qiskit.qpy.common import QPY_VERSION
from qiskit.quantum_info import Operator, Statevector, random_unitary

from qdiff.circuit import loading
from qdiff.circuit.families import by_name as families
from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import is_dynamic, registers_of, split_measurements
from qdiff.circuit.openqasm import MAX_REGISTER_BITS
from qdiff.circuit.structural_hash import circuit_hash
from qdiff.data.registers import Register
from qdiff.errors import InputError

HEAD2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
HEAD3 = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def write(folder: Path, text: str | bytes, name: str = "circuit.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def likeliest(circuit: QuantumCircuit) -> dict[int, int]:
    """The certain outcome of a deterministic circuit, classical bit to value."""
    bare, measured = split_measurements(circuit)
    clbits = sorted(measured)
    table = Statevector(bare).probabilities([measured[clbit] for clbit in clbits])
    assert table.max() == pytest.approx(1)
    return {clbit: int(table.argmax()) >> place & 1 for place, clbit in enumerate(clbits)}


# --- files as people write them ---------------------------------------------------------------

OWN_GATES = f"""
// a comment, and a blank line, before the header

{HEAD2}
gate majority a,b,c {{ cx c,b; cx c,a; ccx a,b,c; }}
qreg cin[1]; qreg a[2]; creg ans[2];
x a; majority cin[0],a[0],a[1];
measure a[1] -> ans[0]; measure a[0] -> ans[1];
"""
ONE_BIT_REGISTERS = f"""{HEAD2}
qreg q[3]; creg m2[1]; creg m0[1]; creg m1[1];
x q[1];
measure q[0] -> m0[0]; measure q[1] -> m1[0]; measure q[2] -> m2[0];
"""
BROADCAST = f"{HEAD2} qreg q[3]; creg meas[3]; x q[2]; barrier q; measure q -> meas;"
VERSION_3 = f"""/* a block
comment */ {HEAD3}
qubit[3] q; bit[2] ans; bit extra;
x q[0];
ans[1] = measure q[0];
extra = measure q[2];
"""


@pytest.mark.parametrize(
    ("text", "names", "outcome"),
    [
        # a = 11, cin = 0: both a's flip each other, so a[0] = 0, cin = 1, a[1] stays 1
        (OWN_GATES, ["ans"], {0: 1, 1: 0}),
        (ONE_BIT_REGISTERS, ["m2", "m0", "m1"], {0: 0, 1: 0, 2: 1}),
        (BROADCAST, ["meas"], {0: 0, 1: 0, 2: 1}),
        (VERSION_3, ["ans", "loose_2"], {1: 1, 2: 0}),
        ("\ufeff" + BROADCAST, ["meas"], {0: 0, 1: 0, 2: 1}),
    ],
)
def test_reads_openqasm_as_written(
    tmp_path: Path, text: str, names: list[str], outcome: dict[int, int]
) -> None:
    circuit = load_circuit(write(tmp_path, text, "no-suffix"))
    assert [register.name for register in registers_of(circuit)] == names
    assert sum(register.size for register in registers_of(circuit)) == circuit.num_clbits
    assert likeliest(circuit) == outcome


def test_reads_an_include_beside_the_file_whatever_the_working_folder(tmp_path: Path) -> None:
    write(tmp_path, "gate flip a { x a; }", "mine.inc")
    text = f'{HEAD2} include "mine.inc"; qreg q[1]; creg c[1]; flip q[0]; measure q -> c;'
    assert likeliest(load_circuit(write(tmp_path, text))) == {0: 1}


def test_reads_the_legacy_gates_that_qelib1_lacks(tmp_path: Path) -> None:
    text = f"{HEAD2} qreg q[4]; creg c[1]; x q; c3x q[0],q[1],q[2],q[3]; measure q[3] -> c[0];"
    assert likeliest(load_circuit(write(tmp_path, text))) == {0: 0}


def test_reads_qpy_and_objects(tmp_path: Path) -> None:
    circuit = families.build("iqp:5")
    assert circuit_hash(load_circuit(write(tmp_path, packed(circuit)))) == circuit_hash(circuit)
    oldest = write(tmp_path, packed(circuit, version=13), "old")
    assert circuit_hash(load_circuit(str(oldest))) == circuit_hash(circuit)
    assert load_circuit(circuit) is circuit


def test_a_file_wins_over_a_family_of_the_same_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_circuit("ghz:3").num_qubits == 3
    write(tmp_path, BROADCAST + " // not GHZ", "ghz:3")
    assert likeliest(load_circuit("ghz:3")) == {0: 0, 1: 0, 2: 1}
    assert refusal(Path("ghz:4")) == "there is no file ghz:4"  # a path is never a family


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("measure q[0] -> m0[0]; h q[0]; measure q[0] -> m0[0];", "mid-circuit measurement of"),
        ("measure q[0] -> m0[0]; if (m0 == 1) x q[1]; measure q[1] -> m1[0];", "control flow"),
        ("measure q[0] -> m0[0]; reset q[0]; x q[0];", "reset of qubit 0 after"),
        ("measure q[0] -> m0[0]; measure q[1] -> m0[0];", "classical bit 0 is measured into twice"),
    ],
)
def test_dynamic_files_load_and_say_why_they_are_dynamic(
    tmp_path: Path, steps: str, reason: str
) -> None:
    text = f"{HEAD2} qreg q[2]; creg m0[1]; creg m1[1]; h q; {steps}"
    circuit = load_circuit(write(tmp_path, text))
    assert is_dynamic(circuit)
    with pytest.raises(InputError, match=reason):
        split_measurements(circuit)


# --- gates of one's own under a taken name ------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "OPENQASM 2.0; gate swap a,b { U(pi,0,pi) a; } qreg q[2]; creg c[2]; "
        "swap q[0],q[1]; measure q -> c;",
        f"{HEAD2} gate rxx(t) a,b {{ x a; }} qreg q[2]; creg c[2]; "
        "rxx(0.1) q[0],q[1]; measure q -> c;",
        f"{HEAD2} gate mcx a,b {{ x a; }} gate outer a,b {{ mcx a,b; }} "
        "qreg q[2]; creg c[2]; outer q[0],q[1]; measure q -> c;",
        f"{HEAD3} gate rxx(t) a, b {{ x a; }} qubit[2] q; bit[2] c; "
        "rxx(0.1) q[0], q[1]; c = measure q;",
    ],
)
def test_a_files_own_gate_keeps_its_meaning(tmp_path: Path, text: str) -> None:
    """Qiskit's parser and Aer would take each of these for the library's gate."""
    circuit = load_circuit(write(tmp_path, text))
    assert likeliest(circuit) == {0: 1, 1: 0}
    inner = circuit.data[0].operation
    names = {inner.name, *(step.operation.name for step in inner.definition.data)}
    assert not names & {"swap", "rxx", "mcx"}


def test_a_gate_spelled_out_as_qiskits_becomes_qiskits(tmp_path: Path) -> None:
    phase_off = "gate rzz(t) a,b { cx a,b; u1(t) b; cx a,b; }"  # old qelib1, another global phase
    text = f"{HEAD2} {phase_off} qreg q[2]; creg c[2]; rzz(0.3) q[0],q[1]; measure q -> c;"
    for source in (text, qasm3.dumps(load_circuit(write(tmp_path, text)))):
        circuit = load_circuit(write(tmp_path, source))
        assert circuit.data[0].operation == RZZGate(0.3)


def test_own_gates_inside_control_flow_are_resolved(tmp_path: Path) -> None:
    text = f"""{HEAD3} gate rzz(t) a, b {{ x a; }} qubit[2] q; bit[2] c;
    c[0] = measure q[0]; if (c[0]) {{ rzz(0.1) q[0], q[1]; }} c[1] = measure q[1];"""
    block = load_circuit(write(tmp_path, text)).data[1].operation.blocks[0]
    assert block.data[0].operation.name == "rzz_own"


def test_many_nested_gates_are_not_written_out(tmp_path: Path) -> None:
    """2^40 gates in 40 lines: neither loading nor hashing may expand them."""
    lines = ["gate g0 a { x a; }"]
    lines += [f"gate g{k} a {{ g{k - 1} a; g{k - 1} a; }}" for k in range(1, 41)]
    text = f"{HEAD2}{' '.join(lines)} qreg q[1]; creg c[1]; g40 q[0]; measure q -> c;"
    assert len(circuit_hash(load_circuit(write(tmp_path, text)))) == 64


# --- refusals -----------------------------------------------------------------------------------

MEASURED2 = "qreg q[2]; creg c[2]; measure q -> c;"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        (b"\x00\x01\xff\xfe" * 10, "no circuit file"),
        ("qreg q[2];", "no circuit file"),
        ("# OPENQASM 2.0;", "no circuit file"),
        ("OPENQASM 4.0;", "versions 2 and 3"),
        (b"QISKIT", "truncated QPY"),
        (f"{HEAD2}qreg r[2];\ncreg c[2];\nmeasure q[0] -> c[0];", "line 5, column 8: 'q' is not"),
        (f"{HEAD2} qreg q[2]; h q[", "OpenQASM 2: line 3"),
        (f"{HEAD2} qreg q[2]; creg c[2]; h q;", "measures nothing; end it with measure_all()"),
        (
            f"{HEAD2} qreg q[1000000000]; creg c[1]; measure q[0] -> c[0];",
            "asks for bit 1000000000",
        ),
        (f"{HEAD2} qreg q[{'9' * 6000}];", f"the limit is {MAX_REGISTER_BITS}"),
        (f'OPENQASM 2.0; include "/etc/passwd"; {MEASURED2}', "'/etc/passwd' is refused"),
        (f'OPENQASM 2.0; include "../x.inc"; {MEASURED2}', "'../x.inc' is refused"),
        (f'OPENQASM 2.0; include ".."; {MEASURED2}', "'..' is refused"),
        (f'OPENQASM 2.0; include "absent.inc"; {MEASURED2}', "no file 'absent.inc'"),
        (f'OPENQASM 3.0; include "/etc/passwd"; {MEASURED2}', "non-stdgates"),
        (f"{HEAD3} qubit[2] q;\nh q[0]\nx q[1];", "line 5, column 0: unexpected 'x'"),
        (f"{HEAD3} qubit[2] q; bit[2] c; c = measure q; h q[", "unexpected '<EOF>'"),
        (f"{HEAD3} qubit q; bit c; foo q; c = measure q;", "gate 'foo' is not defined"),
        (f"{HEAD3} qubit q; rx({'(' * 500}1{')' * 500}) q;", "nested too deeply"),
        (f"{HEAD3} input float theta; qubit q; bit c; rx(theta) q; c = measure q;", "(theta)"),
        (f"{HEAD3} $ \x07", "OpenQASM 3"),
    ],
)
def test_a_bad_file_is_one_clear_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str | bytes, said: str
) -> None:
    path = write(tmp_path, text)
    message = refusal(path)
    assert said in message
    assert str(path) in message
    assert capfd.readouterr() == ("", "")  # parsers may not print beside it


def test_includes_are_checked_inside_includes(tmp_path: Path) -> None:
    write(tmp_path, 'include "/etc/passwd";', "outer.inc")
    assert "is refused" in refusal(
        write(tmp_path, f'OPENQASM 2.0; include "outer.inc"; {MEASURED2}')
    )
    write(tmp_path, 'include "self.inc";', "self.inc")
    assert "includes itself" in refusal(write(tmp_path, 'OPENQASM 2.0; include "self.inc";'))


@pytest.mark.parametrize("version", [0, 5, 12])
def test_an_unsafe_qpy_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    data = bytearray(packed(families.build("ghz:2")))
    data[6] = version
    monkeypatch.setattr(qpy, "load", lambda file: pytest.fail("the file was deserialised"))
    assert f"QPY version {version}" in refusal(write(tmp_path, bytes(data)))


def test_other_bad_qpy_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "rehearse", lambda data, form, path: None)  # 0.5 s a file
    ghz = families.build("ghz:2")
    assert "holds 2 circuits" in refusal(write(tmp_path, packed(ghz, ghz)))
    data = packed(ghz)
    for length in range(6, len(data), 11):
        assert "QPY" in refusal(write(tmp_path, data[:length]))
    for version in (13, min(18, QPY_VERSION)):  # QPY_VERSION: the newest that Qiskit writes
        vast = bytearray(packed(ghz, version=version))
        vast[(20 if version < 16 else 28) + 5] = 255  # the first byte of the number of qubits
        assert "the limit is 100000" in refusal(write(tmp_path, bytes(vast)))
    newer = bytes([*data[:6], 250, *data[7:]])
    assert "QPY" in refusal(write(tmp_path, newer))  # what is wrong depends on the version written


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.integers(6, 10_000), value=st.integers(0, 255), start=st.booleans())
def test_a_damaged_file_is_a_circuit_or_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, value: int, start: bool
) -> None:
    monkeypatch.setattr(loading, "rehearse", lambda data, form, path: None)  # 0.5 s a file
    circuit = families.build("qaoa:4,layers=1")
    data = bytearray(packed(circuit) if start else qasm2.dumps(circuit).encode())
    data[place % len(data)] = value
    path = write(tmp_path, bytes(data))
    with contextlib.suppress(InputError):
        circuit_hash(load_circuit(path))


def test_what_is_no_circuit_at_all(tmp_path: Path) -> None:
    assert "neither a file that exists nor a circuit family" in refusal("absent.qasm")
    assert "ghz" in refusal("isnig:10")
    assert "neither" in refusal("a\0b")
    assert "no file" in refusal(Path("a\0b"))
    assert "cannot read" in refusal(tmp_path)
    assert "no file" in refusal(tmp_path / "absent.qasm")
    assert "got 3" in refusal(3)
    assert len(refusal("x" * 10_000)) < 400


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs /dev/zero")
def test_an_endless_file_is_too_large(tmp_path: Path) -> None:
    assert "it is a device" in refusal(Path("/dev/zero"))
    with (tmp_path / "long.qasm").open("wb") as file:
        file.truncate(2**26 + 1)
    assert "larger than 64 MiB" in refusal(tmp_path / "long.qasm")


def test_unbound_parameters_and_inputs_are_named() -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("beta"), 0)
    circuit.rx(Parameter("alpha"), 0)
    circuit.measure(0, 0)
    assert "unbound parameters (alpha, beta)" in refusal(circuit)
    given_later = QuantumCircuit(1, 1, inputs=[expr.Var.new("flag", types.Bool())])
    given_later.measure(0, 0)
    assert "(flag)" in refusal(given_later)


def test_a_measurement_may_hide_inside(tmp_path: Path) -> None:
    nested = QuantumCircuit(1, 1)
    with nested.if_test((nested.clbits[0], 0)):
        nested.measure(0, 0)
    assert load_circuit(nested) is nested
    inner = QuantumCircuit(2, 2)
    inner.x(0)
    inner.measure([0, 1], [1, 0])
    outer = QuantumCircuit(2, 2)
    outer.append(inner.to_instruction(), [1, 0], [0, 1])
    assert load_circuit(outer) is outer
    assert not is_dynamic(outer)
    assert likeliest(outer) == {1: 1, 0: 0}
    outer.x(1)
    assert is_dynamic(outer)


# --- registers ----------------------------------------------------------------------------------


def test_loose_bits_become_registers_of_their_own() -> None:
    circuit = QuantumCircuit([Clbit(), Clbit()], ClassicalRegister(2, "a"), [Clbit()])
    circuit.add_register(ClassicalRegister(1, "b"))
    assert registers_of(circuit) == (
        Register("loose_0", 2),
        Register("a", 2),
        Register("loose_4", 1),
        Register("b", 1),
    )


def test_registers_that_do_not_tile_fall_back_to_one() -> None:
    bits = [Clbit() for _ in range(4)]
    backwards = QuantumCircuit(bits, ClassicalRegister(name="r", bits=bits[::-1]))
    shared = QuantumCircuit(
        bits,
        ClassicalRegister(name="a", bits=bits[:3]),
        ClassicalRegister(name="b", bits=bits[2:]),
    )
    gapped = QuantumCircuit(bits, ClassicalRegister(name="a", bits=[bits[0], bits[2]]))
    for circuit in (backwards, shared, gapped):
        assert registers_of(circuit) == (Register("c", 4),)


def test_registers_come_in_the_order_of_their_bits() -> None:
    bits = [Clbit() for _ in range(3)]
    circuit = QuantumCircuit(bits)
    circuit.add_register(ClassicalRegister(name="late", bits=bits[1:]))
    circuit.add_register(ClassicalRegister(name="early", bits=bits[:1]))
    assert registers_of(circuit) == (Register("early", 1), Register("late", 2))
    assert registers_of(QuantumCircuit(2, 0)) == ()


# --- dynamic circuits ---------------------------------------------------------------------------


def measured(num_qubits: int = 2) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits, num_qubits)
    circuit.measure(range(num_qubits), range(num_qubits))
    return circuit


def feed_forward() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 2)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    circuit.measure(1, 1)
    return circuit


def stored() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.add_var("flag", expr.lift(True))
    circuit.measure(0, 0)
    return circuit


def with_step(name: str, *arguments: object) -> QuantumCircuit:
    circuit = measured()
    getattr(circuit, name)(*arguments)
    return circuit


@pytest.mark.parametrize(
    ("circuit", "reason"),
    [
        (with_step("x", 1), "mid-circuit measurement of qubit 1: shots only"),
        (with_step("cx", 0, 1), "mid-circuit measurement of qubit 0"),
        (with_step("measure", 0, 0), "mid-circuit measurement of qubit 0"),
        (with_step("reset", 1), "reset of qubit 1 after its measurement"),
        (feed_forward(), "control flow (if_else)"),
        (stored(), "a classical variable"),
    ],
)
def test_a_dynamic_circuit_is_refused_with_its_reason(circuit: QuantumCircuit, reason: str) -> None:
    assert is_dynamic(circuit)
    with pytest.raises(InputError) as caught:
        split_measurements(circuit)
    assert reason in str(caught.value)


def test_a_bit_written_twice_is_dynamic() -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.measure(0, 0)
    circuit.measure(1, 0)
    with pytest.raises(InputError, match="classical bit 0 is measured into twice"):
        split_measurements(circuit)


def test_what_does_not_make_a_circuit_dynamic() -> None:
    circuit = QuantumCircuit(3, 5)
    circuit.reset(0)
    circuit.x(0)
    circuit.measure(0, 4)
    circuit.barrier()
    circuit.delay(100, 0)
    circuit.h(1)  # another qubit, after the first was measured
    circuit.reset(2)
    circuit.measure(2, 1)
    assert not is_dynamic(circuit)
    bare, places = split_measurements(circuit)
    assert places == {4: 0, 1: 2}
    assert "measure" not in bare.count_ops()
    assert bare.num_clbits == 5
    assert [s.operation.name for s in bare.data] == ["reset", "x", "barrier", "delay", "h", "reset"]
    assert "measure" in circuit.count_ops()  # the caller's circuit is untouched


# --- the hash -----------------------------------------------------------------------------------


def rich(*, switch: bool = True) -> QuantumCircuit:
    """Parameters, an own gate, a modified gate, feed-forward and two registers."""
    inner = QuantumCircuit(2, name="mine")
    inner.h(0)
    inner.crz(0.7, 1, 0)
    circuit = QuantumCircuit(QuantumRegister(3, "q"), ClassicalRegister(2, "a"))
    circuit.add_register(ClassicalRegister(2, "b"))
    circuit.u(0.1, 1 / 3, 1e-7, 2)
    circuit.append(inner.to_gate(), [2, 0])
    circuit.ccx(0, 1, 2)
    circuit.ryy(0.3, 0, 2)
    circuit.measure([0, 1], [1, 2])
    with circuit.if_test((circuit.cregs[0], 2)) as otherwise:
        circuit.x(2)
    with otherwise:
        circuit.cz(2, 1)
    if switch:  # Qiskit writes it to OpenQASM 3, but does not read it from there
        with circuit.switch(circuit.cregs[1]) as case:
            with case(1, 2):
                circuit.y(0)
            with case(case.DEFAULT):
                circuit.z(0)
    with circuit.while_loop(expr.logic_not(circuit.clbits[0])):
        circuit.measure(0, 0)
    circuit.measure(2, 3)
    return circuit


def test_the_hash_survives_saving_and_loading(tmp_path: Path) -> None:
    circuit = rich()
    by_qpy = load_circuit(write(tmp_path, packed(circuit)))
    assert circuit_hash(by_qpy) == circuit_hash(circuit)
    plain = rich(switch=False)
    by_text = load_circuit(write(tmp_path, qasm3.dumps(plain)))
    assert circuit_hash(by_text) == circuit_hash(plain) != circuit_hash(circuit)


def test_the_hash_survives_openqasm_2(tmp_path: Path) -> None:
    for text in ("ising:5", "adder:6", "steane:10", "qft:4"):
        circuit = families.build(text)
        again = load_circuit(write(tmp_path, qasm2.dumps(circuit)))
        assert circuit_hash(again) == circuit_hash(circuit)


def test_the_hash_ignores_what_does_not_act() -> None:
    one, two = rich(), rich()
    two.name, two.metadata, two.global_phase = "other", {"made": "today"}, 1.0
    assert circuit_hash(one) == circuit_hash(two) == circuit_hash(one.copy())
    loose = QuantumCircuit([Qubit(), Qubit()], ClassicalRegister(1, "c"))
    named = QuantumCircuit(QuantumRegister(2, "other"), ClassicalRegister(1, "c"))
    whole, signed = QuantumCircuit(2, 1), QuantumCircuit(2, 1)
    for circuit, angle in ((loose, 0), (named, 0.0), (whole, np.float64(0)), (signed, -0.0)):
        circuit.rz(angle, 1)
        circuit.measure(1, 0)
    assert len({circuit_hash(c) for c in (loose, named, whole, signed)}) == 1


def variants() -> list[QuantumCircuit]:
    """Circuits that differ from each other in one thing each."""

    def circuit(angle: float = 0.5, *, name: str = "c", qubit: int = 0) -> QuantumCircuit:
        made = QuantumCircuit(QuantumRegister(2), ClassicalRegister(2, name))
        made.rx(angle, qubit)
        return made

    found = [
        circuit(),
        circuit(np.nextafter(0.5, 1)),
        circuit(-0.5),
        circuit(name="d"),
        circuit(qubit=1),
        QuantumCircuit(QuantumRegister(2), ClassicalRegister(1, "c"), [Clbit()]),
        QuantumCircuit(QuantumRegister(3), ClassicalRegister(2, "c")),
        QuantumCircuit(QuantumRegister(2), ClassicalRegister(1, "c"), ClassicalRegister(1, "e")),
    ]
    for control, target, state in ((0, 1, 1), (1, 0, 1), (0, 1, 0)):
        found.append(circuit())
        found[-1].cx(control, target, ctrl_state=state)
    for seed in (1, 2):
        found.append(circuit())
        found[-1].append(UnitaryGate(random_unitary(4, seed=seed)), [0, 1])
    for angle in (0.1, 0.2):
        body = QuantumCircuit(1)
        body.rz(angle, 0)
        own = Gate("own", 1, [])
        own.definition = body
        found.append(circuit())
        found[-1].append(own, [0])
    for clbit, value, block in ((0, 1, "x"), (0, 0, "x"), (1, 1, "x"), (0, 1, "y")):
        found.append(circuit())
        with found[-1].if_test((found[-1].clbits[clbit], value)):
            getattr(found[-1], block)(0)
    for stop in (2, 3):
        found.append(circuit())
        with found[-1].for_loop(range(stop)):
            found[-1].x(0)
    for condition in (expr.less, expr.greater):
        found.append(circuit())
        with found[-1].if_test(condition(found[-1].cregs[0], 2)):
            found[-1].x(0)
    for order in ([0, 1], [1, 0]):
        found.append(circuit())
        found[-1].measure([0, 1], order)
    for unit in ("dt", "ns"):
        found.append(circuit())
        found[-1].delay(5, 0, unit)
    return found


def test_the_hash_sees_what_acts() -> None:
    hashes = [circuit_hash(circuit) for circuit in variants()]
    assert len(set(hashes)) == len(hashes)
    assert all(len(digest) == 64 and int(digest, 16) for digest in hashes)
    assert hashes == [circuit_hash(circuit) for circuit in variants()]


def test_the_hash_is_the_same_in_every_release() -> None:
    """Saved models carry it. A change here is a change of the file format."""
    assert circuit_hash(load_circuit("ghz:3")) == (
        "dfa38a47212c6f1bdad4ba1879408ed72dabcc57c4d3b92d371ace8e27191c0f"
    )


def test_resolved_gates_keep_the_unitary(tmp_path: Path) -> None:
    circuit = QuantumCircuit(3)
    circuit.rxx(0.3, 0, 2)
    circuit.iswap(1, 2)
    circuit.append(UnitaryGate(random_unitary(2, seed=5)), [1])
    circuit.rccx(0, 1, 2)
    circuit.mcp(0.4, [0, 1], 2)
    before = Operator(circuit)
    circuit.measure_all()
    loaded = load_circuit(write(tmp_path, qasm3.dumps(circuit)))
    assert Operator(split_measurements(loaded)[0].remove_final_measurements(inplace=False)).equiv(
        before
    )
