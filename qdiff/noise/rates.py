"""The rates of a device's noise, and what they mean for one gate. No Qiskit here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from qdiff.data.argument_checks import check_is, check_list, check_number, check_whole
from qdiff.errors import InputError
from qdiff.noise.checks import (
    check_numbers,
    check_size,
    check_texts,
    check_times,
    sorted_edges,
    sorted_qubits,
)

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
    """The noise of one gate on given qubits: what `NoiseRates.on_gate` resolves to."""

    depolarizing: float = 0.0
    over_rotation: float = 0.0
    relaxation: tuple[Relaxation, ...] = ()

    @property
    def is_ideal(self) -> bool:
        return self == GateNoise()


@dataclass(frozen=True, kw_only=True)
class NoiseRates:
    """The numbers of a `qdiff.NoiseSpec`, whose attributes are described there.

    Presets and whatever reads noise make these; `NoiseSpec` knows them all, and adds the forms.

    Raises `InputError` for probabilities outside [0, 1], T2 > 2 T1, negative times and the like.
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

    def relaxation_times(self, qubit: int) -> tuple[float | None, float | None]:
        """(T1, T2) of a qubit in seconds, as given; None where nothing was."""
        own = self.qubits.get(check_whole(qubit, "qubit", least=0), _AS_ELSEWHERE)
        return _first(own.t1, self.t1), _first(own.t2, self.t2)

    def readout_of(self, qubit: int) -> Readout:
        """``(P(1|0), P(0|1))`` of a qubit."""
        own = self.qubits.get(check_whole(qubit, "qubit", least=0), _AS_ELSEWHERE)
        return _first(own.readout, self.readout) or (0.0, 0.0)

    def relaxation(self, qubit: int, time: float) -> tuple[Relaxation, ...]:
        """Relaxation of `qubit` for `time` seconds; empty when there is none."""
        t1, t2 = self.relaxation_times(qubit)
        time = check_number(time, "time")
        if time == 0 or (t1 is None and t2 is None):
            return ()
        t1 = math.inf if t1 is None else t1
        t2 = 2 * t1 if t2 is None else t2
        return () if math.isinf(t1) and math.isinf(t2) else (Relaxation(t1, t2, time),)

    def on_gate(self, name: str, qubits: tuple[int, ...]) -> tuple[GateNoise, bool]:
        """The noise of a gate on one or two qubits, and whether a rate for it was given.

        A relaxation without effect stands for the qubit of a pair that does not relax.
        """
        check_is(name, str, "name")
        qubits = tuple(
            check_whole(qubit, "qubit", least=0) for qubit in check_list(qubits, "qubits")
        )
        if len(qubits) not in (1, 2):
            raise InputError(f"qubits must be one or two, got {qubits}")
        if name in self.virtual_gates:
            return GateNoise(), True
        rate, over_rotation, time = self._rates(qubits)
        relaxation = tuple(self.relaxation(qubit, time or 0.0) for qubit in qubits)
        still = Relaxation(math.inf, math.inf, 0.0)
        flat = tuple(own[0] if own else still for own in relaxation) if any(relaxation) else ()
        return GateNoise(rate or 0.0, over_rotation or 0.0, flat), rate is not None

    def check_fits(self, num_qubits: int) -> None:
        """Raise `InputError` when a circuit of `num_qubits` and this noise do not go together."""
        check_whole(num_qubits, "num_qubits")
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
