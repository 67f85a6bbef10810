"""Where a device errs, and how: groups of places in a program that share a rate.

Errors come as a Poisson process. Each *group* holds places of one kind on the same qubits; an
error there happens with the group's rate at each of its places:

* `PAULI`: after a gate, one of the 3 or 15 Paulis on its qubits (depolarizing noise);
* `PHASE`: after a gate, Z on one qubit (what dephasing during the gate leaves);
* `RELAX`: after a gate, one qubit falls to 0 (a reset: relaxation and dephasing together).

The rate of a place is its group's rate times the place's weight: phase errors and relaxation grow
with a gate's duration, of which two-qubit gates are given more where nothing is known of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from qdiff.data.bits import Floats
from qdiff.models.noisy_circuit.program import Program, Qubits

TIME_OF_ONE_QUBIT_GATES = 0.4
"""In units of a two-qubit gate's time; superconducting devices have 0.2 to 0.5."""


class ErrorKind(StrEnum):
    """What happens to the qubits of a place."""

    PAULI = "pauli"
    PHASE = "phase"
    RELAX = "relax"


@dataclass(frozen=True, kw_only=True)
class Place:
    """After gate number `gate`, on `qubits`, with a relative rate of `weight`."""

    gate: int
    qubits: Qubits
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class ErrorGroup:
    """Places that share a rate; `shared` names the groups whose rates are alike."""

    kind: ErrorKind
    qubits: Qubits
    places: tuple[Place, ...]

    @property
    def size(self) -> float:
        """The expected number of errors at a rate of 1."""
        return sum(place.weight for place in self.places)

    @property
    def shared(self) -> str:
        """Kind and number of qubits."""
        return f"{self.kind.value}{len(self.qubits)}"


def error_groups(program: Program) -> list[ErrorGroup]:
    """The groups of a program, in a fixed order; a program without noisy gates has none."""
    found: dict[tuple[ErrorKind, Qubits], list[Place]] = defaultdict(list)
    for number, gate in enumerate(program.gates):
        if gate.virtual:
            continue
        pair = tuple(sorted(gate.qubits))
        found[ErrorKind.PAULI, pair].append(Place(gate=number, qubits=gate.qubits))
        usual = 1.0 if len(gate.qubits) == 2 else TIME_OF_ONE_QUBIT_GATES
        time = usual if gate.time is None else gate.time
        for qubit in gate.qubits if time else ():
            for kind in (ErrorKind.PHASE, ErrorKind.RELAX):
                place = Place(gate=number, qubits=(qubit,), weight=time)
                found[kind, (qubit,)].append(place)
    return [
        ErrorGroup(kind=kind, qubits=qubits, places=tuple(places))
        for (kind, qubits), places in sorted(found.items())
    ]


@dataclass(frozen=True, eq=False, kw_only=True)
class History:
    """Errors that happened in one run, in time order.

    Attributes
    ----------
    gates, groups, qubits
        After which gate, from which group, on which qubits.
    paulis
        Which Pauli, ``1 .. 4^k - 1`` in base 4 (the first qubit's digit lowest), 0 where not one.
    uniforms
        What decides the outcome of a reset.
    """

    gates: tuple[int, ...]
    groups: tuple[int, ...]
    qubits: tuple[Qubits, ...]
    paulis: tuple[int, ...]
    uniforms: tuple[float, ...]


def draw_histories(
    groups: Sequence[ErrorGroup],
    shares: Floats,
    number: int,
    errors: int,
    generator: np.random.Generator,
) -> list[History]:
    """`number` histories of exactly `errors` errors each, errors in group ``g`` with ``shares[g]``.

    The first errors are spread evenly over all that can happen (systematic sampling): histories
    with one error come close to having each error as often as its chance says.
    """
    events, chances = _events(groups, shares)
    cumulative = np.cumsum(chances) / chances.sum()
    even = (np.arange(number) + generator.random(number)) / number
    drawn = np.column_stack([even, generator.random((number, errors - 1))])
    picked = np.minimum(np.searchsorted(cumulative, drawn, side="right"), len(events) - 1)
    uniforms = generator.random((number, errors))
    histories = []
    for row, outcomes in zip(picked.tolist(), uniforms.tolist(), strict=True):
        happened = [(*events[index], outcome) for index, outcome in zip(row, outcomes, strict=True)]
        happened.sort(key=lambda event: event[0])
        columns = zip(*happened, strict=True)
        histories.append(History(**dict(zip(_FIELDS, columns, strict=True))))
    return histories


_FIELDS = ("gates", "groups", "qubits", "paulis", "uniforms")
_Event = tuple[int, int, Qubits, int]


def _events(groups: Sequence[ErrorGroup], shares: Floats) -> tuple[list[_Event], Floats]:
    """All that can happen, ``(gate, group, qubits, Pauli)`` in order of time, and its chance."""
    each: list[tuple[_Event, float]] = []
    for number, (group, share) in enumerate(zip(groups, shares, strict=True)):
        is_pauli = group.kind is ErrorKind.PAULI
        codes = range(1, 1 << 2 * len(group.qubits)) if is_pauli else (0,)
        for place in group.places:
            chance = share * place.weight / group.size / len(codes)
            each += [((place.gate, number, place.qubits, code), chance) for code in codes]
    each.sort(key=lambda item: item[0])
    return [event for event, _ in each], np.array([chance for _, chance in each])
