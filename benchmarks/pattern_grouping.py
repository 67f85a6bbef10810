"""How many shots a second does drawing the errors first give, beside Aer at its best settings?

A brickwork circuit of 16 qubits and depth 16, one-qubit errors of 1e-3 and two-qubit ones of 1e-2,
and a third of both. Aer's settings are tried on a few shots each and the fastest goes on, in turns
with ours, one thread each; rates are of processor time (what else runs on the machine does not
lengthen it), wall-clock ones stand beside them. Two tables of 16-bit shots cannot be compared
string by string, so Pearson's test compares runs of five and six bits and the Hamming weights, ours
with Aer's; at 10 qubits, with the same noise, all strings with the exact law, and with one
that is 2 % off, which must fail.

    python benchmarks/pattern_grouping.py [--seeds 3] [--fresh]
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import frame
import numpy as np
from costs import Seconds, timed
from numpy.typing import NDArray
from qiskit_aer import AerSimulator
from record import Row
from scipy import stats

import qdiff
from qdiff import NoiseSpec, Shots
from qdiff.data.bits import Bits
from qdiff.noise.attach import NoisyCircuit, attach_noise
from qdiff.simulation.grouped_shots import GROUPING

QUBITS, DEPTH = 16, 16
NOISE = NoiseSpec(p1=1e-3, p2=1e-2)
SHOTS = (10_000, 100_000)
PILOT, TURNS = 60, 2
LAW_QUBITS, LAW_SHOTS = 10, 200_000

_MOST = 1 << QUBITS - 10
"""Values of the widest part of the bits that is compared with Aer's."""

_BRANCHING = {"shot_branching_enable": True, "shot_branching_sampling_enable": True}
_SINGLE = {"precision": "single"}
SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "single precision": _SINGLE,
    "single, fusion up to 3": _SINGLE | {"fusion_max_qubit": 3},
    "single, no fusion": _SINGLE | {"fusion_enable": False},
    "branching": {"shot_branching_enable": True},
    "branching, sampling": _BRANCHING,
    "branching, sampling, single": _BRANCHING | _SINGLE,
    "branching, sampling, single, no fusion": _BRANCHING | _SINGLE | {"fusion_enable": False},
}
"""Of the state vector. A density matrix would take 64 GiB; a matrix product state takes 20 times as
long as the slowest of these."""


