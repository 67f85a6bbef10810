"""Physics in the model: a circuit's law under noise of unknown strength, and readout undone."""

from qdiff.physics.circuit_fit import CircuitFit as CircuitFit
from qdiff.physics.circuit_fit import CircuitFitConfig as CircuitFitConfig
from qdiff.physics.circuit_fit import fit_circuit as fit_circuit
from qdiff.physics.circuit_law import CircuitLaw as CircuitLaw
from qdiff.physics.confusion import Confusion as Confusion
from qdiff.physics.confusion import Factor as Factor
from qdiff.physics.program import Gate as Gate
from qdiff.physics.program import Program as Program

__all__ = [
    "CircuitFit",
    "CircuitFitConfig",
    "CircuitLaw",
    "Confusion",
    "Factor",
    "Gate",
    "Program",
    "fit_circuit",
]
