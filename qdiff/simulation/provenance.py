"""What simulated shots and laws say of where they came from."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qdiff.circuit.structural_hash import circuit_hash
from qdiff.environment import __version__
from qdiff.noise.spec import NoiseSpec
from qdiff.simulation.fingerprint.fingerprint import fingerprint


def circuit_record(circuit: QuantumCircuit, noise: NoiseSpec | None) -> dict[str, Any]:
    """What is said of the circuit, its noise and the versions in use, as JSON."""
    return {
        "circuit": circuit.name,
        "circuit_hash": circuit_hash(circuit),
        "fingerprint": fingerprint(circuit).to_dict(),
        "noise": None if noise is None else noise.to_dict(),
        "versions": versions(),
    }


def seed_record(root: np.random.SeedSequence) -> dict[str, Any]:
    """What provenance says of a root seed: enough to have it again."""
    entropy: Any = root.entropy
    if not isinstance(entropy, int):
        entropy = [int(word) for word in entropy]
    return {"seed": entropy, "spawn_key": [int(word) for word in root.spawn_key]}


def versions() -> dict[str, str]:
    """Of what decides the shots, beside the seed."""
    aer = {name: version(name.replace("_", "-")) for name in ("qiskit", "qiskit_aer")}
    return {**aer, "qdiff": __version__}
