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

from qdiff.environment import __version__ as __version__

if TYPE_CHECKING:
    from qdiff.circuit.loading import load_circuit as load_circuit
    from qdiff.circuit.structural_hash import circuit_hash as circuit_hash
    from qdiff.comparison.compare import compare as compare
    from qdiff.comparison.drift import Drift as Drift
    from qdiff.comparison.drift import score as score
    from qdiff.comparison.metrics.heldout_likelihood import (
        heldout_likelihoods as heldout_likelihoods,
    )
    from qdiff.comparison.metrics.novelty import novelty_rate as novelty_rate
    from qdiff.comparison.metrics.pointwise import pointwise_distances as pointwise_distances
    from qdiff.comparison.scorecard import Comparison as Comparison
    from qdiff.comparison.two_sample.classifier import classifier_test as classifier_test
    from qdiff.comparison.two_sample.mmd import mmd_test as mmd_test
    from qdiff.data.distribution import Distribution as Distribution
    from qdiff.data.family_shots import FamilyShots as FamilyShots
    from qdiff.data.registers import Register as Register
    from qdiff.data.shots import Shots as Shots
    from qdiff.errors import InputError as InputError
    from qdiff.errors import NoiseWarning as NoiseWarning
    from qdiff.executors.dask_cluster import DaskCluster as DaskCluster
    from qdiff.executors.local_processes import LocalProcesses as LocalProcesses
    from qdiff.executors.ray_cluster import RayCluster as RayCluster
    from qdiff.executors.slurm_jobs import SlurmJobs as SlurmJobs
    from qdiff.files.convert import convert as convert
    from qdiff.files.load import load as load
    from qdiff.files.qiskit_results import from_qiskit as from_qiskit
    from qdiff.fitting.config import FitConfig as FitConfig
    from qdiff.fitting.fit import fit as fit
    from qdiff.fitting.fit_family import FamilyConfig as FamilyConfig
    from qdiff.fitting.fit_family import fit_family as fit_family
    from qdiff.fitting.mitigate import mitigate as mitigate
    from qdiff.fitting.z_expectation import z_expectation as z_expectation
    from qdiff.models.families.family_surrogate import FamilySurrogate as FamilySurrogate
    from qdiff.models.readout.confusion import Confusion as Confusion
    from qdiff.models.surrogate.surrogate import Surrogate as Surrogate
    from qdiff.noise.spec import NoiseSpec as NoiseSpec
    from qdiff.noise_learning.learn import learn_noise as learn_noise
    from qdiff.noise_learning.learned_noise import LearnedNoise as LearnedNoise
    from qdiff.primitives.backend import SurrogateBackend as SurrogateBackend
    from qdiff.primitives.family import Family as Family
    from qdiff.primitives.on_demand import OnDemand as OnDemand
    from qdiff.primitives.sampler import SurrogateSampler as SurrogateSampler
    from qdiff.simulation.exact import exact as exact
    from qdiff.simulation.simulate import simulate as simulate
    from qdiff.simulation.simulate_family import simulate_family as simulate_family
    from qdiff.simulation.trajectories import trajectories as trajectories
    from qdiff.store.shot_store import ShotStore as ShotStore
    from qdiff.sweeps.sweep import sweep as sweep
    from qdiff.sweeps.sweep_plan import SweepPlan as SweepPlan


_MODULES = {
    "Comparison": "comparison.scorecard",
    "Confusion": "models.readout.confusion",
    "DaskCluster": "executors.dask_cluster",
    "Distribution": "data.distribution",
    "Drift": "comparison.drift",
    "Family": "primitives.family",
    "FamilyConfig": "fitting.fit_family",
    "FamilyShots": "data.family_shots",
    "FamilySurrogate": "models.families.family_surrogate",
    "FitConfig": "fitting.config",
    "InputError": "errors",
    "LearnedNoise": "noise_learning.learned_noise",
    "LocalProcesses": "executors.local_processes",
    "NoiseSpec": "noise.spec",
    "NoiseWarning": "errors",
    "OnDemand": "primitives.on_demand",
    "RayCluster": "executors.ray_cluster",
    "Register": "data.registers",
    "ShotStore": "store.shot_store",
    "Shots": "data.shots",
    "SlurmJobs": "executors.slurm_jobs",
    "Surrogate": "models.surrogate.surrogate",
    "SurrogateBackend": "primitives.backend",
    "SurrogateSampler": "primitives.sampler",
    "SweepPlan": "sweeps.sweep_plan",
    "circuit_hash": "circuit.structural_hash",
    "classifier_test": "comparison.two_sample.classifier",
    "compare": "comparison.compare",
    "convert": "files.convert",
    "exact": "simulation.exact",
    "fit": "fitting.fit",
    "fit_family": "fitting.fit_family",
    "from_qiskit": "files.qiskit_results",
    "heldout_likelihoods": "comparison.metrics.heldout_likelihood",
    "learn_noise": "noise_learning.learn",
    "load": "files.load",
    "load_circuit": "circuit.loading",
    "mitigate": "fitting.mitigate",
    "mmd_test": "comparison.two_sample.mmd",
    "novelty_rate": "comparison.metrics.novelty",
    "pointwise_distances": "comparison.metrics.pointwise",
    "score": "comparison.drift",
    "simulate": "simulation.simulate",
    "simulate_family": "simulation.simulate_family",
    "sweep": "sweeps.sweep",
    "trajectories": "simulation.trajectories",
    "z_expectation": "fitting.z_expectation",
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
