"""A small law of each kind."""

from __future__ import annotations

import numpy as np
from known_laws import porter_thomas

from qdiff.data.shots import Shots
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.mixture import AnyOrderMixture
from qdiff.models.laws.table import TableLaw
from qdiff.models.matrix_product.fit import random_tensors
from qdiff.models.matrix_product.law import MatrixProductLaw

NUM_BITS = 5


def table_law(seed: int = 0, num_bits: int = NUM_BITS) -> TableLaw:
    return TableLaw(np.log(porter_thomas(num_bits, seed).probabilities))


def histogram_law(seed: int = 1) -> HistogramLaw:
    bits = np.random.default_rng(seed).integers(0, 2, (40, NUM_BITS))
    return HistogramLaw(Shots.from_bits(bits))


LAWS = {
    "table": table_law(),
    "histogram": histogram_law(),
    "mixture": AnyOrderMixture([table_law(2), histogram_law(), table_law(3)], [0.5, 0.3, 0.2]),
}


def random_chain(num_bits: int, bond: int = 3, seed: int = 0) -> MatrixProductLaw:
    """A random law along a random chain."""
    generator = np.random.default_rng(seed)
    tensors = random_tensors(num_bits, bond, generator)
    return MatrixProductLaw(tensors, generator.permutation(num_bits).tolist())
