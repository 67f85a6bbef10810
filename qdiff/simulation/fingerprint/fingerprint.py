"""What a circuit does, in a few numbers, so that a transpiled copy of it is known again.

Two routes. The *structure* is a hash that does not see where qubits sit, how registers are called
or in which order commuting lines are written; it survives a change of layout and barriers. The
*sketch* is of the ideal distribution of the classical bits (`sketch`); it survives every
correct transpilation, and exists where that law is cheap to know.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Measure, Qubit

from qdiff.circuit.measurement import is_dynamic
from qdiff.circuit.structural_hash import circuit_hash
from qdiff.errors import InputError
from qdiff.simulation.fingerprint.sketch import Sketch, sketch

_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """What identifies a circuit up to transpilation.

    Attributes
    ----------
    num_bits
        How many classical bits there are.
    structure
        See `structure_hash`.
    sketch
        Of the ideal law; empty for dynamic circuits and for large ones that are hard to simulate.
    two_qubit_gates
        How many gates act on two or more qubits: a copy with many more of them is noisier.
    """

    num_bits: int
    structure: str
    sketch: Sketch
    two_qubit_gates: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "version": _VERSION,
            "num_bits": self.num_bits,
            "structure": self.structure,
            "two_qubit_gates": self.two_qubit_gates,
            **self.sketch.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fingerprint:
        """What `to_dict` wrote. Raises `InputError` for anything else."""
        try:
            if data["version"] != _VERSION:
                raise InputError(f"a circuit fingerprint of version {data['version']!r}")
            return cls(
                num_bits=int(data["num_bits"]),
                structure=str(data["structure"]),
                sketch=Sketch.from_dict(data),
                two_qubit_gates=int(data["two_qubit_gates"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"this is no circuit fingerprint: {error}") from None

    def same_structure(self, other: Fingerprint) -> bool:
        return (self.num_bits, self.structure) == (other.num_bits, other.structure)

    def same_law(self, other: Fingerprint) -> bool:
        """Whether both ideal laws are known, by the same route, and agree."""
        return self.num_bits == other.num_bits and self.sketch.agrees(other.sketch)


def fingerprint(circuit: QuantumCircuit) -> Fingerprint:
    """The fingerprint of `circuit`; free parameters are first given values that their names decide.

    >>> one, two = QuantumCircuit(2, 2), QuantumCircuit(5, 2)
    >>> _ = one.h(0), one.cx(0, 1), one.measure([0, 1], [0, 1])
    >>> _ = two.h(4), two.barrier(), two.cx(4, 2), two.measure([4, 2], [0, 1])
    >>> fingerprint(one).same_structure(fingerprint(two))
    True
    """
    bound = with_named_values(circuit)
    return Fingerprint(
        num_bits=circuit.num_clbits,
        structure=structure_hash(bound),
        sketch=sketch(bound),
        two_qubit_gates=two_qubit_gates(circuit),
    )


def with_named_values(
    circuit: QuantumCircuit, names: Mapping[str, str] | None = None
) -> QuantumCircuit:
    """`circuit` with each free parameter set to an angle in [0, 2 pi) that its name decides.

    `names` may call parameters otherwise, ``{name: other}``.
    """
    if not circuit.num_parameters:
        return circuit
    called = names or {item.name: item.name for item in circuit.parameters}
    values = {item: _angle(called[item.name]) for item in circuit.parameters}
    return circuit.assign_parameters(values)


def parameters_by_use(circuit: QuantumCircuit) -> tuple[str, ...]:
    """The names of the free parameters in the order of their first use, whatever their names."""
    used = {
        item.name: None
        for step in _normalised(circuit).data
        for value in step.operation.params
        for item in sorted(getattr(value, "parameters", ()), key=lambda each: str(each.name))
    }
    return tuple(used)


def structure_hash(circuit: QuantumCircuit) -> str:
    """Hash of the circuit's lines as far as measurements see them.

    Idle qubits, barriers, register names and the order of independent instructions are left out;
    qubits are numbered by the classical bit that they are measured into, others by first use.
    """
    return circuit_hash(_normalised(circuit))


def two_qubit_gates(circuit: QuantumCircuit) -> int:
    """How many instructions act on two or more qubits, barriers and blocks aside."""
    return sum(
        len(step.qubits) > 1 and step.operation.name != "barrier"
        for step in circuit.data
        if not isinstance(step.operation, ControlFlowOp)
    )


def _normalised(circuit: QuantumCircuit) -> QuantumCircuit:
    if is_dynamic(circuit):  # conditions name bits and registers: keep every line where it is
        return circuit
    number = _qubit_numbers(circuit)
    plain = QuantumCircuit(len(number), circuit.num_clbits)
    clbit = {bit: place for place, bit in enumerate(circuit.clbits)}
    placed = []
    front: dict[tuple[str, int], int] = {}
    for step in circuit.data:
        if step.operation.name == "barrier":
            continue
        qubits = [number[qubit] for qubit in step.qubits]
        bits = [clbit[bit] for bit in step.clbits]
        lines = [("q", q) for q in qubits] + [("c", c) for c in bits]
        layer = 1 + max((front.get(line, 0) for line in lines), default=0)
        front.update(dict.fromkeys(lines, layer))
        placed.append((layer, qubits, bits, step.operation))
    for _, qubits, bits, operation in sorted(placed, key=lambda item: item[:3]):
        plain.append(operation, qubits, bits, copy=False)
    return plain


def _qubit_numbers(circuit: QuantumCircuit) -> dict[Qubit, int]:
    """Qubits in use, numbered by the classical bit that each is measured into, then by use."""
    clbit = {bit: place for place, bit in enumerate(circuit.clbits)}
    measured = sorted(
        (clbit[step.clbits[0]], position, step.qubits[0])
        for position, step in enumerate(circuit.data)
        if isinstance(step.operation, Measure)
    )
    numbers: dict[Qubit, int] = {}
    for _, _, qubit in measured:
        numbers.setdefault(qubit, len(numbers))
    for step in circuit.data:
        for qubit in step.qubits if step.operation.name != "barrier" else ():
            numbers.setdefault(qubit, len(numbers))
    return numbers


def _angle(name: str) -> float:
    digest = hashlib.sha256(name.encode()).digest()
    return 2 * math.pi * int.from_bytes(digest[:6], "big") / 2**48
