"""Which qubit lands in which classical bit, and whether measuring ends the circuit."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from qiskit.circuit import Bit, ControlFlowOp, Measure, Operation, QuantumCircuit, Reset, Store

from qdiff.data.registers import Register
from qdiff.errors import InputError

_PASSIVE = ("barrier", "delay")


def registers_of(circuit: QuantumCircuit) -> tuple[Register, ...]:
    """The classical registers of `circuit`, clbit 0's first; sizes add up to ``num_clbits``.

    Bits outside every register are gathered, run by run, into registers named ``loose_<i>`` after
    their first bit's index. Registers that share bits, or whose bits are not consecutive and
    ascending, cannot be told apart in a row of bits: then one register ``c`` covers all of them.
    Bits that no measurement writes stay 0, as in Qiskit.

    >>> registers_of(QuantumCircuit(2, 3))
    (Register(name='c', size=3),)
    """
    spans: dict[int, Register] = {}
    taken: set[int] = set()
    for creg in circuit.cregs:
        places = [circuit.find_bit(bit).index for bit in creg]
        if not places:
            continue
        start, stop = places[0], places[0] + len(places)
        if places != list(range(start, stop)) or taken.intersection(places):
            return (Register("c", circuit.num_clbits),)
        spans[start] = Register(creg.name, len(places))
        taken.update(places)
    for place in range(circuit.num_clbits):
        if place not in taken and (place == 0 or place - 1 in taken):
            end = place
            while end < circuit.num_clbits and end not in taken:
                end += 1
            spans[place] = Register(f"loose_{place}", end - place)
    return tuple(spans[start] for start in sorted(spans))


def bits_of_a_job(circuit: QuantumCircuit) -> list[int]:
    """Which classical bit each bit of a primitive's shots is: they come register by register."""
    return [circuit.find_bit(bit).index for register in circuit.cregs for bit in register]


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Whether the outcome is more than one final measurement of a state.

    True for a qubit used, reset or measured again after its measurement, a classical bit that two
    measurements write, and anything that depends on classical data (control flow, variables).
    Barriers and delays do not count as use, nor does a reset before the qubit's measurement.

    >>> circuit = QuantumCircuit(1, 1)
    >>> _ = circuit.measure(0, 0)
    >>> is_dynamic(circuit)
    False
    >>> _ = circuit.x(0)
    >>> is_dynamic(circuit)
    True
    """
    return _first_dynamic_step(_inlined(circuit)) is not None


def split_measurements(circuit: QuantumCircuit) -> tuple[QuantumCircuit, dict[int, int]]:
    """`circuit` without its final measurements, and ``{classical bit: qubit}``, both by index.

    Classical bits and registers stay in the returned circuit, empty.

    Raises `InputError` with the reason for a dynamic circuit (see `is_dynamic`).

    >>> circuit = QuantumCircuit(2, 2)
    >>> _ = circuit.measure([0, 1], [1, 0])
    >>> split_measurements(circuit)[1]
    {1: 0, 0: 1}
    """
    flat = _inlined(circuit)
    reason = _first_dynamic_step(flat)
    if reason is not None:
        raise InputError(f"{reason}: shots only, the exact distribution is out of reach")
    bare = flat.copy_empty_like()
    measured: dict[int, int] = {}
    for step in flat.data:
        if isinstance(step.operation, Measure):
            (clbit,), (qubit,) = _places(flat, step.clbits), _places(flat, step.qubits)
            measured[clbit] = qubit
        else:
            bare.append(step)
    return bare, measured


def measures(circuit: QuantumCircuit) -> bool:
    """Whether any measurement occurs, also inside control flow or a composite instruction."""
    return any(_measures(step.operation) for step in circuit.data)


def _measures(operation: Operation) -> bool:
    if isinstance(operation, Measure):
        return True
    if isinstance(operation, ControlFlowOp):
        return any(measures(block) for block in operation.blocks)
    return _hides_classical_bits(operation) and measures(operation.definition)


def _hides_classical_bits(operation: Operation) -> bool:
    """Whether this is a composite instruction that holds measurements of its own."""
    return (
        operation.num_clbits > 0
        and not isinstance(operation, (Measure, ControlFlowOp))
        and getattr(operation, "definition", None) is not None
    )


def _inlined(circuit: QuantumCircuit) -> QuantumCircuit:
    """`circuit` with composite instructions on classical bits written out."""
    if not any(_hides_classical_bits(step.operation) for step in circuit.data):
        return circuit
    flat = circuit.copy_empty_like()
    for step in circuit.data:
        if _hides_classical_bits(step.operation):
            inner = _inlined(step.operation.definition)
            flat.compose(inner, step.qubits, step.clbits, inplace=True)
        else:
            flat.append(step)
    return flat


def _first_dynamic_step(circuit: QuantumCircuit) -> str | None:
    """Why the circuit is dynamic, or None when it is not."""
    read: set[int] = set()
    written: set[int] = set()
    for step in circuit.data:
        operation = step.operation
        if operation.name in _PASSIVE:
            continue
        if isinstance(operation, ControlFlowOp):
            return f"control flow ({operation.name})"
        if isinstance(operation, Store):
            return "a classical variable"
        qubits, clbits = _places(circuit, step.qubits), _places(circuit, step.clbits)
        for qubit in read.intersection(qubits):
            if isinstance(operation, Reset):
                return f"reset of qubit {qubit} after its measurement"
            return f"mid-circuit measurement of qubit {qubit}"
        if not isinstance(operation, Measure):
            if clbits:
                return f"instruction {operation.name!r} on classical bits"
            continue
        if clbits[0] in written:
            return f"classical bit {clbits[0]} is measured into twice"
        read.update(qubits)
        written.update(clbits)
    return None


def _places(circuit: QuantumCircuit, bits: Iterable[Bit]) -> list[int]:
    return [circuit.find_bit(bit).index for bit in bits]


def active_qubits(circuit: QuantumCircuit, measured: Collection[int] | None) -> set[int]:
    """The qubits whose gates can influence the `measured` ones; every qubit in use for None."""
    index = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    active = set(measured or ())
    for step in reversed(circuit.data):
        touched = {index[qubit] for qubit in step.qubits}
        if measured is None or active & touched:
            active |= touched
    return active
