"""`LearnedNoise`: the noise of a device as far as shots have told, and what it predicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit

from qdiff.circuit.loading import load_circuit
from qdiff.circuit.measurement import registers_of
from qdiff.data.argument_checks import check_number, check_whole, root_of
from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.environment import __version__
from qdiff.models.noisy_circuit.fit import MAX_TABLE_QUBITS, CircuitFit
from qdiff.models.noisy_circuit.program import Program
from qdiff.models.surrogate.part import Part
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.noise.spec import NoiseSpec
from qdiff.noise_learning import storage
from qdiff.noise_learning.beyond_tables import SHOTS, chain_of_simulated_shots
from qdiff.noise_learning.circuit_fit import fit_known_noise
from qdiff.noise_learning.learned_noise_shown import ShowsNoise
from qdiff.noise_learning.learned_numbers import LearnedNumber, confounded, learned_numbers
from qdiff.noise_learning.numbers import BACKGROUND, PAIR_FLIP, TURNS, Number
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prediction import Prediction, predicted
from qdiff.noise_learning.specification import specification_of
from qdiff.noise_learning.update import CircuitLike, Pair, device_circuit, updated
from qdiff.simulation.provenance import circuit_record

_DOUBTED = 1e-4
"""p-value from which on a circuit's shots contradict what was learned."""

