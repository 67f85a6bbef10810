"""Surrogates behind Qiskit's own interfaces: a sampler primitive and a backend."""

from __future__ import annotations

from qdiff.primitives.backend import SurrogateBackend
from qdiff.primitives.catalogue import Catalogue, Match
from qdiff.primitives.family import Family
from qdiff.primitives.on_demand import OnDemand
from qdiff.primitives.sampler import SurrogateSampler

__all__ = ["Catalogue", "Family", "Match", "OnDemand", "SurrogateBackend", "SurrogateSampler"]
