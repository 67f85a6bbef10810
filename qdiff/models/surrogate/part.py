"""What a surrogate's law is mixed from."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from qdiff.models.laws.law import AnyOrderLaw


class Part(StrEnum):
    """The kinds of law that a surrogate mixes; files and cards name them so."""

    DIFFUSION = "diffusion"
    INTERACTIONS = "interactions"
    MATRIX_PRODUCT = "matrix_product"
    RECURRENT = "recurrent"
    SHOTS = "shots"
    CIRCUIT = "circuit"
    UNFOLDED = "unfolded"


Parts = Mapping[Part, AnyOrderLaw]
Weights = Mapping[Part, float]
