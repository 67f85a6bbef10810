"""`NoiseSpec`: what the noise of a device is, in a dozen numbers. No Qiskit here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from qdiff.errors import InputError
from qdiff.noise.checks import (
    check_numbers,
    check_size,
    check_texts,
    check_times,
    sorted_edges,
    sorted_qubits,
)

if TYPE_CHECKING:
    from qdiff.noise.attach import NoisyCircuit

_T = TypeVar("_T")

Readout = tuple[float, float]
"""``(P(read 1 | 0), P(read 0 | 1))``."""

Edge = tuple[int, int]
"""Two qubits, the smaller first; what it says holds for both directions of a gate."""


@dataclass(frozen=True, kw_only=True)
class QubitNoise:
    """What differs on one qubit; None means as elsewhere. Fields as in `NoiseSpec`."""

    p1: float | None = None
    over_rotation: float | None = None
    t1: float | None = None
    t2: float | None = None
    time1: float | None = None
    readout: Readout | None = None

    def __post_init__(self) -> None:
        check_numbers(self)


@dataclass(frozen=True, kw_only=True)
class EdgeNoise:
    """What differs for gates on one pair of qubits; None means as elsewhere."""

    p2: float | None = None
    over_rotation: float | None = None
    time2: float | None = None

    def __post_init__(self) -> None:
        check_numbers(self)


@dataclass(frozen=True)
class Relaxation:
    """T1/T2 relaxation of one qubit for a time, all in seconds."""

    t1: float
    t2: float
    time: float


@dataclass(frozen=True)
class GateNoise:
    """The noise of one gate on given qubits: what `NoiseSpec.on_gate` resolves to."""

    depolarizing: float = 0.0
    over_rotation: float = 0.0
    relaxation: tuple[Relaxation, ...] = ()

    @property
    def is_ideal(self) -> bool:
        return self == GateNoise()


@dataclass(frozen=True, kw_only=True)
class NoiseSpec:
    """The noise of a device: global rates, and what differs per qubit or per pair of qubits.

    Every gate of the circuit as written, whatever its name, is followed by depolarizing noise and
    then by relaxation of each of its qubits; measured bits are flipped by the readout error. Gates
    on three or more qubits are decomposed first. A rate that is None was not given: gates that get
    no noise for that reason are reported by a `NoiseWarning`, a rate of 0 is meant and is not.

    Attributes
    ----------
    p1, p2
        Depolarizing parameter after every one- and two-qubit gate, as in Aer's
        ``depolarizing_error(p, k)``: rho -> (1 - p) rho + p I/2^k. In [0, 1].
    over_rotation
        Relative coherent error: a gate U becomes U^(1 + over_rotation), so that ``rx(a)`` becomes
        ``rx((1 + over_rotation) a)``. In [-1, 1]; see `qdiff.noise.channels.fractional_power`.
    t1, t2
        Relaxation and dephasing times in seconds, T2 <= 2 T1. T2 alone is pure dephasing; T1
        alone means T2 = 2 T1.
    time1, time2
        How long one- and two-qubit gates take, in seconds. Delays take the time they state.
    readout
        ``(P(read 1 | 0), P(read 0 | 1))``; one number means both.
    virtual_gates
        Names of gates that the device does in software: no time, no error.
    num_qubits
        The device's size, when it has one; then only circuits that fit are accepted.
    qubits, edges
        Overrides: ``{3: QubitNoise(p1=...)}`` and ``{(0, 1): EdgeNoise(p2=...)}``.
    name, description
        For people; two specifications that differ only here are equal.

    Raises `InputError` for probabilities outside [0, 1], T2 > 2 T1, negative times and the like.

    >>> spec = NoiseSpec.parse("depolarizing:p1=1e-3,p2=1e-2,readout=0.02/0.03")
    >>> spec.readout, str(spec)
    ((0.02, 0.03), 'depolarizing:p1=0.001,p2=0.01,readout=0.02/0.03')
    """

    name: str = field(default="", compare=False)
    description: str = field(default="", compare=False)
    p1: float | None = None
    p2: float | None = None
    over_rotation: float | None = None
    t1: float | None = None
    t2: float | None = None
    time1: float | None = None
    time2: float | None = None
    readout: Readout | None = None
    virtual_gates: tuple[str, ...] = ()
    num_qubits: int | None = None
    qubits: Mapping[int, QubitNoise] = field(default_factory=dict)
    edges: Mapping[Edge, EdgeNoise] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_texts(self)
        object.__setattr__(self, "virtual_gates", tuple(self.virtual_gates))
        object.__setattr__(self, "qubits", sorted_qubits(self.qubits))
        object.__setattr__(self, "edges", sorted_edges(self.edges))
        check_size(self.num_qubits, self._named_qubits())
        check_times("the noise", self.t1, self.t2)
        for qubit in self.qubits:
            check_times(f"qubit {qubit}", *self.relaxation_times(qubit))

    @classmethod
    def parse(cls, text: str) -> NoiseSpec:
        """From a preset's name, the path of a TOML or JSON file, or the one-line form.

        The one-line form is ``depolarizing:`` followed by ``key=value`` pairs, any of ``p1``,
        ``p2``, ``over_rotation``, ``t1``, ``t2``, ``time1``, ``time2``, ``readout`` (one number,
        or ``a/b``), ``virtual_gates`` (names joined by ``+``) and ``num_qubits``.
        """
        from qdiff.noise import text as form

        return form.parse(text)

    @classmethod
    def load(cls, path: str | Path) -> NoiseSpec:
        """From a TOML or JSON file (see docs/noise.md). Raises `InputError` for any other."""
        from qdiff.noise import text as form

        return form.load(path)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NoiseSpec:
        """From the schema of docs/noise.md as nested mappings. Unknown keys are refused."""
        from qdiff.noise import text as form

        return form.from_dict(data)

    @classmethod
    def from_backend(cls, backend: Any) -> NoiseSpec:
        """From the `Target` of a Qiskit ``BackendV2``; see `qdiff.noise.device`."""
        from qdiff.noise import device

        return device.from_backend(backend)

    def to_dict(self) -> dict[str, Any]:
        """The schema as JSON-ready mappings, only what is set."""
        from qdiff.noise import text as form

        return form.to_dict(self)

    def to_text(self) -> str:
        """The one-line form. Raises `InputError` when there are per-qubit or per-edge rates."""
        from qdiff.noise import text as form

        return form.to_text(self)

    def to_toml(self) -> str:
        """The schema as a TOML document, which `load` reads."""
        from qdiff.noise import text as form

        return form.to_toml(self)

    def to_json(self) -> str:
        """The schema as a JSON document, which `load` reads."""
        from qdiff.noise import text as form

        return form.to_json(self)

    def to_aer(self, circuit: Any) -> NoisyCircuit:
        """`circuit` with every noisy gate labelled, and the Aer ``NoiseModel`` of those labels.

        Run them together: ``AerSimulator(noise_model=noisy.model).run(noisy.circuit)``.
        """
        from qdiff.noise.attach import prepare

        return prepare(circuit, self)

    def __str__(self) -> str:
        """The one-line form, or what there is beyond it in brief."""
        if not self.qubits and not self.edges:
            return self.to_text()
        return f"{self.name or 'noise'} ({len(self.qubits)} qubits, {len(self.edges)} edges)"

    def relaxation_times(self, qubit: int) -> tuple[float | None, float | None]:
        """(T1, T2) of a qubit in seconds, as given; None where nothing was."""
        own = self.qubits.get(qubit, _AS_ELSEWHERE)
        return _first(own.t1, self.t1), _first(own.t2, self.t2)

    def readout_of(self, qubit: int) -> Readout:
        """``(P(1|0), P(0|1))`` of a qubit."""
        return _first(self.qubits.get(qubit, _AS_ELSEWHERE).readout, self.readout) or (0.0, 0.0)

    def relaxation(self, qubit: int, time: float) -> tuple[Relaxation, ...]:
        """Relaxation of `qubit` for `time` seconds; empty when there is none."""
        t1, t2 = self.relaxation_times(qubit)
        if time == 0 or (t1 is None and t2 is None):
            return ()
        t1 = math.inf if t1 is None else t1
        t2 = 2 * t1 if t2 is None else t2
        return () if math.isinf(t1) and math.isinf(t2) else (Relaxation(t1, t2, time),)

    def on_gate(self, name: str, qubits: tuple[int, ...]) -> tuple[GateNoise, bool]:
        """The noise of a gate on one or two qubits, and whether a rate for it was given.

        A relaxation without effect stands for the qubit of a pair that does not relax.
        """
        if name in self.virtual_gates:
            return GateNoise(), True
        rate, over_rotation, time = self._rates(qubits)
        relaxation = tuple(self.relaxation(qubit, time or 0.0) for qubit in qubits)
        if any(relaxation):
            still = Relaxation(math.inf, math.inf, 0.0)
            flat = tuple(own[0] if own else still for own in relaxation)
        else:
            flat = ()
        return GateNoise(rate or 0.0, over_rotation or 0.0, flat), rate is not None

    def check_fits(self, num_qubits: int) -> None:
        """Raise `InputError` when a circuit of `num_qubits` and this noise do not go together."""
        if self.num_qubits is not None:
            if num_qubits > self.num_qubits:
                raise InputError(
                    f"the circuit has {num_qubits} qubits but the noise describes "
                    f"{self.num_qubits}; use a smaller circuit or another noise"
                )
            return
        named = self._named_qubits()
        if named and max(named) >= num_qubits:
            raise InputError(
                f"the noise names qubit {max(named)} but the circuit has qubits 0 to "
                f"{num_qubits - 1}; correct the index, or state the device's num_qubits"
            )

    def _named_qubits(self) -> list[int]:
        return [*self.qubits, *(qubit for edge in self.edges for qubit in edge)]

    def _rates(self, qubits: tuple[int, ...]) -> tuple[float | None, float | None, float | None]:
        if len(qubits) == 1:
            own = self.qubits.get(qubits[0], _AS_ELSEWHERE)
            given = (own.p1, own.over_rotation, own.time1)
            usual = (self.p1, self.over_rotation, self.time1)
        else:
            pair = self.edges.get((min(qubits), max(qubits)), EdgeNoise())
            given = (pair.p2, pair.over_rotation, pair.time2)
            usual = (self.p2, self.over_rotation, self.time2)
        rate, over_rotation, time = (_first(a, b) for a, b in zip(given, usual, strict=True))
        return rate, over_rotation, time


def _first(own: _T | None, usual: _T | None) -> _T | None:
    return usual if own is None else own


_AS_ELSEWHERE = QubitNoise()
