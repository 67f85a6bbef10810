"""How much is a shot worth when the circuit is known, whatever the noise?

For each circuit, noise, number of shots and seed: shots are drawn from a known law, the circuit's
law is fitted with the noise unknown, and its exact KL divergence (nats) from that law is taken, as
it is before and after each thing that was added to it. Some cells also fit everything else, as
`qdiff.fit` does, and tell what comes of a wrong circuit.

    python benchmarks/circuit_prior.py laws|plain|verdicts|wide [--seeds 3] [--workers 1] [--fresh]
"""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np
import quality
import record
from quality import SUITES

import qdiff
from qdiff.comparison.metrics.shot_multiplier import shots_for_kl
from qdiff.comparison.metrics.tables import kl_divergence
from qdiff.fitting.heldout import hold_out
from qdiff.models.noisy_circuit.fit import CircuitFitConfig, fit_circuit
from qdiff.simulation.program import program_of

CIRCUITS = SUITES["q12"].circuits

T1_T2 = "depolarizing:p1=0,p2=0,t1=60e-6,t2=50e-6,time1=40e-9,time2=300e-9,readout=0.01/0.03"
OVER_ROTATED = "depolarizing:p1=3e-4,p2=3e-3,over_rotation=0.03,readout=0.02"
NOISES = ("superconducting", T1_T2, OVER_ROTATED, "per_qubit", "fake_backend")

FIVE = (
    "ising:12",
    "qaoa:12,seed=1",
    "ansatz:12,seed=1",
    "iqp:12,seed=1",
    "brickwork:12,depth=4,seed=1",
)
WIDE = ("ising", "heisenberg", "qaoa", "brickwork")
TRAJECTORIES = {size: SUITES[f"q{size}"].trajectories for size in (16, 20)}


def noise_of(name: str) -> qdiff.NoiseSpec:
    """A noise of the list; drawn ones are the same in every run."""
    if name == "per_qubit":
        return _per_qubit(np.random.default_rng(1))
    if name == "fake_backend":
        from qiskit.providers.fake_provider import GenericBackendV2

        return qdiff.NoiseSpec.from_backend(GenericBackendV2(12, seed=1))
    return qdiff.NoiseSpec.parse(name)


def _per_qubit(draw: np.random.Generator) -> qdiff.NoiseSpec:
    """Rates of every qubit and pair spread by a factor of two about the usual ones."""

    def spread(rate: float) -> float:
        return float(rate * np.exp(draw.normal(0, 0.7)))

    qubits = {
        str(q): {"p1": spread(1e-3), "readout": [spread(0.015), spread(0.03)]} for q in range(12)
    }
    edges = {f"{a}-{b}": {"p2": spread(8e-3)} for a in range(12) for b in range(a + 1, 12)}
    return qdiff.NoiseSpec.from_dict({"p1": 1e-3, "p2": 8e-3, "qubits": qubits, "edges": edges})


def truth_of(circuit: str, noise: str, trajectories: int | None = None) -> qdiff.Distribution:
    """The law that shots are drawn from, computed once and kept outside the repository."""
    return quality.truth_of(circuit, trajectories, noise=noise, spec=noise_of(noise))


def measure_law(cell: dict[str, Any]) -> dict[str, Any]:
    """The circuit's law alone."""
    truth = truth_of(cell["circuit"], cell["noise"], cell["trajectories"])
    shots = truth.sample(cell["shots"], seed=cell["seed"])
    heldout, train = hold_out(shots, seed=cell["seed"])
    cpu, wall = time.process_time(), time.perf_counter()
    program = program_of(cell["circuit"])
    found = fit_circuit(program, train, heldout, seed=np.random.SeedSequence(cell["seed"]))
    law = found.refitted(shots).table()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    kl = float(kl_divergence(truth.probabilities, law))
    simple = CircuitFitConfig(order=0)
    first = fit_circuit(
        program, train, heldout, seed=np.random.SeedSequence(cell["seed"]), config=simple
    )
    kl_first = float(kl_divergence(truth.probabilities, first.refitted(shots).table()))
    histogram = qdiff.Distribution.from_shots(shots, pseudocount=0.5).probabilities
    return {
        "kl": {
            "circuit": kl,
            "ideal_and_readout": kl_first,
            "histogram": float(kl_divergence(truth.probabilities, histogram)),
        },
        "shot_multiplier": shots_for_kl(truth, kl) / cell["shots"],
        "shot_multiplier_ideal_and_readout": shots_for_kl(truth, kl_first) / cell["shots"],
        "cpu_seconds": round(cpu, 2),
        "seconds": round(wall, 2),
        "peak_gibibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "steps": [{**step} for step in found.record["steps"]],
        "over_rotation": found.record["over_rotation"],
        "errors_a_run": found.record["errors_a_run"],
    }


