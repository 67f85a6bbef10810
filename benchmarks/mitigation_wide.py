"""How close to the law without readout errors beyond tables, where only few methods can run?

A 30-qubit GHZ state with bit flips on the way, and a 40-qubit product state with defects on single
qubits and on neighbouring pairs. Both laws before readout are known, as chains, so that the
probability of every string is. Readout errors of 1 to 8 % are known to all methods.

    python benchmarks/mitigation_wide.py [--seeds 3] [--workers 1] [--fresh]

mthree is compared where it is installed (``pip install mthree``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import frame
import numpy as np
from costs import timed
from numpy.typing import NDArray
from qiskit import QuantumCircuit
from readouts import confusion_of, mthree_law
from record import Row

import qdiff
from qdiff import Confusion, Shots
from qdiff.data.bits import Floats
from qdiff.models.clifford.chain_algebra import read_chain
from qdiff.models.laws.histogram import HistogramLaw
from qdiff.models.laws.law import AnyOrderLaw
from qdiff.models.matrix_product.law import MatrixProductLaw

SHOTS = 10_000
_DRAWN = 20_000
"""Strings drawn from the truth to take total variation and divergence by."""

_FLIP = 0.005
"""The chance of a bit flip between two gates of the GHZ circuit: a domain wall."""

PairLaw = Callable[[int, int], Floats]


def ghz_law(num_bits: int) -> MatrixProductLaw:
    """All bits alike, but for a wall between neighbours now and then."""
    first = np.array([[[0.5, 0.0], [0.0, 0.5]]])
    stay, wall = 1 - _FLIP, _FLIP
    middle = np.array([[[stay, 0.0], [0.0, wall]], [[wall, 0.0], [0.0, stay]]])
    last = middle.sum(axis=2, keepdims=True)
    return MatrixProductLaw([first, *[middle] * (num_bits - 2), last])


def defects_law(num_bits: int) -> MatrixProductLaw:
    """0101..., each bit wrong by itself with 1 to 8 %, each pair of neighbours with 2 to 5 %."""
    draw = np.random.default_rng(1)
    tensors = []
    for _ in range(0, num_bits, 2):
        alone, together = draw.uniform(0.01, 0.08, 2), draw.uniform(0.02, 0.05)
        joint = np.zeros((2, 2))  # (first bit, second bit), 0 and 1 being right
        for a, b, both in itertools.product((0, 1), repeat=3):
            chance = np.prod([alone[0] if a else 1 - alone[0], alone[1] if b else 1 - alone[1]])
            joint[a ^ both, 1 ^ b ^ both] += chance * (together if both else 1 - together)
        first = joint.sum(axis=1)
        tensors.append(np.diag(first)[None])  # the state remembers the first bit
        tensors.append((joint / first[:, None])[:, :, None])
    return MatrixProductLaw(tensors)


def ghz_circuit(num_bits: int) -> QuantumCircuit:
    return qdiff.load_circuit(f"ghz:{num_bits}")


def neel_circuit(num_bits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_bits, num_bits)
    circuit.x(range(1, num_bits, 2))
    circuit.measure(range(num_bits), range(num_bits))
    return circuit


STATES = {
    "GHZ, 30 qubits": (30, ghz_law, ghz_circuit),
    "product with defects, 40 qubits": (40, defects_law, neel_circuit),
}


def mthree_shots(confusion: Confusion, shots: Shots) -> tuple[Shots, Floats] | None:
    """M3's law as strings and their probabilities, or nothing where it is not installed."""
    law = mthree_law([confusion.of_bit(bit) for bit in range(confusion.num_bits)], shots)
    if law is None:
        return None
    strings = Shots.from_counts({key: 1 for key, p in law.items() if p > 0})
    return strings, np.array([law["".join(map(str, row[::-1]))] for row in strings.bits])


def pairs_of(strings: Shots, weights: Floats) -> PairLaw:
    """Marginals of pairs of bits of a law on listed strings."""
    rows = strings.bits.astype(np.int64)

    def law(a: int, b: int) -> Floats:
        return np.bincount(rows[:, a] + 2 * rows[:, b], weights, minlength=4).astype(np.float64)

    return law


def marginals_of(model: qdiff.Surrogate) -> PairLaw:
    """Marginals of pairs of bits of a surrogate."""
    return lambda a, b: model.marginal([a, b]).probabilities


