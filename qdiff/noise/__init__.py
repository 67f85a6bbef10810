"""Noise: a small readable schema, and how it is written into a circuit for Aer.

`schema` says what the noise is (no Qiskit there), `text` reads and writes it, `presets` names some,
`device` reads a Qiskit backend, and `attach` puts it on the gates of a circuit.
"""

from __future__ import annotations

from qdiff.noise.attach import NoisyCircuit, prepare
from qdiff.noise.presets import PRESETS
from qdiff.noise.schema import EdgeNoise, NoiseSpec, QubitNoise

__all__ = ["PRESETS", "EdgeNoise", "NoiseSpec", "NoisyCircuit", "QubitNoise", "prepare"]