def measure_verdict(cell: dict[str, Any]) -> dict[str, Any]:
    """The whole fit with a right or wrong circuit, beside the fit without it."""
    truth = truth_of(cell["circuit"], cell["noise"])
    shots = truth.sample(cell["shots"], seed=cell["seed"])
    told = altered(qdiff.load_circuit(cell["circuit"]), cell["told"])
    start = time.perf_counter()
    model = qdiff.fit(shots, circuit=told, seed=cell["seed"], effort=cell["effort"])
    seconds = time.perf_counter() - start
    plain = model.without_circuit or model
    kl = {
        name: float(kl_divergence(truth.probabilities, law.distribution().probabilities))
        for name, law in (("told", model), ("without", plain))
    }
    return {
        "kl": kl,
        "accepted": model.card["circuit"]["verdict"].startswith("accepted"),
        "verdict": model.card["circuit"]["verdict"],
        "weights": model.card["weights"],
        "difference": model.card["circuit"]["difference"],
        "standard_error": model.card["circuit"]["standard_error"],
        "seconds": round(seconds, 2),
        "shot_multiplier": shots_for_kl(truth, kl["told"]) / cell["shots"],
        "shot_multiplier_without": shots_for_kl(truth, kl["without"]) / cell["shots"],
    }


def altered(circuit: Any, told: str) -> Any:
    """The circuit that the fit is told: the right one, or one wrong in a stated way."""
    if told == "right":
        return circuit
    if told == "another":
        return qdiff.load_circuit(f"brickwork:{circuit.num_qubits},depth=3,seed=7")
    changed = circuit.copy_empty_like()
    pairs = [place for place, step in enumerate(circuit.data) if len(step.qubits) == 2]
    for place, step in enumerate(circuit.data):
        if told == "gate_dropped" and place == pairs[len(pairs) // 2]:
            continue
        qubits = step.qubits
        if told == "qubits_swapped" and not step.clbits:
            swap = {0: 3, 3: 0}
            index = [circuit.find_bit(qubit).index for qubit in qubits]
            qubits = [circuit.qubits[swap.get(i, i)] for i in index]
        changed.append(step.operation, qubits, step.clbits)
    return changed


def law_cells(seeds: int) -> list[dict[str, Any]]:
    """The suite at three numbers of shots, then every noise at 10,000."""
    plain = [("superconducting", c, n) for n in (10_000, 1_000, 100_000) for c in CIRCUITS]
    other = [(noise, circuit, 10_000) for noise in NOISES[1:] for circuit in FIVE]
    return [
        {"circuit": c, "noise": noise, "shots": n, "seed": seed, "trajectories": None}
        for seed in range(1, seeds + 1)
        for noise, c, n in [*plain, *other]
    ]


def wide_cells(seeds: int) -> list[dict[str, Any]]:
    return [
        {
            "circuit": f"{family}:{size}" + tail,
            "noise": "superconducting",
            "shots": 10_000,
            "seed": seed,
            "trajectories": TRAJECTORIES[size],
        }
        for seed in range(1, seeds + 1)
        for size in (16, 20)
        for family, tail in zip(WIDE, ("", "", ",seed=1", ",depth=4,seed=1"), strict=True)
    ]


def plain_cells(seeds: int) -> list[dict[str, Any]]:
    """The right circuit, and the default fit of the same shots without it."""
    return [
        {
            "circuit": circuit,
            "noise": "superconducting",
            "shots": 10_000,
            "seed": seed,
            "told": "right",
            "effort": "default",
        }
        for seed in range(1, seeds + 1)
        for circuit in CIRCUITS
    ]


def verdict_cells(seeds: int) -> list[dict[str, Any]]:
    return [
        {
            "circuit": circuit,
            "noise": "superconducting",
            "shots": 10_000,
            "seed": seed,
            "told": told,
            "effort": "fast",
        }
        for seed in range(1, seeds + 1)
        for told in ("right", "gate_dropped", "qubits_swapped", "another")
        for circuit in ("ising:12", "qaoa:12,seed=1", "iqp:12,seed=1")
    ]


PARTS = {
    "laws": (law_cells, measure_law),
    "wide": (wide_cells, measure_law),
    "plain": (plain_cells, measure_verdict),
    "verdicts": (verdict_cells, measure_verdict),
}


def main() -> None:
    parser = record.arguments(__doc__.splitlines()[0])
    parser.add_argument("part", choices=PARTS)
    options = parser.parse_args()
    cells, measure = PARTS[options.part]
    record.collect(
        f"circuit_prior_{options.part}",
        __doc__.splitlines()[0],
        record.chosen(cells(options.seeds), options.only),
        measure,
        {},
        workers=options.workers,
        fresh=options.fresh,
    )


if __name__ == "__main__":
    main()
