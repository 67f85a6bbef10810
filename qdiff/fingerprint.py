"""What a circuit does, in a few numbers, so that a transpiled copy of it is known again.

Two routes. The *structure* is a hash that does not see where qubits sit, how registers are called
or in which order commuting lines are written; it survives a change of layout and barriers. The
*law* is a sketch of the ideal distribution of the classical bits; it survives every correct
transpilation, and exists where a state vector is cheap.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Measure, Qubit

from qdiff import aer
from qdiff.circuit import circuit_hash, is_dynamic, split_measurements
from qdiff.errors import InputError
from qdiff.methods import active_qubits
from qdiff.noise import prepare

MAX_LAW_BITS = 18
"""Up to so many qubits and classical bits the ideal law is sketched; it takes some 30 ms."""

LAW_TOLERANCE = 1e-7
"""How far two laws may differ, relative to their length, and count as one: rounding of angles."""

_SKETCH = 32
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
    law
        See `law_sketch`; None for dynamic and large circuits.
    two_qubit_gates
        How many gates act on two or more qubits: a copy with many more of them is noisier.
    """

    num_bits: int
    structure: str
    law: tuple[float, ...] | None
    two_qubit_gates: int

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        law = None if self.law is None else list(self.law)
        return {"version": _VERSION, **asdict(self), "law": law}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fingerprint:
        """What `to_dict` wrote. Raises `InputError` for anything else."""
        try:
            if data["version"] != _VERSION:
                raise InputError(f"a circuit fingerprint of version {data['version']!r}")
            law = None if data["law"] is None else tuple(float(value) for value in data["law"])
            return cls(
                num_bits=int(data["num_bits"]),
                structure=str(data["structure"]),
                law=law,
                two_qubit_gates=int(data["two_qubit_gates"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"this is no circuit fingerprint: {error}") from None

    def same_structure(self, other: Fingerprint) -> bool:
        return (self.num_bits, self.structure) == (other.num_bits, other.structure)

    def same_law(self, other: Fingerprint) -> bool:
        """Whether both ideal laws are known and agree to `LAW_TOLERANCE`."""
        if self.num_bits != other.num_bits or self.law is None or other.law is None:
            return False
        mine, theirs = np.array(self.law), np.array(other.law)
        if mine.shape != theirs.shape:
            return False
        apart = np.linalg.norm(mine - theirs)
        return bool(apart <= LAW_TOLERANCE * max(np.linalg.norm(mine), np.linalg.norm(theirs)))


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
        law=law_sketch(bound),
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


def law_sketch(circuit: QuantumCircuit) -> tuple[float, ...] | None:
    """Random projections ``s_k = sum_x p(x) r_k(x)`` of the ideal law, or None where it is dear.

    ``r_k(x)`` is +1 or -1, bit ``k`` of a fixed hash of ``x``. The mean of ``(s_k - t_k)^2`` is an
    unbiased estimate of ``sum_x (p(x) - q(x))^2`` (Johnson and Lindenstrauss), so equal sketches
    mean equal laws.
    """
    if circuit.num_clbits > MAX_LAW_BITS or not circuit.num_clbits or is_dynamic(circuit):
        return None
    bare, measured = split_measurements(circuit)
    if not measured:
        return None
    ideal = prepare(bare, None).circuit
    if len(active_qubits(ideal, set(measured.values()))) > MAX_LAW_BITS:
        return None
    table = _ideal_law(ideal, measured, circuit.num_clbits)
    signs = _hashed(np.flatnonzero(table))
    weights = table[table != 0]
    return tuple(
        float(weights @ (1.0 - 2.0 * ((signs >> np.uint64(bit)) & np.uint64(1))))
        for bit in range(_SKETCH)
    )


def two_qubit_gates(circuit: QuantumCircuit) -> int:
    """How many instructions act on two or more qubits, barriers and blocks aside."""
    return sum(
        len(step.qubits) > 1 and step.operation.name != "barrier"
        for step in circuit.data
        if not isinstance(step.operation, ControlFlowOp)
    )


def _ideal_law(
    ideal: QuantumCircuit, measured: Mapping[int, int], num_bits: int
) -> NDArray[np.float64]:
    """All ``2^n`` probabilities of the classical bits, 0 where nothing is measured into one."""
    qubits = sorted(set(measured.values()))
    run = ideal.copy()
    run.save_probabilities(qubits=qubits)
    data = aer.run(run, method="statevector", shots=1, seed=0)
    table = np.asarray(data["probabilities"], dtype=np.float64)
    place = {qubit: rank for rank, qubit in enumerate(qubits)}
    outcome = np.arange(len(table))
    index = np.zeros(len(table), dtype=np.int64)
    for bit, qubit in measured.items():
        index |= (outcome >> place[qubit] & 1) << bit
    full = np.zeros(1 << num_bits)
    np.add.at(full, index, table)
    return full


def _hashed(index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 hash bits of each number: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    state = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))


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
