"""Surrogates fitted when a circuit first asks for one, and kept on disk for the next time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.primitives import BaseSamplerV2
from qiskit_aer.noise import NoiseModel

from qdiff.circuit.measurement import bits_of_a_job, registers_of
from qdiff.circuit.structural_hash import circuit_hash
from qdiff.data.argument_checks import check_flag, check_is, check_whole, root_of
from qdiff.data.output import as_path
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.files.qiskit_results import from_qiskit
from qdiff.fitting.choose_config import Effort
from qdiff.fitting.config import FitConfig
from qdiff.fitting.fit import fit
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.noise.spec import as_spec
from qdiff.noise_learning.learned_noise import LearnedNoise
from qdiff.primitives.model_cache import ModelCache, key_of
from qdiff.progress import training_bar
from qdiff.simulation.fingerprint.fingerprint import fingerprint, structure_hash
from qdiff.simulation.simulate import Noise, simulate


@dataclass(frozen=True, kw_only=True)
class OnDemand:
    """How to fit the surrogate of a circuit that has none. Checked when built.

    Attributes
    ----------
    noise
        Training shots come from `qdiff.simulate` under this noise: a `NoiseSpec`, its text or an
        Aer ``NoiseModel``. ``"ideal"`` for none. A `LearnedNoise` needs no shots and no fit: it
        predicts the circuit.
    sampler
        Or they come from this sampler primitive, that of a device, say.
    shots
        How many training shots.
    effort, config
        How much work a fit may take, or exactly what it does; see `qdiff.fit`.
    seed
        Decides the simulated shots and the fit.
    cache
        A folder for the fitted surrogates, shared safely by several processes: one fits, the
        others wait for its file. None keeps them in memory only.
    label
        Names the sampler or the ``NoiseModel`` in the cache, since neither can be written down.
    progress
        Whether to show a progress bar of each fit on standard error.
    """

    noise: Noise | LearnedNoise = None
    sampler: BaseSamplerV2 | None = None
    shots: int = 10_000
    effort: Effort | str = Effort.FAST
    config: FitConfig | None = None
    seed: int = 0
    cache: str | Path | None = None
    label: str = ""
    progress: bool = False

    def __post_init__(self) -> None:
        if (self.noise is None) == (self.sampler is None):
            raise InputError(
                "give either noise (a NoiseSpec, its text, an Aer NoiseModel, a LearnedNoise) or a "
                "sampler"
            )
        object.__setattr__(self, "shots", check_whole(self.shots, "shots"))
        root_of(self.seed)
        object.__setattr__(self, "seed", int(self.seed))
        Effort.parse(self.effort)
        if self.config is not None:
            check_is(self.config, FitConfig, "config")
        if self.cache is not None:
            as_path(self.cache, "cache")
        check_is(self.label, str, "label")
        check_flag(self.progress, "progress")
        if not isinstance(self.noise, NoiseModel | LearnedNoise):
            as_spec(self.noise)
        if self.cache is not None and not self._is_written_down and not self.label:
            raise InputError("a cache needs a label that names the sampler or noise model")

    def surrogate(self, circuit: QuantumCircuit) -> Surrogate:
        """The surrogate of `circuit`, from the cache, predicted, or fitted now."""
        check_is(circuit, QuantumCircuit, "circuit")
        if self.cache is None:
            return self._fitted(circuit)
        return ModelCache(self.cache).get(self._key(circuit), lambda: self._fitted(circuit))

    @property
    def predicts(self) -> bool:
        """Whether circuits are answered without shots or a fit, in a second or so."""
        return isinstance(self.noise, LearnedNoise)

    @property
    def depends_on_qubits(self) -> bool:
        """Whether the noise may differ from qubit to qubit, so that it matters which ones are used.

        Of samplers and ``NoiseModel``s it is taken for granted.
        """
        if not self._is_written_down or isinstance(self.noise, LearnedNoise):
            return True
        spec = as_spec(self.noise)
        return spec is not None and bool(spec.qubits or spec.edges)

    def identity_of(self, circuit: QuantumCircuit) -> str:
        """Circuits of equal identity are answered alike: by structure, or on equal qubits too."""
        check_is(circuit, QuantumCircuit, "circuit")
        return circuit_hash(circuit) if self.depends_on_qubits else structure_hash(circuit)

    @property
    def _is_written_down(self) -> bool:
        return self.sampler is None and not isinstance(self.noise, NoiseModel)

    def _fitted(self, circuit: QuantumCircuit) -> Surrogate:
        if isinstance(self.noise, LearnedNoise):
            return self.noise.predict(circuit, seed=self.seed)
        shots = self._training_shots(circuit, self.noise)
        with training_bar(f"fit {circuit.name}", shown=self.progress) as watch:
            return fit(shots, seed=self.seed, effort=self.effort, config=self.config, watch=watch)

    def _training_shots(self, circuit: QuantumCircuit, noise: Noise) -> Shots:
        if self.sampler is None:
            return simulate(
                circuit, noise, shots=self.shots, seed=self.seed, progress=self.progress
            )
        result = self.sampler.run([circuit], shots=self.shots).result()[0]
        return _in_clbit_order(from_qiskit(result), circuit)

    def _key(self, circuit: QuantumCircuit) -> str:
        """What decides the surrogate, hashed."""
        noise: Any = self.label
        if isinstance(self.noise, LearnedNoise):
            noise = self.noise.to_dict()["numbers"]
        elif self._is_written_down:
            spec = as_spec(self.noise)
            noise = None if spec is None else spec.to_dict()
        return key_of(
            {
                "circuit": self.identity_of(circuit),
                "num_bits": circuit.num_clbits,
                "noise": noise,
                "label": self.label,
                "shots": self.shots,
                "fit": str(Effort(self.effort)) if self.config is None else self.config.to_dict(),
                "seed": self.seed,
            }
        )


def _in_clbit_order(shots: Shots, circuit: QuantumCircuit) -> Shots:
    """A primitive's shots, which come register by register, as rows of the circuit's clbits."""
    columns = bits_of_a_job(circuit)
    if len(columns) != shots.num_bits:
        raise InputError(
            f"the sampler gave {shots.num_bits} bits for a circuit with {len(columns)}"
        )
    table = np.zeros((len(shots.counts), circuit.num_clbits), np.uint8)
    table[:, columns] = shots.bits
    return Shots.from_bits(
        table,
        shots.counts,
        registers=registers_of(circuit),
        provenance={"source": "sampler", "fingerprint": fingerprint(circuit).to_dict()},
    )
