"""What the whole job is to do, and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qiskit import QuantumCircuit

from qdiff.comparison.scorecard import Comparison
from qdiff.errors import InputError
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.noise.spec import NoiseSpec

TOLD, FROM_SHOTS = "told the circuit", "from shots alone"
"""What a law was fitted to."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What `run` is to do. Checked when built.

    Attributes
    ----------
    circuit
        A circuit, a file, or a family such as ``ising:10``.
    noise
        A specification or its text; None is ideal.
    shots
        Training shots to simulate, and surrogate shots to draw.
    seed
        The root of every random number in the job.
    out
        The folder for the results; made if missing.
    force
        Whether results of an earlier run in `out` may be replaced.
    device
        Where the network is trained; None chooses.
    effort
        How much work the fit may take, see `qdiff.fit`.
    use_circuit
        Whether the fit is told the circuit (its noise stays unknown to it). None: where that takes
        seconds, up to 16 qubits of a circuit that is measured once, at its end.
    progress
        Whether to show progress bars on standard error.
    command
        What to type to repeat the job; stated in the report.
    pictures
        ``"png"`` or ``"svg"``: also save each picture of the report beside it.
    """

    circuit: QuantumCircuit | str | Path
    noise: NoiseSpec | str | None = None
    shots: int = 10_000
    seed: int = 0
    out: Path = Path("runs/run")
    force: bool = False
    device: str | None = None
    effort: str = "default"
    use_circuit: bool | None = None
    progress: bool = False
    command: str = ""
    pictures: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.shots, bool) or not isinstance(self.shots, int) or self.shots < 1:
            raise InputError(f"shots must be a positive whole number, got {self.shots!r}")
        if self.seed < 0:
            raise InputError(f"seed must not be negative, got {self.seed}")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What `run` found. The comparisons are None when there is no reference, and `notes` says why.

    Notes also say why the fit was not told the circuit where nothing was said about that.

    `surrogate` compares the model's exact law with the reference, `samples` its drawn shots, and
    `parts` the law of each part of the model alone, and `without_circuit` what the same shots give
    without the circuit, where the fit was told one and used it.
    """

    model: Surrogate
    surrogate: Comparison | None = None
    samples: Comparison | None = None
    parts: Mapping[str, Comparison] = field(default_factory=dict)
    without_circuit: Comparison | None = None
    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()

    @property
    def laws(self) -> dict[str, Comparison]:
        """The exact laws that were compared, the one to use first, by what they were fitted to."""
        if self.surrogate is None:
            return {}
        if self.without_circuit is None:
            return {FROM_SHOTS: self.surrogate}
        return {TOLD: self.surrogate, FROM_SHOTS: self.without_circuit}

    def to_dict(self) -> dict[str, Any]:
        """Everything but the model, as JSON."""
        plain = self.without_circuit
        return {
            "surrogate": None if self.surrogate is None else self.surrogate.to_dict(),
            "samples": None if self.samples is None else self.samples.to_dict(),
            "parts": {name: found.to_dict() for name, found in self.parts.items()},
            **({} if plain is None else {"without_circuit": plain.to_dict()}),
            "heldout": self.model.card["heldout"],
            "weights": self.model.card["weights"],
            "seconds": dict(self.seconds),
            "notes": list(self.notes),
        }
