"""A circuit's ideal outcome law in a few numbers that every correct transpilation keeps.

Three routes, the first that a circuit can go: up to `MAX_LAW_BITS` qubits its state vector, any
number if all its gates are Clifford, and any number while its state is little entangled along the
bits. Where none is open, nothing is known of the law.
"""

from qdiff.sketches.affine import affine_sketch
from qdiff.sketches.chain import CHAIN_TOLERANCE, chain_sketch
from qdiff.sketches.law import MAX_LAW_BITS, law_sketch
from qdiff.sketches.sketch import LAW_TOLERANCE, Sketch, sketch

__all__ = [
    "CHAIN_TOLERANCE",
    "LAW_TOLERANCE",
    "MAX_LAW_BITS",
    "Sketch",
    "affine_sketch",
    "chain_sketch",
    "law_sketch",
    "sketch",
]
