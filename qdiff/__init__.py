"""qdiff: a generative sampler for noisy quantum-circuit outcomes.

A circuit and a noise model become shots; a discrete diffusion model is fitted to the shots; the
fitted surrogate draws new shots and gives probabilities; a comparison puts every number beside
an exact reference.

The names below are the public ones; each module is imported when first used, so that
``import qdiff`` loads neither Qiskit nor torch nor matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qdiff.bits import Register as Register
    from qdiff.circuit import circuit_hash as circuit_hash
    from qdiff.circuit import load_circuit as load_circuit
    from qdiff.comparison import Comparison as Comparison
    from qdiff.comparison import compare as compare
    from qdiff.conversion import convert as convert
    from qdiff.distribution import Distribution as Distribution
    from qdiff.drift import Drift as Drift
    from qdiff.drift import score as score
    from qdiff.errors import InputError as InputError
    from qdiff.errors import NoiseWarning as NoiseWarning
    from qdiff.exchange.qiskit_results import from_qiskit as from_qiskit
    from qdiff.fitting import FitConfig as FitConfig
    from qdiff.formats import load as load
    from qdiff.informed import fit as fit
    from qdiff.informed import mitigate as mitigate
    from qdiff.likelihood import heldout_likelihoods as heldout_likelihoods
    from qdiff.noise import NoiseSpec as NoiseSpec
    from qdiff.novelty import novelty_rate as novelty_rate
    from qdiff.physics import Confusion as Confusion
    from qdiff.pointwise import pointwise_distances as pointwise_distances
    from qdiff.primitives import Family as Family
    from qdiff.primitives import OnDemand as OnDemand
    from qdiff.primitives import SurrogateBackend as SurrogateBackend
    from qdiff.primitives import SurrogateSampler as SurrogateSampler
    from qdiff.reference import exact as exact
    from qdiff.reference import trajectories as trajectories
    from qdiff.shots import Shots as Shots
    from qdiff.simulator import simulate as simulate
    from qdiff.surrogate import Surrogate as Surrogate
    from qdiff.two_sample import classifier_test as classifier_test
    from qdiff.two_sample import mmd_test as mmd_test
    from qdiff.z_strings import z_expectation as z_expectation

__version__ = "0.1.0"

_MODULES = {
    "Comparison": "comparison",
    "Confusion": "physics",
    "Distribution": "distribution",
    "Drift": "drift",
    "Family": "primitives",
    "FitConfig": "fitting",
    "InputError": "errors",
    "NoiseSpec": "noise",
    "NoiseWarning": "errors",
    "OnDemand": "primitives",
    "Register": "bits",
    "Shots": "shots",
    "Surrogate": "surrogate",
    "SurrogateBackend": "primitives",
    "SurrogateSampler": "primitives",
    "circuit_hash": "circuit",
    "classifier_test": "two_sample",
    "compare": "comparison",
    "convert": "conversion",
    "exact": "reference",
    "fit": "informed",
    "from_qiskit": "exchange.qiskit_results",
    "heldout_likelihoods": "likelihood",
    "load": "formats",
    "load_circuit": "circuit",
    "mitigate": "informed",
    "mmd_test": "two_sample",
    "novelty_rate": "novelty",
    "pointwise_distances": "pointwise",
    "score": "drift",
    "simulate": "simulator",
    "trajectories": "reference",
    "z_expectation": "z_strings",
}

__all__ = ["__version__", *_MODULES]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'qdiff' has no attribute {name!r}")
    value = getattr(import_module(f"qdiff.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