def measure(cell: Row) -> Row:
    circuit = qdiff.load_circuit(f"brickwork:{QUBITS},depth={DEPTH},seed={cell['seed']}")
    noise = NOISE.scaled(1 / cell["weaker"])
    noisy = attach_noise(circuit, noise)
    qdiff.simulate(circuit, noise, shots=10, seed=1, grouping=True)  # loads what is loaded once
    tried = {name: _aer(noisy, PILOT, cell["seed"], name)[1].cpu / PILOT for name in SETTINGS}
    best = min(tried, key=tried.__getitem__)
    aer_spent, aers = list[Seconds](), Counter[str]()
    spent: dict[int, list[Seconds]] = {number: [] for number in SHOTS}
    for turn in range(TURNS):
        counts, seconds = _aer(noisy, cell["aer_shots"] // TURNS, 100 * cell["seed"] + turn, best)
        aers.update(counts)
        aer_spent.append(seconds)
        for number in SHOTS[: 1 if turn else None]:
            ours, seconds = timed(qdiff.simulate, circuit, noise, shots=number, seed=turn)
            if ours.provenance["method"] != GROUPING:
                raise RuntimeError(f"{ours.provenance['method']} was chosen")
            spent[number].append(seconds)
    pace = sum(each.cpu for each in aer_spent) / cell["aer_shots"]
    wall = sum(each.wall for each in aer_spent) / cell["aer_shots"]
    return {
        "aer_seconds_a_shot_tried": tried,
        "aer_best": best,
        "aer_seconds_a_shot": {"cpu": pace, "wall": wall},
        "ours": {str(number): _ours(number, times, pace, wall) for number, times in spent.items()},
        "p_values": {
            **_beside(ours, Shots.from_counts(aers, registers=ours.registers)),
            **_against_the_law(noise, cell["seed"]),
        },
    }


def _aer(noisy: NoisyCircuit, shots: int, seed: int, setting: str) -> tuple[Counter[str], Seconds]:
    simulator = AerSimulator(
        method="statevector",
        noise_model=noisy.model,
        seed_simulator=seed * 10**9,
        max_parallel_threads=1,
        **SETTINGS[setting],
    )
    result, seconds = timed(lambda: simulator.run(noisy.circuit, shots=shots).result())
    if not result.success:
        raise RuntimeError(result.status)
    return Counter(result.data(0)["counts"]), seconds


def _ours(number: int, spent: list[Seconds], pace: float, wall: float) -> Row:
    cpu = sum(each.cpu for each in spent) / len(spent) / number
    clock = sum(each.wall for each in spent) / len(spent) / number
    return {
        "seconds_a_shot": {"cpu": cpu, "wall": clock},
        "times_aer": {"cpu": pace / cpu, "wall": wall / clock},
    }


def _beside(first: Shots, second: Shots) -> Row:
    """Pearson's test of two tables of shots, by parts of them that have enough shots each."""
    parts: dict[str, Callable[[Bits], NDArray[np.int64]]] = {
        f"bits_{low}_to_{high - 1}_beside_aer": partial(_numbers, low=low, high=high)
        for low, high in itertools.pairwise((0, 5, 10, QUBITS))
    }
    parts["weight_beside_aer"] = lambda bits: bits.sum(axis=1)
    found = {}
    for name, part in parts.items():
        tables = np.array(
            [
                np.bincount(part(shots.bits), weights=shots.counts, minlength=_MOST)
                for shots in (first, second)
            ]
        )
        share = second.num_shots / (first.num_shots + second.num_shots)
        rare = tables.sum(axis=0) * share < 5
        pooled = np.column_stack([tables[:, ~rare], tables[:, rare].sum(axis=1)])
        found[name] = float(stats.chi2_contingency(pooled[:, pooled.sum(axis=0) > 0]).pvalue)
    return found


def _numbers(bits: Bits, low: int, high: int) -> NDArray[np.int64]:
    return np.asarray(bits[:, low:high] @ (1 << np.arange(high - low)))


def _against_the_law(noise: NoiseSpec, seed: int) -> Row:
    """Pearson's test of all strings of a smaller circuit against the law, and one 2 % off."""
    circuit = qdiff.load_circuit(f"brickwork:{LAW_QUBITS},depth={LAW_QUBITS},seed={seed}")
    law = qdiff.exact(circuit, noise).probabilities
    shots = qdiff.simulate(circuit, noise, shots=LAW_SHOTS, seed=seed, grouping=True)
    off = 0.98 * law
    off[law.argmax()] += 0.02
    observed = np.bincount(shots.indices, weights=shots.counts, minlength=len(law))

    def p_value(expected: np.ndarray) -> float:
        rare = expected * LAW_SHOTS < 5
        pooled = [np.append(each[~rare], each[rare].sum()) for each in (observed, expected)]
        kept = pooled[1] > 0
        return float(stats.chisquare(pooled[0][kept], LAW_SHOTS * pooled[1][kept]).pvalue)

    return {"exact_law": p_value(law), "law_2_percent_off": p_value(off)}


def main() -> None:
    options = frame.arguments(__doc__).parse_args()
    cells = frame.grid(weaker=(1, 3), seed=options.seeds)
    for cell in cells:  # branching gains a little with more shots: once as many as ours
        cell["aer_shots"] = SHOTS[0] if cell["seed"] == 1 else SHOTS[0] // 10
    settings = {"qubits": QUBITS, "depth": DEPTH, "noise": str(NOISE), "law_qubits": LAW_QUBITS}
    frame.collect("pattern_grouping", cells, measure, options, settings)


if __name__ == "__main__":
    main()
