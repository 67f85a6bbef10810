"""States with a known law: entangled states, graph states and a code word."""

from __future__ import annotations

import math

from qiskit.circuit import ClassicalRegister, QuantumCircuit, QuantumRegister

from qdiff.circuit.families import building_blocks as parts
from qdiff.errors import InputError


def ghz(num_qubits: int) -> QuantumCircuit:
    """The Greenberger-Horne-Zeilinger state ``(|0...0> + |1...1>) / sqrt(2)``.

    One Hadamard and a chain of CNOTs. Source: Greenberger, Horne, Zeilinger, arXiv:0712.0921.
    """
    circuit = parts.blank("ghz", num_qubits, least=2)
    circuit.h(0)
    for qubit in range(circuit.num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return parts.measured(circuit)


def w(num_qubits: int) -> QuantumCircuit:
    """The W state: the even superposition of the ``n`` strings with a single 1.

    The excitation starts on qubit 0; each step keeps it with amplitude ``sqrt(1/k)``, ``k`` being
    the number of qubits left, and hands the rest on. Source: Dür, Vidal, Cirac,
    quant-ph/0005115; circuit: Cruz et al., arXiv:1807.05572.
    """
    circuit = parts.blank("w", num_qubits, least=2)
    circuit.x(0)
    for qubit in range(circuit.num_qubits - 1):
        left = circuit.num_qubits - qubit
        circuit.cry(2 * math.atan(math.sqrt(left - 1)), qubit, qubit + 1)
        circuit.cx(qubit + 1, qubit)
    return parts.measured(circuit)


def graph(num_qubits: int, *, rows: int = 1, seed: int = 0) -> QuantumCircuit:
    """A cluster state on an open grid, measured at random angles in the X-Y plane.

    ``|+>`` on every qubit, CZ on every edge of a grid of `rows` rows (qubit ``r * columns + c``),
    then each qubit is measured in the basis ``(|0> +- e^{i theta} |1>) / sqrt(2)``, ``theta`` a
    seeded multiple of pi/4: one run of measurement-based computation without feed-forward. Source:
    Raussendorf, Briegel, PRL 86, 5188 (2001); sampling: Gao, Wang, Duan, arXiv:1607.04947.
    """
    rows = parts.count("rows", rows, least=1)
    circuit = parts.blank("graph", num_qubits, least=2)
    columns, rest = divmod(circuit.num_qubits, rows)
    if rest:
        raise InputError(f"{circuit.num_qubits} qubits do not make a grid of {rows} rows")
    circuit.h(range(circuit.num_qubits))
    for bond in _grid(rows, columns):
        circuit.cz(*bond)
    eighths = parts.choices(8, circuit.num_qubits, parts.generator(seed)).tolist()
    for qubit, eighth in enumerate(eighths):
        circuit.p(-eighth * math.pi / 4, qubit)
        circuit.h(qubit)
    return parts.measured(circuit)


def _grid(rows: int, columns: int) -> list[parts.Bond]:
    """Edges in four rounds, each of edges that share no qubit."""
    across = [
        (row * columns + left, row * columns + left + 1)
        for start in (0, 1)
        for row in range(rows)
        for left in range(start, columns - 1, 2)
    ]
    down = [
        (upper * columns + column, (upper + 1) * columns + column)
        for start in (0, 1)
        for upper in range(start, rows - 1, 2)
        for column in range(columns)
    ]
    return across + down


_STEANE_CHECKS = {4: (0, 1, 3), 5: (0, 2, 3), 6: (1, 2, 3)}
"""Pivot qubit of each generator and the rest of its support: the [7, 4] Hamming code's dual."""


def steane(num_qubits: int = 10) -> QuantumCircuit:
    """Logical zero of Steane's 7-qubit code, alone (7 qubits) or with its bit-flip checks (10).

    The state is the even superposition of the 8 words of the dual Hamming code. With 10 qubits,
    three ancillas take the parities of the Z-type checks (`syndrome`, all 0 without noise), and
    all is measured at the end (`data`, then `syndrome`). Source: Steane, quant-ph/9601029.
    """
    num_qubits = parts.count("num_qubits", num_qubits, least=1)
    if num_qubits not in (7, 10):
        raise InputError(f"steane has 7 or 10 qubits, got {num_qubits!r}")
    data, word = QuantumRegister(7, "q"), ClassicalRegister(7, "data")
    circuit = QuantumCircuit(data, word, name=f"steane_{num_qubits}")
    for pivot, others in _STEANE_CHECKS.items():
        circuit.h(pivot)
        for other in others:
            circuit.cx(pivot, other)
    if num_qubits == 10:
        _check_bit_flips(circuit)
    circuit.measure(data, word)
    return circuit


def _check_bit_flips(circuit: QuantumCircuit) -> None:
    ancillas, syndrome = QuantumRegister(3, "ancilla"), ClassicalRegister(3, "syndrome")
    circuit.add_register(ancillas)
    for ancilla, (pivot, others) in zip(ancillas, _STEANE_CHECKS.items(), strict=True):
        for qubit in (*others, pivot):
            circuit.cx(qubit, ancilla)
    circuit.add_register(syndrome)
    circuit.measure(ancillas, syndrome)
