"""Textbook algorithms with a known answer."""

from __future__ import annotations

import math
from fractions import Fraction

from qiskit.circuit import ClassicalRegister, QuantumCircuit, QuantumRegister, Qubit

from qdiff.circuit.families import building_blocks as parts
from qdiff.errors import InputError

_MAX_DENOMINATOR = 10**6


def qft(num_qubits: int, *, seed: int = 0) -> QuantumCircuit:
    """The quantum Fourier transform of a product of seeded Haar-random one-qubit states.

    The final swaps are left to the wiring: qubit ``j`` is measured into classical bit
    ``n - 1 - j``, so that the outcome ``sum_j c_j 2^j`` is the Fourier index. Source: Coppersmith,
    quant-ph/0201067.
    """
    circuit = parts.blank("qft", num_qubits)
    size = circuit.num_qubits
    parts.haar_rotations(circuit, parts.generator(seed))
    for target in reversed(range(size)):
        circuit.h(target)
        for control in reversed(range(target)):
            circuit.cp(math.pi / 2 ** (target - control), control, target)
    circuit.measure(range(size), range(size - 1, -1, -1))
    return circuit


def bv(num_qubits: int, *, seed: int = 0) -> QuantumCircuit:
    """Bernstein-Vazirani: one query finds a seeded secret of ``n - 1`` bits, its top bit set.

    The last qubit is the oracle's and is not measured; without noise the outcome is the secret.
    Source: Bernstein and Vazirani, SIAM J. Comput. 26, 1411 (1997).
    """
    size = parts.count("num_qubits", num_qubits, least=2) - 1
    secret = [*parts.choices(2, size - 1, parts.generator(seed)).tolist(), 1]
    circuit = QuantumCircuit(size + 1, size, name=f"bv_{size + 1}")
    circuit.x(size)
    circuit.h(range(size + 1))
    for qubit, bit in enumerate(secret):
        if bit:
            circuit.cx(qubit, size)
    circuit.h(range(size))
    circuit.measure(range(size), range(size))
    return circuit


def phase(num_qubits: int, *, phase: float = 1 / 3) -> QuantumCircuit:
    """Phase estimation of ``p(2 pi phase)`` on its eigenstate ``|1>``, ``n - 1`` counting qubits.

    The outcome ``y`` peaks at ``y / 2^(n-1) = phase``; 1/3 has no exact binary form and so spreads
    out. The phase is taken as the nearest fraction with a denominator of at most a million. Source:
    Kitaev, quant-ph/9511026; Cleve et al., quant-ph/9708016.
    """
    size = parts.count("num_qubits", num_qubits, least=2) - 1
    turn = Fraction(parts.real("phase", phase)).limit_denominator(_MAX_DENOMINATOR)
    circuit = QuantumCircuit(size + 1, size, name=f"phase_{size + 1}")
    circuit.h(range(size))
    circuit.x(size)
    for qubit in range(size):
        circuit.cp(_angle(turn * 2 ** (size - 1 - qubit)), qubit, size)
    return parts.measured_fourier(circuit, range(size))


def _angle(turn: Fraction) -> float:
    """``2 pi turn`` within one turn, rounded once at the end."""
    part = turn % 1
    return 2 * math.pi * part.numerator / part.denominator


def amplitude(num_qubits: int, *, probability: float = 0.2) -> QuantumCircuit:
    """Canonical amplitude estimation of one Bernoulli qubit with ``n - 1`` evaluation qubits.

    ``A = ry(2 theta)`` prepares ``P(1) = sin^2(theta) = probability``; Grover's operator on one
    qubit is ``ry(4 theta)``. The outcome ``y`` peaks where ``sin^2(pi y / 2^(n-1))`` is the
    probability. Source: Brassard, Høyer, Mosca, Tapp, quant-ph/0005055.
    """
    size = parts.count("num_qubits", num_qubits, least=2) - 1
    if not 0 <= parts.real("probability", probability) <= 1:
        raise InputError(f"probability {probability!r} is not in [0, 1]")
    theta = math.asin(math.sqrt(probability))
    circuit = QuantumCircuit(size + 1, size, name=f"amplitude_{size + 1}")
    circuit.h(range(size))
    circuit.ry(2 * theta, size)
    for qubit in range(size):
        circuit.cry(4 * theta * 2 ** (size - 1 - qubit), qubit, size)
    return parts.measured_fourier(circuit, range(size))


def adder(num_qubits: int, *, a: int = 1, b: int = -1) -> QuantumCircuit:
    """Cuccaro's ripple-carry adder: two ``k``-bit numbers, ``n = 2k + 2`` qubits.

    Registers `cin`, `a`, `b`, `cout`; the ``k + 1`` bits of the sum ``a + b`` are measured into
    `ans`. By default ``1 + (2^k - 1)``, where the carry runs through every bit (``b = -1`` stands
    for all ones). Source: Cuccaro, Draper, Kutin, Moulton, quant-ph/0410184.
    """
    size, odd = divmod(parts.count("num_qubits", num_qubits, least=4), 2)
    if odd:
        raise InputError(f"an adder has 2k + 2 qubits, an even number; got {num_qubits}")
    width = size - 1
    registers = [QuantumRegister(width, "a"), QuantumRegister(width, "b")]
    carry_in, carry_out = QuantumRegister(1, "cin"), QuantumRegister(1, "cout")
    answer = ClassicalRegister(width + 1, "ans")
    circuit = QuantumCircuit(carry_in, *registers, carry_out, answer, name=f"adder_{num_qubits}")
    for register, value in zip(registers, (a, 2**width - 1 if b == -1 else b), strict=True):
        _write(circuit, register, value)
    _add(circuit, [carry_in[0], *registers[0]], [*registers[1]], carry_out[0])
    circuit.measure([*registers[1], carry_out[0]], answer)
    return circuit


def _write(circuit: QuantumCircuit, register: QuantumRegister, value: int) -> None:
    if not isinstance(value, int) or not 0 <= value < 2**register.size:
        raise InputError(
            f"{register.name} must be a whole number of {register.size} bits, got {value!r}"
        )
    for place, qubit in enumerate(register):
        if value >> place & 1:
            circuit.x(qubit)


def _add(circuit: QuantumCircuit, carries: list[Qubit], b: list[Qubit], carry_out: Qubit) -> None:
    """``b += a``; ``carries`` is the carry-in followed by ``a``, which is restored at the end."""
    for carry, a_bit, b_bit in zip(carries, carries[1:], b, strict=False):
        circuit.cx(a_bit, b_bit)
        circuit.cx(a_bit, carry)
        circuit.ccx(carry, b_bit, a_bit)
    circuit.cx(carries[-1], carry_out)
    for carry, a_bit, b_bit in reversed(list(zip(carries, carries[1:], b, strict=False))):
        circuit.ccx(carry, b_bit, a_bit)
        circuit.cx(a_bit, carry)
        circuit.cx(carry, b_bit)
