"""Which surrogate stands for a circuit."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from qiskit import QuantumCircuit

from qdiff.data.argument_checks import shown
from qdiff.errors import InputError, MatchWarning
from qdiff.models.surrogate.surrogate import Surrogate
from qdiff.primitives.family import Family, Values, check_bits
from qdiff.simulation.fingerprint.fingerprint import (
    Fingerprint,
    fingerprint,
    parameters_by_use,
    structure_hash,
    two_qubit_gates,
    with_named_values,
)
from qdiff.simulation.fingerprint.sketch import sketch

MemberAt: TypeAlias = Callable[[Values], Surrogate]
"""The surrogate of a parametrised circuit at given values, as a `FamilySurrogate` is too."""

Entry: TypeAlias = Surrogate | Family | tuple[QuantumCircuit, Surrogate | MemberAt]
"""A surrogate that knows its circuit, a family, or a circuit and its surrogate."""

_MANY_TIMES = 2.5
"""Copies whose two-qubit gates differ by this factor are warned of: routing seldom needs more."""


class Match(StrEnum):
    """What must agree for a circuit to be known.

    ``LAW`` takes a circuit of equal structure or of equal ideal law (any correct transpilation);
    ``STRUCTURE`` only the former, so that a folded circuit, say, counts as another one.
    """

    LAW = "law"
    STRUCTURE = "structure"


@dataclass(frozen=True, kw_only=True)
class Found:
    """A surrogate, and how it was found (by ``"structure"``, by ``"law"``) or made."""

    surrogate: Surrogate
    matched_by: str


@dataclass(frozen=True, kw_only=True)
class FoundFamily:
    """A family surrogate, what it was recognised by, and its names of the circuit's parameters."""

    at: MemberAt
    matched_by: str
    names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class _Known:
    surrogate: Surrogate | MemberAt
    fingerprint: Fingerprint
    parameters: frozenset[str] = frozenset()
    by_use: tuple[str, ...] = ()
    renamed: str = ""  # the structure with parameters called by their order of use


class Catalogue:
    """Circuits and their surrogates.

    A surrogate fitted to shots that `qdiff.simulate` drew knows its circuit; any other is given
    with it, as ``(circuit, surrogate)``. A parametrised circuit is given with a function from the
    values of its parameters, by name, to a surrogate.

    Raises `InputError` for a surrogate that does not know its circuit or has another number of
    bits.
    """

    def __init__(self, entries: Entry | Iterable[Entry] = (), *, match: Match | str) -> None:
        if not isinstance(match, str) or match not in list(Match):
            raise InputError(f"match must be 'law' or 'structure', got {shown(match)}")
        self._by_law = match == Match.LAW
        self._known: list[_Known] = []
        self._memo: dict[tuple[str, int], Found] = {}
        single = isinstance(entries, Surrogate | Family) or _is_pair(entries)
        if not single and not isinstance(entries, Iterable):
            raise _no_entry(entries)
        for entry in [entries] if single else entries:  # type: ignore[union-attr]
            self.add(entry)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self._known)

    @property
    def num_bits(self) -> int:
        """The most classical bits that a known circuit has."""
        return max((known.fingerprint.num_bits for known in self._known), default=0)

    def add(self, entry: Entry) -> None:
        """Take one more surrogate; later ones win over earlier ones of the same circuit."""
        known = _known(entry)
        if isinstance(known.surrogate, Surrogate):
            check_bits(known.surrogate, known.fingerprint.num_bits)
        self._known = [known, *self._known]  # replaced, so that other threads keep what they read
        self._memo = {}

    def find(self, circuit: QuantumCircuit) -> Found | None:
        """The surrogate of a circuit without free parameters, or None."""
        key = (structure_hash(circuit), circuit.num_clbits)
        memo = self._memo  # read before the search: what is found is forgotten with it
        found = memo.get(key)
        if found is None:
            known, by = self._search(circuit, key[0], frozenset())
            if known is None or not isinstance(known.surrogate, Surrogate):
                return None
            found = memo[key] = Found(surrogate=known.surrogate, matched_by=by)
        return found

    def find_family(self, template: QuantumCircuit) -> FoundFamily | None:
        """The family surrogate of a parametrised circuit, whose parameters may be renamed."""
        names = frozenset(item.name for item in template.parameters)
        bound = with_named_values(template)
        known, by = self._search(bound, structure_hash(bound), names)
        if known is not None and not isinstance(known.surrogate, Surrogate):
            same = {name: name for name in names}
            return FoundFamily(at=known.surrogate, matched_by=by, names=same)
        by_use, renamed = _renamed(template)
        for known in self._known:
            if renamed and known.renamed == renamed and not isinstance(known.surrogate, Surrogate):
                return FoundFamily(
                    at=known.surrogate,
                    matched_by="structure",
                    names=dict(zip(by_use, known.by_use, strict=True)),
                )
        return None

    def _search(
        self, circuit: QuantumCircuit, structure: str, names: frozenset[str]
    ) -> tuple[_Known | None, str]:
        rest = [
            known
            for known in self._known
            if known.fingerprint.num_bits == circuit.num_clbits and known.parameters == names
        ]
        for known in rest:
            if known.fingerprint.structure == structure:
                return known, "structure"
        if self._by_law and any(known.fingerprint.sketch for known in rest):
            mine = Fingerprint(
                num_bits=circuit.num_clbits,
                structure=structure,
                sketch=sketch(circuit),
                two_qubit_gates=two_qubit_gates(circuit),
            )
            for known in rest:
                if known.fingerprint.same_law(mine):
                    _warn_of_other_noise(mine, known.fingerprint)
                    return known, "law"
        return None, ""