OPERATIONS = 4e9
"""Gates times amplitudes that errors of a predicted circuit are simulated with."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LearnedNoise(ShowsNoise):
    """What shots have told of a device's noise. Build one with `qdiff.learn_noise`.

    Attributes
    ----------
    posterior
        The most probable numbers and how sure they are.
    lessons
        A record of each fit, as JSON: the circuits, how well each is predicted from the others,
        and which kinds of noise were found.
    """

    posterior: Posterior
    lessons: tuple[Mapping[str, Any], ...]

    @property
    def numbers(self) -> list[LearnedNumber]:
        """Every rate with its standard error, and how much of it the shots told."""
        return list(learned_numbers(self.posterior))

    @property
    def not_told_apart(self) -> list[tuple[Number, Number, float]]:
        """Pairs of numbers that the shots know only together, and their correlation."""
        return list(confounded(self.posterior))

    @property
    def beyond_spec(self) -> list[str]:
        """What was learned and `to_spec` cannot say, in words."""
        known = self.posterior
        found = [f"a background of weight {known.value(Number(BACKGROUND)):.2g}"]
        if known.prior.pair_flips:
            rate = known.value(Number(PAIR_FLIP))
            found.append(f"coupled qubits misread together, at {rate:.2g} a pair")
        if known.prior.turns:
            angle = known.value(Number(TURNS[2]))
            found.append(f"gates done in software turned by a factor of {1 + angle:.4g}")
        return found

    @property
    def doubts(self) -> list[str]:
        """Circuits whose shots are not what such noise can give, in words.

        Each of up to four tests a circuit has a p-value below 1e-4 (`qdiff.noise_learning.lesson`).
        """
        found = []
        for lesson in self.lessons:
            for row in lesson["circuits"]:
                tests = {"all strings": row["fitted"]["p_value"], **row.get("p_values", {})}
                odd = [f"{n} {p:.2g}" for n, p in tests.items() if p is not None and p < _DOUBTED]
                if odd:
                    found.append(
                        f"shots of {row['circuit']} are not what this kind of noise can give "
                        f"(p-values: {', '.join(odd)}): something else happens on the device, or "
                        "it drifts"
                    )
        return found

    def predict(
        self, circuit: CircuitLike, *, seed: int = 0, operations: float = OPERATIONS
    ) -> Surrogate:
        """The law of a circuit that need never have run: a surrogate without any shots.

        Qubits that were not learned from have the shared rates. The card's ``expected_kl`` is how
        far (nats) the law is expected to be off because the numbers are not known better;
        `plausible_laws` says it of any quantity.

        A Clifford circuit beyond 24 bits is a chain fitted to 20,000 shots that are simulated under
        `to_spec`: what that cannot say is left out, and there is no ``expected_kl``.

        Raises `InputError` for any other circuit of more than 24 bits, or one that is not measured
        once, at its end.
        """
        operations = check_number(operations, "operations", least=1)
        loaded = load_circuit(circuit)
        told: dict[str, Any] = {"verdict": "predicted from learned noise, without shots"}
        if loaded.num_clbits > MAX_TABLE_QUBITS:
            law = chain_of_simulated_shots(loaded, self.to_spec(), root_of(seed))
            told |= {"simulated_shots": SHOTS, "expected_kl": None}
        else:
            found = self._predicted(loaded, seed, operations, draws=_draws(loaded.num_clbits))
            law = found.law
            told |= {"histories": found.histories, "expected_kl": found.expected_kl}
        card = {
            "num_bits": law.num_bits,
            "training_shots": None,
            "trained_on": circuit_record(loaded, self.to_spec()),
            "weights": {Part.CIRCUIT.value: 1.0},
            "circuit": told,
            "seed": seed,
            "versions": {"qdiff": __version__, "numpy": np.__version__},
        }
        return Surrogate(
            parts={Part.CIRCUIT: law},
            weights={Part.CIRCUIT: 1.0},
            registers=registers_of(loaded),
            card=card,
        )

    def plausible_laws(
        self,
        circuit: CircuitLike,
        *,
        draws: int = 64,
        seed: int = 0,
        operations: float = OPERATIONS,
    ) -> Floats:
        """Laws of a circuit at numbers as probable as the shots leave them, ``(draws, 2^n)``.

        Their spread is the uncertainty of what `predict` says, of a probability, ``laws.std(0)``,
        or of an expectation, ``(laws @ values).std()``, as far as it comes from the numbers.

        Raises `InputError` as `predict`, and where the laws do not fit into memory.
        """
        number = check_whole(draws, "draws")
        operations = check_number(operations, "operations", least=1)
        return self._predicted(load_circuit(circuit), seed, operations, draws=number).plausible

    def _predicted(
        self, circuit: QuantumCircuit, seed: int, operations: float, *, draws: int
    ) -> Prediction:
        generator = np.random.default_rng(root_of(seed))
        known = self.posterior
        return predicted(device_circuit(circuit, known), known, operations, generator, draws)

    def add(
        self, pairs: Iterable[Pair], *, seed: int = 0, operations: float = OPERATIONS
    ) -> LearnedNoise:
        """What is known after more circuits; the earlier shots are not needed again.

        How far qubits differ stays as it was found at first. Raises `InputError` as `learn_noise`.
        """
        found = updated(self.posterior, pairs, seed=seed, operations=operations)
        return LearnedNoise(posterior=found.posterior, lessons=(*self.lessons, found.record))

    @property
    def start(self) -> NoiseSpec | None:
        """What was expected before any shots."""
        return self.posterior.prior.start

    def fit_circuit(
        self, program: Program, train: Shots, *, seed: np.random.SeedSequence
    ) -> CircuitFit:
        """The law of one circuit, corrected by shots of it: what `qdiff.fit` does with `noise`."""
        return fit_known_noise(self.posterior, program, train, seed=seed, work=OPERATIONS)

    def to_spec(self) -> NoiseSpec:
        """What a specification can say of it; `beyond_spec` names what it cannot.

        Times of gates are those of the start, or 100 ns: only their ratios to T1 and T2 are known.
        """
        start = self.start
        named = [number.qubits for number in self.posterior.parameters]
        qubits = {qubit for each in named for qubit in each}
        pairs = {(each[0], each[1]) for each in named if len(each) == 2}
        if start is not None:
            qubits |= set(start.qubits)
            pairs |= set(start.edges)
        known = self.posterior
        time = known.prior.one_qubit_time
        return specification_of(known.value, qubits, pairs, known.angles, start, time)

    def to_dict(self) -> dict[str, Any]:
        """Everything that was learned, as JSON."""
        return {
            "kind": "noise",
            "numbers": [number.to_dict() for number in self.numbers],
            "not_told_apart": [[str(a), str(b), r] for a, b, r in self.not_told_apart],
            "beyond_spec": self.beyond_spec,
            "doubts": self.doubts,
            "lessons": [dict(lesson) for lesson in self.lessons],
        }

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write one safetensors file. An existing `path` is refused unless `force`."""
        storage.write(path, self.posterior, self.lessons, force=force)

    @classmethod
    def load(cls, path: str | Path) -> LearnedNoise:
        """Read what `save` wrote. Raises `InputError` for any other or damaged file."""
        posterior, lessons = storage.read(path)
        return cls(posterior=posterior, lessons=lessons)

    def __repr__(self) -> str:
        circuits = sum(len(lesson["circuits"]) for lesson in self.lessons)
        return f"LearnedNoise({len(self.posterior.parameters)} numbers from {circuits} circuits)"


def _draws(num_bits: int) -> int:
    """Plausible laws for the card: as many as cost little beside the prediction itself."""
    return min(16, (1 << 22) >> num_bits)