def inverted_pairs(confusion: Confusion, shots: Shots) -> PairLaw:
    """Marginals of pairs of bits by inverting the readout of those two bits."""
    raw = pairs_of(shots, shots.counts / shots.num_shots)

    def law(a: int, b: int) -> Floats:
        return confusion.restricted([a, b]).inverted(raw(a, b))

    return law


def z_error(law: PairLaw, truth: MatrixProductLaw) -> float:
    """Root mean square error of all Z strings on one and two bits."""
    signs = np.array([[1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    errors: list[float] = []
    for a, b in itertools.combinations(range(truth.num_bits), 2):
        first, second, both = signs @ (law(a, b) - truth.marginal([a, b]))
        errors.append(both)
        errors += [first] if b == a + 1 else []
        errors += [second] if (a, b) == (truth.num_bits - 2, truth.num_bits - 1) else []
    return float(np.sqrt(np.mean(np.square(errors))))


def total_variation(log_q: Floats, log_p: Floats, counts: NDArray[np.int64]) -> float:
    """``E_p max(0, 1 - q / p)`` over strings drawn from ``p``."""
    return float(np.maximum(0, -np.expm1(log_q - log_p)) @ counts / counts.sum())


def log_listed(strings: Shots, weights: Floats, rows: Any) -> Floats:
    """The logarithms of a listed law's probabilities; strings that are not listed have none."""
    scaled = np.maximum(np.rint(weights * 2**50), 1).astype(np.int64)
    listed = Shots(words=strings.words, counts=scaled, registers=strings.registers)
    return HistogramLaw(listed).log_prob(rows)


def measure(cell: Row) -> Row:
    """All methods on the same shots."""
    num_bits, law, circuit = STATES[cell["state"]]
    truth, confusion = law(num_bits), confusion_of(cell["readout"], num_bits)
    shots = drawn(read_chain(truth, confusion), SHOTS, cell["seed"])
    asked = drawn(truth, _DRAWN, cell["seed"] + 1000)
    log_p = truth.log_prob(asked.bits)
    logs: dict[str, Floats] = {}
    pairs: dict[str, PairLaw] = {}
    seconds: dict[str, float] = {}
    for name, told in (("**qdiff, circuit known**", circuit(num_bits)), ("**qdiff**", None)):
        model, spent = timed(qdiff.mitigate, shots, confusion, circuit=told, seed=cell["seed"])
        seconds[name] = round(spent.cpu, 2)
        logs[name] = model.log_prob(asked.bits)
        pairs[name] = marginals_of(model)
    found, spent = timed(mthree_shots, confusion, shots)
    if found is not None:
        seconds["mthree"] = round(spent.cpu, 2)
        logs["mthree"], pairs["mthree"] = log_listed(*found, asked.bits), pairs_of(*found)
    pairs["inversion string by string"] = inverted_pairs(confusion, shots)
    perfect = drawn(truth, SHOTS, cell["seed"] + 100)
    for name, own in (("raw shots", shots), ("perfect sampler", perfect)):
        frequencies = own.counts / own.num_shots
        logs[name], pairs[name] = (
            log_listed(own, frequencies, asked.bits),
            pairs_of(own, frequencies),
        )
    divergences = {name: float((log_p - q) @ asked.counts / _DRAWN) for name, q in logs.items()}
    return {
        "total_variation": {n: total_variation(q, log_p, asked.counts) for n, q in logs.items()},
        "kl": {name: kl for name, kl in divergences.items() if np.isfinite(kl)},
        "z_error": {name: z_error(pair, truth) for name, pair in pairs.items()},
        "cpu_seconds": seconds,
    }


def drawn(law: AnyOrderLaw, number: int, seed: int) -> Shots:
    """Shots of a law."""
    words, counts = law.draw(number, np.random.default_rng(seed))
    return Shots.from_words(words, counts, registers=(qdiff.Register("c", law.num_bits),))


def main() -> None:
    options = frame.arguments(__doc__).parse_args()
    cells = frame.grid(seed=options.seeds, state=STATES, readout=["equal", "asymmetric"])
    frame.collect("mitigation_wide", cells, measure, options, {"shots": SHOTS})


if __name__ == "__main__":
    main()
