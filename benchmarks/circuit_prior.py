"""How much is a shot worth when the circuit is known, whatever the noise?

For each circuit, noise, number of shots and seed: shots are drawn from a known law, the circuit's
law is fitted with the noise unknown, and its exact KL divergence (nats) from that law is taken, as
it is before and after each thing that was added to it. Some cells also fit everything else, as
`qdiff.fit` does, and tell what comes of a wrong circuit.

    python benchmarks/circuit_prior.py laws|plain|verdicts|wide [--seeds 3] [--workers 1] [--fresh]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import frame
import numpy as np
from contenders import Table, divergence
from costs import peak_gibibytes, timed
from record import Row
from truths import NOISE, SUITES, truth_of

import qdiff
from qdiff.comparison.metrics.shot_multiplier import shots_for_kl
from qdiff.fitting.heldout import hold_out
from qdiff.models.noisy_circuit.fit import fit_circuit
from qdiff.models.noisy_circuit.noise_likelihood import CircuitFitConfig
from qdiff.simulation.program import program_of

CIRCUITS = SUITES["q12"].circuits

T1_T2 = "depolarizing:p1=0,p2=0,t1=60e-6,t2=50e-6,time1=40e-9,time2=300e-9,readout=0.01/0.03"
OVER_ROTATED = "depolarizing:p1=3e-4,p2=3e-3,over_rotation=0.03,readout=0.02"
NOISES = (NOISE, T1_T2, OVER_ROTATED, "per_qubit", "fake_backend")

FIVE = (
    "ising:12",
    "qaoa:12,seed=1",
    "ansatz:12,seed=1",
    "iqp:12,seed=1",
    "brickwork:12,depth=4,seed=1",
)


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


def drawn(cell: Row) -> tuple[qdiff.Distribution, qdiff.Shots]:
    """The law, and shots of it."""
    noise = cell["noise"]
    truth = truth_of(cell["circuit"], cell.get("trajectories"), noise=noise, spec=noise_of(noise))
    return truth, truth.sample(cell["shots"], seed=cell["seed"])


def fitted(
    cell: Row, shots: qdiff.Shots, config: CircuitFitConfig | None = None
) -> tuple[Table, Row]:
    """The table of the circuit's law, and what the fit found."""
    heldout, train = hold_out(shots, seed=cell["seed"])
    seed = np.random.SeedSequence(cell["seed"])
    program = program_of(cell["circuit"])
    found = fit_circuit(program, train, heldout, seed=seed, config=config)
    return found.refitted(shots).table(), found.record


def measure_law(cell: Row) -> Row:
    """The circuit's law alone."""
    truth, shots = drawn(cell)
    (law, found), spent = timed(fitted, cell, shots)
    simple, _ = fitted(cell, shots, CircuitFitConfig(order=0))
    histogram = qdiff.Distribution.from_shots(shots, pseudocount=0.5).probabilities
    tables = {"circuit": law, "ideal_and_readout": simple, "histogram": histogram}
    kl = {name: divergence(truth, table) for name, table in tables.items()}
    return {
        "kl": kl,
        "shot_multiplier": shots_for_kl(truth, kl["circuit"]) / cell["shots"],
        "shot_multiplier_ideal_and_readout": shots_for_kl(truth, kl["ideal_and_readout"])
        / cell["shots"],
        "cpu_seconds": round(spent.cpu, 2),
        "seconds": round(spent.wall, 2),
        "peak_gibibytes": peak_gibibytes(),
        "steps": [{**step} for step in found["steps"]],
        "over_rotation": found["over_rotation"],
        "errors_a_run": found["errors_a_run"],
    }


def measure_verdict(cell: Row) -> Row:
    """The whole fit with a right or wrong circuit, beside the fit without it."""
    truth, shots = drawn(cell)
    told = altered(qdiff.load_circuit(cell["circuit"]), cell["told"])
    model, spent = timed(qdiff.fit, shots, circuit=told, seed=cell["seed"], effort=cell["effort"])
    laws = {"told": model, "without": model.without_circuit or model}
    kl = {name: divergence(truth, law.distribution().probabilities) for name, law in laws.items()}
    card = model.card["circuit"]
    return {
        "kl": kl,
        "accepted": card["verdict"].startswith("accepted"),
        "verdict": card["verdict"],
        "weights": model.card["weights"],
        "difference": card["difference"],
        "standard_error": card["standard_error"],
        "seconds": round(spent.wall, 2),
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


def law_cells(seeds: Iterable[int]) -> list[Row]:
    """The suite at three numbers of shots, then every noise at 10,000."""
    numbers, exact = (10_000, 1_000, 100_000), [None]
    return [
        *frame.grid(seed=seeds, noise=[NOISE], shots=numbers, circuit=CIRCUITS, trajectories=exact),
        *frame.grid(seed=seeds, noise=NOISES[1:], shots=[10_000], circuit=FIVE, trajectories=exact),
    ]


def wide_cells(seeds: Iterable[int]) -> list[Row]:
    return [
        {"circuit": circuit, "trajectories": suite.trajectories, **cell}
        for cell in frame.grid(seed=seeds, noise=[NOISE], shots=[10_000])
        for suite in (SUITES["q16"], SUITES["q20"])
        for circuit in suite.circuits
    ]


def plain_cells(seeds: Iterable[int]) -> list[Row]:
    """The right circuit, and the default fit of the same shots without it."""
    return told_cells(seeds, ["right"], CIRCUITS, "default")


def verdict_cells(seeds: Iterable[int]) -> list[Row]:
    told = ("right", "gate_dropped", "qubits_swapped", "another")
    return told_cells(seeds, told, ("ising:12", "qaoa:12,seed=1", "iqp:12,seed=1"), "fast")


def told_cells(
    seeds: Iterable[int], told: Iterable[str], circuits: Iterable[str], effort: str
) -> list[Row]:
    return frame.grid(
        seed=seeds, told=told, circuit=circuits, noise=[NOISE], shots=[10_000], effort=[effort]
    )


PARTS = {
    "laws": (law_cells, measure_law),
    "wide": (wide_cells, measure_law),
    "plain": (plain_cells, measure_verdict),
    "verdicts": (verdict_cells, measure_verdict),
}


def main() -> None:
    parser = frame.arguments(__doc__)
    parser.add_argument("part", choices=PARTS)
    options = parser.parse_args()
    cells, measure = PARTS[options.part]
    frame.collect(f"circuit_prior_{options.part}", cells(options.seeds), measure, options, {})


if __name__ == "__main__":
    main()
