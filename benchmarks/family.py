"""What is one model for a family worth, beside shots of the very point that is asked about?

Ten qubits; a QAOA layer by its two angles, and an Ising chain by its field and time; noise over a
factor of 30. The model is fitted to 2,000 shots at each of 150 points: 100 spread evenly, and 50
where the model of these 100 suggests, on a grid, or at random. On 40 points inside, which gave no
shot, exact KL divergences (nats) from the true law: of the model, of a fresh histogram of 2,000
shots of that very point, of the nearest point's histogram, and of all points' shots
together, weighed by a kernel whose width is the best in hindsight.

    python benchmarks/family.py [--seeds 1] [--workers 1] [--fresh]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256

import frame
import numpy as np
from contenders import divergence
from costs import timed
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from record import Row
from scipy.stats import qmc, spearmanr
from truths import REFERENCES

import qdiff
from qdiff.circuit.families.variational import regular_graph
from qdiff.comparison.metrics.shot_multiplier import expected_histogram_kl, shots_for_kl

Array = NDArray[np.float64]

QUBITS, SHOTS, FIRST, LAST, INSIDE = 10, 2_000, 100, 50, 40
NOISE = "depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03"
STRENGTHS = (0.1, 3.0)
PLACEMENTS = ("suggested", "random", "grid")
WIDTHS = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.3)


def qaoa(gamma: float, beta: float) -> QuantumCircuit:
    """One layer on a 3-regular graph."""
    circuit = QuantumCircuit(QUBITS)
    circuit.h(range(QUBITS))
    for edge in regular_graph(QUBITS, seed=1):
        circuit.rzz(-gamma, *edge)
    circuit.rx(2 * beta, range(QUBITS))
    circuit.measure_all()
    return circuit


def ising(field: float, time: float) -> QuantumCircuit:
    """A quench of the chain in four Trotter steps."""
    circuit = QuantumCircuit(QUBITS)
    for _ in range(4):
        for start in (0, 1):
            for qubit in range(start, QUBITS - 1, 2):
                circuit.rzz(-time / 2, qubit, qubit + 1)
        circuit.rx(-field * time / 2, range(QUBITS))
    circuit.measure_all()
    return circuit


FAMILIES: dict[str, tuple[Callable[..., QuantumCircuit], dict[str, tuple[float, float]]]] = {
    "ising": (ising, {"field": (0.3, 1.7), "time": (0.3, 2.0)}),
    "qaoa": (qaoa, {"gamma": (0.1, 1.2), "beta": (0.1, 0.7)}),
}


@cache
def law_of(family: str, *point: float) -> qdiff.Distribution:
    """The exact noisy law at values and a strength, kept outside the repository."""
    text = "_".join([family, NOISE, *map(repr, point)])
    path = REFERENCES / f"family_{sha256(text.encode()).hexdigest()[:16]}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        *values, strength = point
        noise = qdiff.NoiseSpec.parse(NOISE).scaled(strength)
        qdiff.exact(FAMILIES[family][0](*values), noise).save(path, force=True)
    return qdiff.Distribution.load(path)


def measured(family: str, points: Array, seed: np.random.SeedSequence) -> qdiff.FamilyShots:
    """Shots at points, their last column being the strength."""
    laws = [law_of(family, *point) for point in points.tolist()]
    shots = [
        law.sample(SHOTS, seed=child)
        for law, child in zip(laws, seed.spawn(len(laws)), strict=True)
    ]
    names = list(FAMILIES[family][1])
    return qdiff.FamilyShots.of(names, points[:, :-1], shots, strengths=points[:, -1])


def spread(family: str, uniform: Array) -> Array:
    """Points of the family's box from numbers between 0 and 1; strengths by their logarithm."""
    low, high = _sides(family)
    points = low + (high - low) * uniform
    points[:, -1] = np.exp(points[:, -1])
    return np.asarray(points)


def uniform_of(family: str, points: Array) -> Array:
    """The inverse of `spread`."""
    low, high = _sides(family)
    logs = np.column_stack([points[:, :-1], np.log(points[:, -1])])
    return np.asarray((logs - low) / (high - low))


def _sides(family: str) -> tuple[Array, Array]:
    """The lowest and the highest values, and logarithms of strengths."""
    sides = np.array([*FAMILIES[family][1].values(), np.log(STRENGTHS)])
    return sides[:, 0], sides[:, 1]


