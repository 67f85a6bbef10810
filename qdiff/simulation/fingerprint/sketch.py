"""`Sketch`: what is known of an ideal law, by the first route that its circuit can go."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qdiff.circuit.measurement import is_dynamic
from qdiff.errors import InputError
from qdiff.models.clifford.affine_law import echelon
from qdiff.simulation.fingerprint.chain_sketch import CHAIN_TOLERANCE, chain_sketch
from qdiff.simulation.fingerprint.table_sketch import law_sketch

LAW_TOLERANCE = 1e-7
"""How far two laws may differ, relative to their length, and count as one: rounding of angles."""


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """What is known of an ideal law: one of these, or nothing.

    Attributes
    ----------
    law
        See `qdiff.simulation.fingerprint.table_sketch.law_sketch`.
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


def affine_sketch(circuit: QuantumCircuit) -> str | None:
    """Hash of the affine space that a Clifford circuit's outcomes are uniform over; exact.

    None for a circuit with other gates.
    """
    from qdiff.circuit.clifford_law import affine_of

    try:
        law = affine_of(circuit)
    except InputError:
        return None
    rows = [row for row in echelon(law.generators) if row.any()]
    offset = law.offset & np.uint8(1)
    for row in rows:  # its first 1 stands alone in its column
        offset = offset ^ row * offset[row.argmax()]
    table = np.vstack([*rows, offset])
    return hashlib.sha256(f"{table.shape}".encode() + np.packbits(table).tobytes()).hexdigest()


def _comparable(one: tuple[float, ...] | None, other: tuple[float, ...] | None) -> bool:
    return one is not None and other is not None and len(one) == len(other)
