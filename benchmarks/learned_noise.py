"""How well does noise learned from three circuits predict circuits that were never run?

A device's noise is learned from some shots of each of three circuits. Of other circuits, which give
no shots at all, the exact KL divergence (nats) of the predicted law from the true noisy law is
taken, beside what a histogram of 1e4, 1e5 and 1e6 shots of that very circuit is expected to have,
the ideal law, the law under a calibration that is off by a factor of up to two, and what the first
circuit alone teaches. `wide` has 16 and 20 qubits, their truths means over trajectories; `depth`
one circuit ever deeper; `outside` devices whose noise no number stands for; `shots` what a few
shots of a circuit bring to a fit that is told the noise, or is not.

    python benchmarks/learned_noise.py circuits|wide|depth|outside|shots [--seeds 2] [--fresh]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import frame
import numpy as np
from circuit_prior import OVER_ROTATED, T1_T2, noise_of
from contenders import divergence
from costs import timed
from qiskit import QuantumCircuit, transpile
from record import Row
from truths import NOISE, truth_of

import qdiff
from qdiff.comparison.metrics.shot_multiplier import expected_histogram_kl, shots_for_kl
from qdiff.models.surrogate.part import Part
from qdiff.noise.backend import fake_backend

TAUGHT = ("ansatz:12,seed=31", "brickwork:12,depth=6,seed=32", "xy:12")
PREDICTED = (
    "ising:12",
    "heisenberg:12",
    "qaoa:12,seed=33",
    "iqp:12,seed=34",
    "w:12",
    "adder:12",
    "amplitude:12",
    "brickwork:12,depth=18,seed=35",
)
PRESETS = (NOISE, "superconducting_best", "trapped_ion", "heavy", "readout_only")
DEVICES = ("fake_torino", "fake_brisbane", "fake_sherbrooke")
NOISES = (*PRESETS, T1_T2, OVER_ROTATED, "per_qubit", *DEVICES)
SHOTS = 10_000
STARTS = {"qubits": (3, "gates"), "one": (1, "gates"), "off": (3, "calibration")}
"""How many circuits teach, and what is known before: which gates are virtual, or rates that are off
by a factor of up to two."""


@dataclass(frozen=True, kw_only=True)
class Device:
    """What circuits run on: its true noise, and how circuits are laid out on it."""

    name: str

    @property
    def noise(self) -> qdiff.NoiseSpec:
        if self.name in DEVICES:
            return qdiff.NoiseSpec.from_backend(fake_backend(self.name))
        return noise_of(self.name)

    def circuit(self, text: str) -> QuantumCircuit:
        """As it is, or in the device's gates on its qubits: which ones differs by the circuit."""
        circuit = qdiff.load_circuit(text)
        if self.name not in DEVICES:
            return circuit
        seed = sum(text.encode())
        laid_out = transpile(
            circuit, fake_backend(self.name), optimization_level=2, seed_transpiler=seed
        )
        laid_out.name = text
        return laid_out

    def truth(self, text: str) -> qdiff.Distribution:
        """The exact noisy law."""
        return truth_of(text, noise=self.name, spec=self.noise, written=self.circuit(text))

    def miscalibrated(self, seed: int) -> qdiff.NoiseSpec:
        """Its noise, every rate off by a factor between one half and two."""
        draw, true = np.random.default_rng(seed), self.noise

        def off(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(off(each) for each in value)
            return value if value is None else min(value * 2 ** draw.uniform(-1, 1), 0.5)

        def spoiled(rates: Any) -> Any:
            names = [n for n in ("p1", "p2", "readout") if getattr(rates, n, None) is not None]
            return replace(rates, **{n: off(getattr(rates, n)) for n in names})

        qubits = {qubit: spoiled(rates) for qubit, rates in true.qubits.items()}
        edges = {pair: spoiled(rates) for pair, rates in true.edges.items()}
        shared: qdiff.NoiseSpec = spoiled(true)
        return replace(shared, over_rotation=None, qubits=qubits, edges=edges)


@cache
def learned_on(name: str, seed: int, how: str) -> tuple[qdiff.LearnedNoise, float]:
    """Noise learned from shots of the taught circuits, and the processor's seconds."""
    device = Device(name=name)
    circuits, known = STARTS[how]
    pairs = [
        (device.circuit(text), device.truth(text).sample(SHOTS, seed=100 * seed + place))
        for place, text in enumerate(TAUGHT[:circuits])
    ]
    # which gates a device does in software is known of any device; rates are not
    virtual = qdiff.NoiseSpec(virtual_gates=device.noise.virtual_gates)
    start = device.miscalibrated(seed) if known == "calibration" else virtual
    learned, spent = timed(qdiff.learn_noise, pairs, start=start, seed=seed)
    return learned, round(spent.cpu, 1)


def measure_circuits(cell: Row) -> list[Row]:
    device = Device(name=cell["noise"])
    learned, seconds = learned_on(cell["noise"], cell["seed"], cell["start"])
    rows = []
    for text in PREDICTED:
        row = predicted(learned, device.circuit(text), device.truth(text))
        off = qdiff.exact(device.circuit(text), device.miscalibrated(cell["seed"]))
        row["kl_of_a_calibration"] = finite(divergence(device.truth(text), off.probabilities))
        rows.append({"circuit": text, **row, "learning_cpu_seconds": seconds})
    return rows


def predicted(
    learned: qdiff.LearnedNoise, circuit: QuantumCircuit | str, truth: qdiff.Distribution
) -> Row:
    """One circuit that was never run."""
    model, spent = timed(learned.predict, circuit)
    kl = divergence(truth, model.distribution().probabilities)
    ideal = divergence(truth, qdiff.exact(circuit).probabilities)
    return {
        "kl": kl,
        "expected_kl": model.card["circuit"]["expected_kl"],
        "kl_of_histograms": {
            f"{10**k:.0e}": expected_histogram_kl(truth, 10**k) for k in (4, 5, 6)
        },
        "kl_of_the_ideal_law": finite(ideal),
        "worth_shots": finite(shots_for_kl(truth, kl)),
        "predicting_cpu_seconds": round(spent.cpu, 1),
    }


def finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


WIDE = {16: 4000, 20: 300}
"""Trajectories in the truths of so many qubits."""


def measure_wide(cell: Row) -> list[Row]:
    bits, samples = cell["bits"], WIDE[cell["bits"]]
    taught = (f"ansatz:{bits},seed=31", f"brickwork:{bits},depth=6,seed=32", f"ising:{bits}")
    pairs = [
        (text, qdiff.simulate(text, NOISE, shots=SHOTS, seed=100 * cell["seed"] + place))
        for place, text in enumerate(taught)
    ]
    start = qdiff.NoiseSpec(virtual_gates=noise_of(NOISE).virtual_gates)
    learned, spent = timed(qdiff.learn_noise, pairs, start=start, seed=cell["seed"])
    return [
        {
            "circuit": text,
            **predicted(learned, text, truth_of(text, samples)),
            "learning_cpu_seconds": round(spent.cpu, 1),
        }
        for text in (f"qaoa:{bits},seed=1", f"brickwork:{bits},depth=4,seed=1")
    ]


def measure_depth(cell: Row) -> Row:
    text = f"brickwork:12,depth={cell['depth']},seed=36"
    learned, _ = learned_on(NOISE, cell["seed"], "qubits")
    return predicted(learned, text, Device(name=NOISE).truth(text))


def with_crosstalk(circuit: QuantumCircuit) -> QuantumCircuit:
    """Each gate on two qubits also turns the next qubit about ZZ, by a twentieth of a radian."""
    spoiled = circuit.copy_empty_like()
    for step in circuit.data:
        spoiled.append(step)
        if len(step.qubits) == 2:
            last = max(circuit.find_bit(qubit).index for qubit in step.qubits)
            if last + 1 < circuit.num_qubits:
                spoiled.rzz(0.05, last, last + 1)
    return spoiled


def crosstalk(circuit: QuantumCircuit, batch: int) -> qdiff.Distribution:
    return qdiff.exact(with_crosstalk(circuit), noise_of(NOISE))


def drift(circuit: QuantumCircuit, batch: int) -> qdiff.Distribution:
    """Errors of gates double from the first to the last batch that teaches."""
    noise, factor = noise_of(NOISE), 2 ** (batch / 2)
    one, two = ((rate or 0.0) * factor for rate in (noise.p1, noise.p2))
    return qdiff.exact(circuit, replace(noise, p1=one, p2=two))


def drift_within(circuit: QuantumCircuit, batch: int) -> qdiff.Distribution:
    """The same drift while each circuit's shots are taken, which are then thrown together."""
    laws = [drift(circuit, part).probabilities for part in range(3)]
    return qdiff.Distribution(probabilities=np.mean(laws, axis=0))


def nothing(circuit: QuantumCircuit, batch: int) -> qdiff.Distribution:
    """A device that the model does describe: what is doubted of it is a false alarm."""
    return qdiff.exact(circuit, noise_of(NOISE))


def loss(circuit: QuantumCircuit, batch: int) -> qdiff.Distribution:
    """In 5 % of the shots one qubit is lost half-way: no gate acts on it and it is read as 1."""
    whole = qdiff.exact(circuit, noise_of(NOISE)).probabilities
    lost = np.zeros_like(whole)
    for qubit in range(circuit.num_qubits):
        left = circuit.copy_empty_like()
        for place, step in enumerate(circuit.data):
            late = place > len(circuit.data) / 2 and step.operation.name != "measure"
            if not (late and circuit.qubits[qubit] in step.qubits):
                left.append(step)
        table = qdiff.exact(left, noise_of(NOISE)).probabilities
        one = np.arange(len(table)) | 1 << qubit
        np.add.at(lost, one, table / circuit.num_qubits)
    return qdiff.Distribution(probabilities=0.95 * whole + 0.05 * lost)


OUTSIDE: dict[str, Callable[[QuantumCircuit, int], qdiff.Distribution]] = {
    "crosstalk": crosstalk,
    "drift": drift,
    "drift within each circuit": drift_within,
    "loss": loss,
    "nothing": nothing,
}


def measure_outside(cell: Row) -> list[Row]:
    law = OUTSIDE[cell["device"]]
    circuits = [qdiff.load_circuit(text) for text in TAUGHT]
    pairs = [
        (circuit, law(circuit, batch).sample(SHOTS, seed=100 * cell["seed"] + batch))
        for batch, circuit in enumerate(circuits)
    ]
    start = qdiff.NoiseSpec(virtual_gates=noise_of(NOISE).virtual_gates)
    learned = qdiff.learn_noise(pairs, start=start, seed=cell["seed"])
    lesson = learned.lessons[0]["circuits"]
    said = {
        "doubted": len(learned.doubts),
        "p_values_fitted": [row["fitted"]["p_value"] for row in lesson],
        "p_values": [row["p_values"] for row in lesson],
    }
    return [
        {
            "circuit": text,
            **predicted(learned, text, law(qdiff.load_circuit(text), len(TAUGHT) - 1)),
            **said,
        }
        for text in PREDICTED[:4]
    ]


def measure_shots(cell: Row) -> Row:
    """A circuit's law from few shots of it: told the noise, told the circuit, or neither."""
    text = cell["circuit"]
    truth = Device(name="per_qubit").truth(text)
    shots = truth.sample(cell["shots"], seed=cell["seed"])
    learned, _ = learned_on("per_qubit", cell["seed"], "qubits")
    options: dict[str, Any] = {"circuit": text, "seed": cell["seed"], "effort": "fast"}
    told = qdiff.fit(shots, noise=learned, **options)
    untold = qdiff.fit(shots, **options)
    return {
        "kl": {
            "noise_learned": divergence(truth, told.distribution().probabilities),
            "noise_unknown": divergence(truth, untold.distribution().probabilities),
            "circuit_part_learned": part_kl(truth, told),
            "circuit_part_unknown": part_kl(truth, untold),
            "predicted": divergence(truth, learned.predict(text).distribution().probabilities),
            "histogram": expected_histogram_kl(truth, cell["shots"]),
        }
    }


def part_kl(truth: qdiff.Distribution, model: qdiff.Surrogate) -> float | None:
    if Part.CIRCUIT not in model.parts:
        return None
    return divergence(truth, model.only(Part.CIRCUIT).distribution().probabilities)


def cells_of(part: str, seeds: Sequence[int]) -> list[Row]:
    if part == "circuits":
        both = frame.grid(seed=seeds, noise=NOISES, start=("qubits",))
        return both + frame.grid(seed=seeds[:1], noise=NOISES, start=("one", "off"))
    if part == "wide":
        return frame.grid(seed=seeds[:1], bits=tuple(WIDE))
    if part == "depth":
        return frame.grid(seed=seeds, depth=(6, 12, 24, 48, 96))
    if part == "outside":
        return frame.grid(seed=seeds, device=tuple(OUTSIDE))
    return frame.grid(
        seed=seeds, circuit=("ising:12", "iqp:12,seed=34"), shots=(100, 300, 1000, 10_000)
    )


MEASURES: dict[str, frame.Measure] = {
    "circuits": measure_circuits,
    "wide": measure_wide,
    "depth": measure_depth,
    "outside": measure_outside,
    "shots": measure_shots,
}


def main() -> None:
    parser = frame.arguments(__doc__, seeds=2)
    parser.add_argument("part", choices=MEASURES)
    options = parser.parse_args()
    settings = {"taught": list(TAUGHT), "shots": SHOTS, "part": options.part}
    name = f"learned_noise_{options.part}"
    cells = cells_of(options.part, options.seeds)
    frame.collect(name, cells, MEASURES[options.part], options, settings)


if __name__ == "__main__":
    main()
