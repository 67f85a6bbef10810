"""What people hand over by mistake, by name, and every public argument with what it may be.

A row of `ROWS` has each argument's good value, and the names in `WRONG` that it takes after all.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
from exact_surrogates import surrogate_of
from matplotlib.figure import Figure
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import BitArray

import qdiff
from qdiff import (
    Confusion,
    DaskCluster,
    Distribution,
    Family,
    FamilyConfig,
    FamilyShots,
    FitConfig,
    LearnedNoise,
    LocalProcesses,
    NoiseSpec,
    OnDemand,
    RayCluster,
    Register,
    Shots,
    ShotStore,
    SlurmJobs,
    SurrogateBackend,
    SurrogateSampler,
    SweepPlan,
    compare,
    fit_family,
    score,
)
from qdiff.files.hints import Hints
from qdiff.models.diffusion.training.trainer import TrainingConfig
from qdiff.models.surrogate.part import Part
from qdiff.noise_learning.numbers import Number
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prior import DevicePrior


class Odd:
    """Of no use anywhere."""


WRONG = MappingProxyType(
    {
        "none": None,
        "true": True,
        "text": "volcanic",
        "empty": "",
        "null": "a\0b",
        "nan": float("nan"),
        "inf": float("inf"),
        "minus": -1,
        "zero": 0,
        "half": 0.5,
        "huge": 10**30,
        "long": 2**63,
        "complex": 1j,
        "bytes": b"\xff",
        "list": [],
        "tuple": (),
        "texts": ["x"],
        "nans": [float("nan"), 1.0],
        "minuses": [-1, -2],
        "ragged": [[0], [0, 1]],
        "deep": [[[0]]],
        "dict": {},
        "odd_dict": {"x": "y"},
        "set": {3},
        "array": np.array([0.5, np.nan]),
        "object": Odd(),
        "class": Odd,
        "call": len,
    }
)


@dataclass(frozen=True)
class Arg:
    """A good value, and what of `WRONG` is good as well."""

    good: Any
    takes: str = ""
    by_place: bool = False


def many(good: Any) -> Arg:
    return Arg(good, by_place=True)


FLAG = Arg(True, "true")
SEED = Arg(1, "none zero huge long")
ROOT = Arg(1, "zero huge long")
SHARE = Arg(0.9, "half")
SHOTS = Shots.from_counts({"00": 40, "01": 30, "11": 30})
LAW = Distribution(probabilities=np.array([0.4, 0.3, 0.2, 0.1]))
NOISE = NoiseSpec.parse("depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03")
FLIPS = Confusion.independent([0.02, 0.02], [0.03, 0.03])
REGISTERS = (Register("c", 2),)
NAMED = Arg(REGISTERS)
NOTES = Arg({"a": 1}, "none dict odd_dict")
OPTIONAL_AXES = Arg(Figure().subplots(), "none")
LABEL = Arg("a", "none text empty null")
PATH = Arg("/nowhere/at/all", "text")
RATE = Arg(0.01, "none zero half")
TIME = Arg(1e-6, "none half huge long")
TEXT = Arg("a", "text empty null")
CIRCUIT = Arg("ghz:2")
NUMBER = Arg(2)
TABLE = Arg(LAW.probabilities)
BIT = Arg(0, "zero")
BITS = Arg([0])
ROWS_OF_BITS = Arg([[0, 1]])
DATA = Arg(SHOTS)
REPEATS = Arg(3000)
OPTIONAL_DATA = Arg(SHOTS, "none")
OPTIONAL_CIRCUIT = Arg(None, "none")
OPTIONAL_NOISE = Arg(NOISE, "none")
TWO_VALUES = Arg(np.array([[0.1], [0.2]]))
TWO_POINTS = FamilyShots.of(["a"], TWO_VALUES.good, [SHOTS, SHOTS])
SMALL_FAMILY = FamilyConfig(hidden=2, width=2, members=1, training=TrainingConfig(steps=1, batch=2))
ON_QUBITS = [Number("one_given_zero", (0,)), Number("zero_given_one", (0,))]
WORK = Arg(1e6, "half huge long")
STORED = {
    "circuit": CIRCUIT, "noise": OPTIONAL_NOISE, "shots": Arg(10), "seed": ROOT, "batch": NUMBER,
    "executor": Arg(None, "none"), "progress": FLAG,
}  # fmt: skip
SWEPT = {
    "circuits": Arg(["ghz:2"], "texts"), "noise": Arg(["light"], "texts"), "shots": Arg([10]),
    "seeds": Arg([1]), "told": Arg([False]), "effort": Arg("fast"), "batch": NUMBER,
}  # fmt: skip
ENGINES = (DaskCluster, LocalProcesses, RayCluster, SlurmJobs)


@cache
def made() -> Mapping[str, Any]:
    """One of each class, and a circuit with a free parameter."""
    free = QuantumCircuit(2)
    free.ry(Parameter("a"), 0)
    free.measure_all()
    model = surrogate_of(LAW)
    pairs = [(free.assign_parameters([0.1]), model)]
    return {
        "free": free,
        "Shots": SHOTS,
        "Distribution": LAW,
        "NoiseSpec": NOISE,
        "Confusion": FLIPS,
        "Surrogate": model,
        "LearnedNoise": LearnedNoise(
            posterior=Posterior.of(DevicePrior()).widened(ON_QUBITS), lessons=()
        ),
        "FamilyShots": TWO_POINTS,
        "FamilySurrogate": fit_family(TWO_POINTS, config=SMALL_FAMILY, seed=1),
        "OnDemand": OnDemand(noise="light"),
        "ShotStore": ShotStore(tempfile.mkdtemp()),
        "Family": Family(free, [([0.1], model)]),
        "SurrogateSampler": SurrogateSampler(pairs),
        "SurrogateBackend": SurrogateBackend(pairs),
        "Comparison": compare(SHOTS, LAW),
        "Drift": score(SHOTS, LAW),
    }


def rows() -> dict[str, dict[str, Arg]]:
    """Every public callable with arguments, and its arguments."""
    free, model = made()["free"], made()["Surrogate"]
    return {
        "Register": {"name": TEXT, "size": Arg(2)},
        "Shots": {
            "words": Arg(SHOTS.words), "counts": Arg(SHOTS.counts), "registers": NAMED,
            "provenance": Arg({}, "dict odd_dict"),
        },
        "Shots.from_bits": {
            "bits": ROWS_OF_BITS, "counts": Arg([1], "none"), "registers": Arg(REGISTERS, "none"),
            "provenance": NOTES,
        },
        "Shots.from_counts": {
            "counts": Arg({"01": 3}), "num_bits": Arg(2, "none"),
            "registers": Arg(REGISTERS, "none"), "provenance": NOTES,
        },
        "Shots.from_indices": {
            "indices": Arg([1]), "counts": Arg([1]), "registers": NAMED, "provenance": NOTES,
        },
        "Shots.from_words": {
            "words": Arg(SHOTS.words), "counts": Arg([1, 2, 3]), "registers": NAMED,
            "provenance": NOTES,
        },
        "Shots.load": {"path": PATH},
        "Shots.merge": {"others": many(SHOTS)},
        "Shots.likeliest": {"count": Arg(3)},
        "Shots.plot": {"ax": OPTIONAL_AXES, "top": Arg(3), "label": LABEL},
        "Shots.save": {"path": PATH, "force": FLAG},
        "Shots.select": {"positions": BITS},
        "Shots.split": {"fraction": Arg(0.5, "zero half"), "seed": SEED},
        "Shots.to_counts": {"hex": FLAG},
        "Distribution": {
            "probabilities": TABLE, "registers": Arg(REGISTERS, "tuple list"),
            "standard_error": Arg(LAW.probabilities, "none"),
            "provenance": Arg({}, "dict odd_dict"),
        },
        "Distribution.from_shots": {
            "shots": DATA, "pseudocount": Arg(0.5, "zero half huge long"),
        },
        "Distribution.load": {"path": PATH},
        "Distribution.log_prob": {"bits": ROWS_OF_BITS},
        "Distribution.marginal": {"positions": BITS},
        "Distribution.likeliest": {"count": Arg(3)},
        "Distribution.plot": {"ax": OPTIONAL_AXES, "top": Arg(3), "label": LABEL},
        "Distribution.sample": {"shots": Arg(5, "zero"), "seed": SEED},
        "Distribution.save": {"path": PATH, "force": FLAG},
        "NoiseSpec": {
            "name": TEXT, "description": TEXT, "p1": RATE, "p2": RATE,
            "over_rotation": Arg(0.1, "none zero half minus"), "t1": TIME, "t2": TIME,
            "time1": Arg(1e-7, "none zero half huge long"),
            "time2": Arg(1e-7, "none zero half huge long"), "readout": RATE,
            "virtual_gates": Arg(("rz",), "list tuple texts"),
            "num_qubits": Arg(3, "none huge long"),
            "qubits": Arg({}, "dict"), "edges": Arg({}, "dict"),
        },
        "NoiseSpec.check_fits": {"num_qubits": NUMBER},
        "NoiseSpec.from_backend": {"backend": Arg(None)},
        "NoiseSpec.from_dict": {"data": Arg({"p1": 0.1}, "dict")},
        "NoiseSpec.load": {"path": PATH},
        "NoiseSpec.on_gate": {"name": TEXT, "qubits": Arg((0,))},
        "NoiseSpec.parse": {"text": Arg("light")},
        "NoiseSpec.readout_of": {"qubit": BIT},
        "NoiseSpec.relaxation": {
            "qubit": BIT, "time": Arg(1e-7, "zero half huge long"),
        },
        "NoiseSpec.relaxation_times": {"qubit": BIT},
        "NoiseSpec.to_aer": {"circuit": Arg(free.assign_parameters([0.1]))},
        "Confusion": {"num_bits": NUMBER, "factors": Arg(FLIPS.factors, "tuple list")},
        "Confusion.adjoint": {"values": TABLE},
        "Confusion.apply": {"law": TABLE},
        "Confusion.independent": {
            "one_given_zero": Arg([0.1], "zero half"), "zero_given_one": Arg([0.1], "zero half"),
        },
        "Confusion.inverted": {"law": TABLE},
        "Confusion.of_bit": {"bit": BIT},
        "Confusion.pulled_back": {"values": TABLE},
        "Confusion.reaching": {"bits": BITS},
        "Confusion.restricted": {"bits": BITS},
        "Confusion.with_pair_flips": {"pairs": Arg([(0, 1)]), "rates": Arg([0.1], "half zero")},
        "Comparison.plot": {"ax": OPTIONAL_AXES},
        "Drift.plot": {"ax": OPTIONAL_AXES, "level": Arg(0.01, "half")},
        "Comparison.table": {"title": Arg("a", "none text empty null")},
        "Surrogate.before_readout": {"confusion": Arg(FLIPS)},
        "Surrogate.load": {"path": PATH, "device": Arg("cpu")},
        "Surrogate.log_prob": {"bits": ROWS_OF_BITS, "given": Arg({0: 1}, "none dict")},
        "Surrogate.marginal": {
            "bits": BITS, "given": Arg({0: 1}, "none dict"), "shots": Arg(100), "seed": SEED,
        },
        "Surrogate.only": {"kept": many(Part.SHOTS)},
        "Surrogate.penalty": {"steps": Arg(1)},
        "Surrogate.sample": {
            "shots": Arg(10), "seed": SEED, "given": Arg({0: 1}, "none dict"),
            "order": Arg("fixed"), "steps": Arg(None, "none"),
        },
        "Surrogate.plot": {
            "ax": OPTIONAL_AXES, "top": Arg(3), "label": LABEL, "seed": SEED,
        },
        "Surrogate.save": {"path": PATH, "force": FLAG},
        "LearnedNoise.add": {"pairs": Arg([("ghz:2", SHOTS)]), "seed": ROOT, "operations": WORK},
        "LearnedNoise.load": {"path": PATH},
        "LearnedNoise.predict": {"circuit": CIRCUIT, "seed": ROOT, "operations": WORK},
        "LearnedNoise.plausible_laws": {
            "circuit": CIRCUIT, "draws": NUMBER, "seed": ROOT, "operations": WORK,
        },
        "LearnedNoise.plot": {"ax": OPTIONAL_AXES, "kind": Arg("one_given_zero")},
        "LearnedNoise.plot_map": {"ax": OPTIONAL_AXES},
        "LearnedNoise.save": {"path": PATH, "force": FLAG},
        "FamilyConfig": {
            "hidden": NUMBER, "width": NUMBER, "members": NUMBER, "heldout": Arg(0.1, "half"),
            "training": Arg(TrainingConfig()),
        },
        "FamilyShots": {
            "names": Arg(("a",), "texts"), "values": TWO_VALUES, "strengths": Arg(np.ones(2)),
            "shots": Arg((SHOTS, SHOTS)), "provenance": Arg({}, "odd_dict dict"),
        },
        "FamilyShots.of": {
            "names": Arg(["a"], "texts"), "values": TWO_VALUES, "shots": Arg([SHOTS, SHOTS]),
            "strengths": Arg([1, 2], "none"), "provenance": Arg({}, "none odd_dict dict"),
        },
        "FamilyShots.load": {"path": PATH},
        "FamilyShots.save": {"path": PATH, "force": FLAG},
        "FamilySurrogate.at": {
            "values": Arg([0.15]), "strength": Arg(1.0, "none"), "force": Arg(False, "true"),
        },
        "FamilySurrogate.load": {"path": PATH},
        "FamilySurrogate.save": {"path": PATH, "force": FLAG},
        "FamilySurrogate.suggest": {"number": Arg(1), "seed": SEED},
        "FamilySurrogate.uncertainty": {
            "values": Arg([0.15]), "strength": Arg(1.0, "none"),
            "force": Arg(False, "true"), "seed": SEED,
        },
        "fit_family": {
            "family_shots": Arg(made()["FamilyShots"]), "config": Arg(SMALL_FAMILY, "none"),
            "seed": ROOT, "watch": Arg(None, "none call class"),
        },
        "simulate_family": {
            "template": Arg(free), "points": Arg([[0.1]]), "noise": OPTIONAL_NOISE,
            "strengths": Arg([1.0], "none"), "shots": Arg(10), "seed": SEED,
            "method": Arg(None, "none"), "executor": Arg(None, "none"), "progress": FLAG,
        },
        "NoiseSpec.scaled": {"factor": Arg(2.0, "half")},
        "LocalProcesses": {
            "workers": NUMBER, "threads": Arg(1, "none"), "tasks_each": Arg(None, "none"),
        },
        "RayCluster": {"workers": NUMBER},
        "DaskCluster": {"workers": NUMBER},
        "SlurmJobs": {
            "folder": PATH, "workers": NUMBER, "settings": Arg({}, "dict odd_dict"),
            "cluster": Arg("local"),
        },
        "ShotStore": {"folder": PATH},
        "ShotStore.shots": STORED,
        "ShotStore.parts": STORED,
        "ShotStore.draw": {**STORED, "part": Arg((1, 1))},
        "ShotStore.merge": {"others": many("/nowhere/at/all")},
        "SweepPlan": SWEPT,
        "SweepPlan.load": {"path": PATH},
        "SweepPlan.from_dict": {"data": Arg({name: arg.good for name, arg in SWEPT.items()})},
        "sweep": {
            "plan": Arg(SweepPlan(**{name: arg.good for name, arg in SWEPT.items()})),
            "folder": Arg("/dev/null", "text"), "store": Arg(None, "none text"),
            "executor": Arg(None, "none"), "progress": FLAG,
        },
        "FitConfig": {
            "process": Arg(FitConfig().process), "candidates": Arg(FitConfig().candidates),
            "orders": Arg(2), "any_order": FLAG, "interactions": FLAG,
            "matrix_product": FLAG, "posterior": FLAG, "heldout": Arg(0.1, "half"),
            "folds": Arg(1),
        },
        "OnDemand": {
            "noise": Arg("light"), "sampler": Arg(None, "none"), "shots": NUMBER,
            "effort": Arg("fast"), "config": Arg(None, "none"), "seed": ROOT,
            "cache": Arg(None, "none text"), "label": TEXT, "progress": FLAG,
        },
        "OnDemand.identity_of": {"circuit": Arg(free)},
        "OnDemand.surrogate": {"circuit": Arg(free)},
        "Family": {
            "template": Arg(free), "members": Arg([], "list tuple"),
            "on_demand": Arg(None, "none"), "model": Arg(None, "none"),
            "strength": Arg(None, "none half huge long"),
        },
        "Family.add": {"values": Arg([0.2], "minuses"), "surrogate": Arg(model)},
        "Family.fitted": {
            "template": Arg(free), "values": Arg([[0.1]], "deep"),
            "on_demand": Arg(OnDemand(noise="light")),
        },
        "SurrogateSampler": {
            "surrogates": Arg([(free.assign_parameters([0.1]), model)]),
            "on_demand": Arg(None, "none"), "noise": Arg(None, "none"), "match": Arg("law"),
            "default_shots": NUMBER, "seed": SEED,
        },
        "SurrogateSampler.run": {"pubs": Arg([], "list tuple"), "shots": Arg(5, "none")},
        "SurrogateBackend": {
            "surrogates": Arg([(free.assign_parameters([0.1]), model)]),
            "on_demand": Arg(None, "none"), "match": Arg("law"), "seed": SEED,
            "device": Arg(None, "none"), "num_qubits": Arg(None, "none"),
            "coupling_map": Arg(None, "none list tuple"),
        },
        "SurrogateBackend.run": {
            "run_input": Arg([free.assign_parameters([0.1])], "list tuple"), "shots": Arg(5),
            "memory": FLAG, "seed_simulator": SEED,
        },
        "circuit_hash": {"circuit": Arg(free)},
        "classifier_test": {
            "first": DATA, "second": DATA, "width": Arg(4), "training": Arg(TrainingConfig()),
            "permutations": Arg(9), "seed": SEED,
        },
        "compare": {
            "candidate": DATA, "reference": Arg(LAW), "training": OPTIONAL_DATA, "seed": SEED,
            "confidence": SHARE, "resamples": Arg(100),
        },
        "convert": {
            "source": PATH, "target": Arg("/tmp/x.json", "text"), "to": Arg("csv", "none"),
            "form": Arg("csv", "none"), "hints": Arg(None, "none"), "force": FLAG,
        },
        "exact": {"circuit": CIRCUIT, "noise": OPTIONAL_NOISE, "progress": FLAG},
        "fit": {
            "data": DATA, "circuit": OPTIONAL_CIRCUIT, "noise": Arg(None, "none"), "seed": ROOT,
            "device": Arg("cpu", "none"), "effort": Arg("fast"), "any_order": FLAG,
            "config": Arg(None, "none"), "watch": Arg(None, "none call class"),
            "checkpoint": Arg(None, "none text"), "start": Arg(None, "none"),
        },
        "from_qiskit": {
            "result": Arg(BitArray.from_counts({"01": 3}, num_bits=2)),
            "pub": Arg(0, "none zero"), "index": Arg(None, "none list tuple"),
        },
        "heldout_likelihoods": {
            "models": Arg({"a": LAW}), "heldout": DATA, "confidence": SHARE,
        },
        "learn_noise": {
            "pairs": Arg([("ghz:2", SHOTS)]), "start": OPTIONAL_NOISE, "seed": ROOT,
            "operations": WORK,
        },
        "load": {"path": PATH, "hints": Arg(Hints()), "form": Arg("csv", "none")},
        "load_circuit": {"source": CIRCUIT},
        "mitigate": {
            "shots": DATA, "readout": Arg(FLIPS), "circuit": OPTIONAL_CIRCUIT,
            "noise": Arg(None, "none"), "seed": ROOT,
        },
        "mmd_test": {
            "first": DATA, "second": DATA, "kernels": Arg(None, "none"), "permutations": Arg(9),
            "seed": SEED, "most_paired": Arg(9, "zero huge long"),
        },
        "novelty_rate": {
            "samples": DATA, "training": DATA, "heldout": OPTIONAL_DATA, "confidence": SHARE,
        },
        "pointwise_distances": {
            "first": Arg(LAW), "second": Arg(LAW), "draws": Arg(10), "seed": SEED,
            "confidence": SHARE,
        },
        "score": {
            "shots": DATA, "model": Arg(LAW), "calibration": OPTIONAL_DATA,
            "permutations": Arg(9, "none"), "alarm": Arg(None, "none half"), "seed": SEED,
        },
        "simulate": {
            "circuit": CIRCUIT, "noise": OPTIONAL_NOISE, "shots": Arg(10), "seed": SEED,
            "method": Arg(None, "none"), "grouping": Arg(None, "none true"), "progress": FLAG,
        },
        "trajectories": {
            "circuit": CIRCUIT, "noise": OPTIONAL_NOISE, "samples": Arg(3), "seed": SEED,
            "executor": Arg(None, "none"), "progress": FLAG,
        },
        "z_expectation": {
            "model": Arg(LAW), "bits": BITS, "shots": DATA, "confusion": Arg(FLIPS),
            "confidence": SHARE,
        },
    }  # fmt: skip


IN_WORDS = {
    "kept": "this surrogate has",
    "backend": "BackendV2", "data": "the noise", "given": "bit", "heldout": "held-out",
    "pairs": "bits", "positions": "bit", "pub": "result", "readout": "noise",
    "result": "BitArray|shots",
    "run_input": "circuits",
    "plan": "SweepPlan",
    "size": "the bits of register", "seed_simulator": "seed", "shots": "the batch",
    "source": "circuit", "template": "circuit",
    "start": "noise|BackendV2", "text": "noise", "to": "format", "values": "parameters",
    "one_given_zero": "P(1|0)", "zero_given_one": "P(0|1)",
}  # fmt: skip
"""What messages call an argument instead of its name."""

MADE_BY_QDIFF = {
    "InputError", "NoiseWarning",
    "Comparison", "Drift", "FamilySurrogate", "LearnedNoise", "Surrogate",  # not built by users
    "LearnedNoise.fit_circuit",  # what `fit` calls
    *(f"{engine.__name__}.is_loss" for engine in ENGINES),  # what runs the work calls
}  # fmt: skip
"""Public callables without a row."""


def public_callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    """What `qdiff` exports, and the methods of its own that classes among them have."""
    for name in qdiff.__all__:
        value = getattr(qdiff, name)
        if not callable(value):
            continue
        yield name, value
        for method in dir(value) if inspect.isclass(value) else ():
            found = getattr(value, method)
            own = getattr(found, "__module__", None) or ""
            if method[0] != "_" and inspect.isroutine(found) and own.startswith("qdiff"):
                yield f"{name}.{method}", getattr(made().get(name, value), method)


def arguments_of(called: Callable[..., Any]) -> list[str]:
    """Their names; of any keywords, those that a row has."""
    found = inspect.signature(called).parameters.values()
    kept = (each for each in found if each.kind is not each.VAR_KEYWORD)
    return [each.name for each in kept if each.name != "self"]


def call(called: Callable[..., Any], row: dict[str, Arg], **changed: Any) -> Any:
    """Call it with good values, but for those that are changed."""
    values = {name: arg.good for name, arg in row.items()} | changed
    place = [values.pop(name) for name, arg in row.items() if arg.by_place]
    return called(*place, **values)