def _known(entry: Any) -> _Known:
    if isinstance(entry, Surrogate):
        return _Known(surrogate=entry, fingerprint=_own_fingerprint(entry))
    if isinstance(entry, Family):
        entry = (entry.template, entry)
    if not _is_pair(entry):
        raise _no_entry(entry)
    circuit, surrogate = entry
    names = frozenset(item.name for item in circuit.parameters)
    if isinstance(surrogate, Surrogate) and names:
        raise InputError(
            f"circuit {circuit.name!r} has free parameters {sorted(names)}: bind them, or give a "
            "function from their values to a surrogate"
        )
    if not isinstance(surrogate, Surrogate) and not (callable(surrogate) and names):
        raise InputError(f"{type(surrogate).__name__} is no surrogate of circuit {circuit.name!r}")
    by_use, renamed = _renamed(circuit) if names else ((), "")
    return _Known(
        surrogate=surrogate,
        fingerprint=fingerprint(circuit),
        parameters=names,
        by_use=by_use,
        renamed=renamed,
    )


def _no_entry(entry: object) -> InputError:
    return InputError(
        f"expected a surrogate or a pair (circuit, surrogate), got {type(entry).__name__}"
    )


def _renamed(template: QuantumCircuit) -> tuple[tuple[str, ...], str]:
    """The parameters by first use, and the structure when they are called by that order."""
    by_use = parameters_by_use(template)
    if set(by_use) != {item.name for item in template.parameters}:
        return by_use, ""  # some occur in the global phase or inside blocks only
    names = {name: str(place) for place, name in enumerate(by_use)}
    bound = with_named_values(template, names)
    return by_use, f"{template.num_clbits} {structure_hash(bound)}"


def _own_fingerprint(surrogate: Surrogate) -> Fingerprint:
    stated = surrogate.card.get("trained_on", {}).get("fingerprint")
    if stated is None:
        raise InputError(
            "this surrogate does not say which circuit it stands for; give (circuit, surrogate)"
        )
    return replace(Fingerprint.from_dict(stated), num_bits=surrogate.num_bits)


def _is_pair(entry: Any) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], QuantumCircuit)


def _warn_of_other_noise(mine: Fingerprint, known: Fingerprint) -> None:
    few, many = sorted((mine.two_qubit_gates, known.two_qubit_gates))
    if many > _MANY_TIMES * max(few, 1):
        warnings.warn(
            f"a circuit with {mine.two_qubit_gates} two-qubit gates is taken for the surrogate's, "
            f"which has {known.two_qubit_gates} and the same ideal law; a device's noise would "
            "differ. match='structure' refuses it",
            MatchWarning,
            stacklevel=5,
        )