def measure(cell: Row) -> list[Row]:
    family, seed = cell["family"], cell["seed"]
    children = np.random.SeedSequence(seed).spawn(5)
    evenly = qmc.Sobol(3, seed=np.random.default_rng(children[0])).random(128)[:FIRST]
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * 3)).reshape(3, -1).T
    evenly[: len(corners)] = corners  # so that all models know the whole box
    first = measured(family, spread(family, evenly), children[1])
    asked = spread(family, np.random.default_rng(children[2]).uniform(0.05, 0.95, (INSIDE, 3)))
    rows, early = [], None
    if cell["placement"] == "suggested":
        early = qdiff.fit_family(first, seed=seed)
        rows.append({"points": FIRST, **judged(family, early, first, asked)})
    places = placed(family, early, cell["placement"], np.random.default_rng(children[3]))
    shots = first + measured(family, places, children[4])
    model, spent = timed(qdiff.fit_family, shots, seed=seed)
    found = judged(family, model, shots, asked)
    rows.append({"points": FIRST + LAST, **found, "fit_cpu_seconds": round(spent.cpu, 1)})
    return rows


def placed(
    family: str,
    early: qdiff.FamilySurrogate | None,
    placement: str,
    generator: np.random.Generator,
) -> Array:
    """Where the last third of the points goes."""
    if early is not None:
        values, strengths = early.suggest(LAST, seed=1)
        return np.column_stack([values, strengths])
    if placement == "random":
        return spread(family, generator.random((LAST, 3)))
    sides = [(np.arange(size) + 0.5) / size for size in (4, 4, 3)]
    grid = np.array(np.meshgrid(*sides)).reshape(3, -1).T
    more = generator.random((LAST - len(grid), 3))  # a grid of 48, and two more points
    return spread(family, np.concatenate([grid, more]))


def judged(
    family: str, model: qdiff.FamilySurrogate, shots: qdiff.FamilyShots, asked: Array
) -> Row:
    """Divergences on points that gave no shot, beside those of what one would use instead."""
    known = uniform_of(family, np.column_stack([shots.values, shots.strengths]))
    where = uniform_of(family, asked)
    counts = np.stack([_counts(each) for each in shots.shots])
    rows = []
    kernels = []
    for point, place in zip(asked.tolist(), where, strict=True):
        truth = law_of(family, *point)
        *values, strength = point
        kl = divergence(truth, model.at(values, strength=strength).distribution().probabilities)
        apart = np.linalg.norm(known - place, axis=1)
        rows.append(
            {
                "kl": kl,
                "fresh": expected_histogram_kl(truth, SHOTS),
                "nearest": divergence(truth, _smoothed(counts[apart.argmin()])),
                "worth_shots": shots_for_kl(truth, kl),
                "doubt": model.uncertainty(values, strength=strength),
            }
        )
        kernels.append([divergence(truth, _kernel(apart, width, counts)) for width in WIDTHS])
    return _summary({key: np.array([row[key] for row in rows]) for key in rows[0]}, kernels)


def _counts(shots: qdiff.Shots) -> Array:
    table = np.zeros(1 << QUBITS)
    table[shots.indices] = shots.counts
    return table


def _smoothed(counts: Array) -> Array:
    """A histogram with half a shot added to each string."""
    return np.asarray((counts + 0.5) / (counts + 0.5).sum())


def _kernel(apart: Array, width: float, counts: Array) -> Array:
    """All points' shots together, each worth less the further away it is."""
    return _smoothed(np.exp((apart.min() ** 2 - apart**2) / (2 * width**2)) @ counts)


def _summary(found: dict[str, Array], kernels: list[list[float]]) -> Row:
    kernel = np.array(kernels)
    best = int(np.median(kernel, axis=0).argmin())
    kl = found["kl"]
    ratios = kl / found["doubt"]
    return {
        "kl_median": float(np.median(kl)),
        "kl_mean": float(kl.mean()),
        "kl_worst": float(kl.max()),
        "fresh_median": float(np.median(found["fresh"])),
        "nearest_median": float(np.median(found["nearest"])),
        "kernel_median": float(np.median(kernel[:, best])),
        "kernel_width": WIDTHS[best],
        "factor_median": float(np.median(found["fresh"] / kl)),
        "shot_multiplier_median": float(np.median(found["worth_shots"]) / SHOTS),
        "worse_than_fresh": int((kl > found["fresh"]).sum()),
        "worse_than_nearest": int((kl > found["nearest"]).sum()),
        "doubt_rank_correlation": float(spearmanr(kl, found["doubt"]).statistic),
        "kl_over_doubt_10_50_90": np.quantile(ratios, (0.1, 0.5, 0.9)).round(3).tolist(),
    }


def main() -> None:
    options = frame.arguments(__doc__, seeds=1).parse_args()
    cells = frame.grid(seed=options.seeds, placement=PLACEMENTS, family=FAMILIES)
    settings = {
        "qubits": QUBITS,
        "shots": SHOTS,
        "points": [FIRST, LAST],
        "noise": NOISE,
        "strengths": list(STRENGTHS),
        "boxes": {
            name: {key: list(side) for key, side in sides.items()}
            for name, (_, sides) in FAMILIES.items()
        },
    }
    frame.collect("family", cells, measure, options, settings)


if __name__ == "__main__":
    main()
