"""What a circuit, or a file of shots, a distribution or a surrogate, holds: a summary as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def describe_file(file: str) -> dict[str, Any]:
    """A summary of a circuit, or of a file of shots, a distribution or a surrogate, as JSON.

    What is no file is a circuit family. A file is a circuit by its content, or its name where the
    content is damaged; of any other the complaint is about shots.
    """
    from qdiff.circuit.loading import load_circuit
    from qdiff.files import load as formats
    from qdiff.files.convert import CIRCUIT_SUFFIXES, holds_circuit

    path = Path(file)
    named = not path.exists() or path.suffix.lower() in CIRCUIT_SUFFIXES
    if named or holds_circuit(path):
        return _describe_circuit(load_circuit(file))
    return describe(formats.load(path))


def _describe_circuit(circuit: Any) -> dict[str, Any]:
    from qdiff.circuit.measurement import is_dynamic, registers_of
    from qdiff.circuit.structural_hash import circuit_hash

    return {
        "kind": "circuit",
        "name": circuit.name,
        "num_qubits": circuit.num_qubits,
        "num_bits": circuit.num_clbits,
        "registers": {register.name: register.size for register in registers_of(circuit)},
        "depth": circuit.depth(),
        "gates": dict(circuit.count_ops()),
        "dynamic": is_dynamic(circuit),
        "circuit_hash": circuit_hash(circuit),
    }


def describe(value: Any) -> dict[str, Any]:
    """A summary of shots, a distribution or a surrogate, as JSON."""
    from qdiff.comparison.metrics.tables import entropy
    from qdiff.data.distribution import Distribution
    from qdiff.data.shots import Shots

    common = {
        "num_bits": value.num_bits,
        "registers": {register.name: register.size for register in value.registers},
    }
    if isinstance(value, Shots):
        return {
            "kind": "shots",
            **common,
            "num_shots": value.num_shots,
            "distinct": len(value.counts),
            "provenance": dict(value.provenance),
        }
    if isinstance(value, Distribution):
        return {
            "kind": "distribution",
            **common,
            "entropy_nats": float(entropy(value.probabilities)),
            "largest": float(value.probabilities.max()),
            "provenance": dict(value.provenance),
        }
    return {"kind": "model", **common, "card": dict(value.card)}
