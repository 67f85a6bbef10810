"""A circuit's ideal outcome law in a few numbers that every correct transpilation keeps.

Three routes, the first that a circuit can go: up to `MAX_LAW_BITS` qubits its state vector, any
number if all its gates are Clifford, and any number while its state is little entangled along the
bits. Where none is open, nothing is known of the law.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from qiskit.circuit import Gate
from qiskit.quantum_info import Operator

from qdiff import aer
from qdiff.chain_state import ChainState, TooEntangledError
from qdiff.circuit import is_dynamic, split_measurements
from qdiff.errors import InputError
from qdiff.methods import active_qubits
from qdiff.noise import prepare

MAX_LAW_BITS = 22
"""Up to so many qubits and classical bits the law is projected; 30 ms at 18 of them, 4 s at 22."""

LAW_TOLERANCE = 1e-7
"""How far two laws may differ, relative to their length, and count as one: rounding of angles."""

CHAIN_TOLERANCE = 1e-7
"""How far any mean of a chain may differ; they are computed to some 1e-9."""

_SKETCH = 32
_MAX_BOND = 64
_MAX_WORK = 1e9  # a few seconds
_SETS = ((24, 3.0), (8, 0.25), (8, 0.5))
"""Products of Z: how many, and of how many bits (or of which part of them) on average."""


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """What is known of an ideal law: one of these, or nothing.

    Attributes
    ----------
    law
        See `law_sketch`.
    affine
        See `affine_sketch`.
    chain
        See `chain_sketch`.
    """

    law: tuple[float, ...] | None = None
    affine: str | None = None
    chain: tuple[float, ...] | None = None

    def __bool__(self) -> bool:
        return not (self.law is None and self.affine is None and self.chain is None)

    def to_dict(self) -> dict[str, Any]:
        """As JSON; what is not known is left out, but for `law`, which older files have too."""
        known = {"affine": self.affine} if self.affine is not None else {}
        chained = {"chain": [*self.chain]} if self.chain is not None else {}
        return {"law": None if self.law is None else [*self.law], **known, **chained}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Sketch:
        """What `to_dict` wrote, other entries left aside. Raises like ``float`` and ``dict``."""
        law, affine, chain = data["law"], data.get("affine"), data.get("chain")
        return cls(
            law=None if law is None else tuple(float(value) for value in law),
            affine=None if affine is None else str(affine),
            chain=None if chain is None else tuple(float(value) for value in chain),
        )

    def agrees(self, other: Sketch) -> bool:
        """Whether both know the law by the same route, and to its tolerance it is the same."""
        if self.affine is not None and other.affine is not None:
            return self.affine == other.affine
        if _comparable(self.law, other.law):
            mine, theirs = np.array(self.law), np.array(other.law)
            length = max(np.linalg.norm(mine), np.linalg.norm(theirs))
            return bool(np.linalg.norm(mine - theirs) <= LAW_TOLERANCE * length)
        if _comparable(self.chain, other.chain):
            apart = np.abs(np.array(self.chain) - np.array(other.chain))
            return bool(apart.max() <= CHAIN_TOLERANCE)
        return False


def sketch(circuit: QuantumCircuit) -> Sketch:
    """The ideal law of `circuit` by the first route that it can go."""
    if not circuit.num_clbits or is_dynamic(circuit):
        return Sketch()
    law = law_sketch(circuit)
    if law is not None:
        return Sketch(law=law)
    affine = affine_sketch(circuit)
    if affine is not None:
        return Sketch(affine=affine)
    return Sketch(chain=chain_sketch(circuit))


def law_sketch(circuit: QuantumCircuit) -> tuple[float, ...] | None:
    """Random projections ``s_k = sum_x p(x) r_k(x)`` of the ideal law, or None where it is dear.

    ``r_k(x)`` is +1 or -1, bit ``k`` of a fixed hash of ``x``. The mean of ``(s_k - t_k)^2`` is an
    unbiased estimate of ``sum_x (p(x) - q(x))^2`` (Johnson and Lindenstrauss), so equal sketches
    mean equal laws.
    """
    if circuit.num_clbits > MAX_LAW_BITS:
        return None
    ideal, measured = _unitary_part(circuit)
    if not measured or len(active_qubits(ideal, set(measured.values()))) > MAX_LAW_BITS:
        return None
    table = _ideal_law(ideal, measured, circuit.num_clbits)
    signs = _hashed(np.flatnonzero(table))
    weights = table[table != 0]
    return tuple(
        float(weights @ (1.0 - 2.0 * ((signs >> np.uint64(bit)) & np.uint64(1))))
        for bit in range(_SKETCH)
    )


def affine_sketch(circuit: QuantumCircuit) -> str | None:
    """Hash of the affine space that a Clifford circuit's outcomes are uniform over; exact.

    None for a circuit with other gates.
    """
    from qdiff.programs import affine_of

    try:
        law = affine_of(circuit)
    except InputError:
        return None
    table = _canonical(law.generators, law.offset)
    return hashlib.sha256(f"{table.shape}".encode() + np.packbits(table).tobytes()).hexdigest()


def chain_sketch(circuit: QuantumCircuit) -> tuple[float, ...] | None:
    """``<Z>`` of each classical bit, and ``<prod Z>`` over 40 fixed sets of bits.

    From the state as a chain of matrices in the order of the bits; None where it is too entangled.
    Two laws that agree in all of them to `CHAIN_TOLERANCE` count as one: of bits that are far more
    than 30 only differences among few bits are seen.
    """
    ideal, measured = _unitary_part(circuit)
    if not measured:
        return None
    seen = active_qubits(ideal, set(measured.values()))
    order = dict.fromkeys([measured[bit] for bit in sorted(measured)] + sorted(seen))
    site = {qubit: place for place, qubit in enumerate(order)}
    try:
        state = _chain(ideal, site)
    except TooEntangledError:
        return None
    singles, flags = np.ones(circuit.num_clbits), _sets(circuit.num_clbits)
    marked = np.zeros((len(flags), len(site)), dtype=bool)
    means = state.means_of_z()
    for bit, qubit in measured.items():
        singles[bit] = means[site[qubit]]
        marked[:, site[qubit]] ^= flags[:, bit]
    return (*singles.tolist(), *state.means_of_products(marked).tolist())


def _chain(ideal: QuantumCircuit, site: Mapping[int, int]) -> ChainState:
    state = ChainState(len(site), max_bond=_MAX_BOND, max_work=_MAX_WORK)
    place = {qubit: index for index, qubit in enumerate(ideal.qubits)}
    for step in ideal.data:
        where = [site[place[qubit]] for qubit in step.qubits if place[qubit] in site]
        if len(where) != len(step.qubits) or step.operation.name in ("barrier", "delay", "id"):
            continue
        if not isinstance(step.operation, Gate) or len(where) > 2:
            raise TooEntangledError  # a reset, say: no pure state
        matrix = np.asarray(Operator(step.operation).data)
        if len(where) == 1:
            state.apply_one(matrix, where[0])
        else:
            state.apply_two(matrix, *where)
    return state


def _sets(num_bits: int) -> NDArray[np.bool_]:
    """Fixed sets of bits, ``(40, num_bits)``: each holds a bit by a hash of both."""
    rows: list[NDArray[np.bool_]] = []
    for number, size in _SETS:
        share = size / num_bits if size > 1 else size
        for _ in range(number):
            hashed = _hashed(np.arange(num_bits) + (len(rows) + 1) * (1 << 32))
            rows.append(hashed < np.uint64(min(share, 0.99) * 2**64))
    return np.array(rows)


def _unitary_part(circuit: QuantumCircuit) -> tuple[QuantumCircuit, dict[int, int]]:
    """Gates on one or two qubits, and which qubit each classical bit reads."""
    bare, measured = split_measurements(circuit)
    return prepare(bare, None).circuit, measured


def _ideal_law(
    ideal: QuantumCircuit, measured: Mapping[int, int], num_bits: int
) -> NDArray[np.float64]:
    """All ``2^n`` probabilities of the classical bits, 0 where nothing is measured into one."""
    qubits = sorted(set(measured.values()))
    run = ideal.copy()
    run.save_probabilities(qubits=qubits)
    data: dict[str, Any] = aer.run(run, method="statevector", shots=1, seed=0)
    table = np.asarray(data["probabilities"], dtype=np.float64)
    place = {qubit: rank for rank, qubit in enumerate(qubits)}
    outcome = np.arange(len(table))
    index = np.zeros(len(table), dtype=np.int64)
    for bit, qubit in measured.items():
        index |= (outcome >> place[qubit] & 1) << bit
    full: NDArray[np.float64] = np.zeros(1 << num_bits)
    full += np.bincount(index, weights=table, minlength=1 << num_bits)
    return full


def _hashed(index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 hash bits of each number: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    state = (index.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))


def _comparable(one: tuple[float, ...] | None, other: tuple[float, ...] | None) -> bool:
    return one is not None and other is not None and len(one) == len(other)


def _canonical(generators: NDArray[np.uint8], offset: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The one table that all generators and offsets of an affine space over GF(2) reduce to."""
    rows = np.vstack([generators, offset]) & np.uint8(1)
    rank, last = 0, len(rows) - 1
    for column in range(rows.shape[1]):
        found = np.flatnonzero(rows[rank:last, column])
        if not len(found):
            continue
        rows[[rank, rank + found[0]]] = rows[[rank + found[0], rank]]
        others = np.flatnonzero(rows[:, column])
        rows[others[others != rank]] ^= rows[rank]
        rank += 1
    return np.vstack([rows[:rank], rows[last:]])
