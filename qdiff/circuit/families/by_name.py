"""Circuit families at any size, from Python and from text such as ``"qaoa:12,seed=3"``.

Each family is one function that takes the number of qubits and returns a measured circuit of
standard gates; its docstring gives the formula and the source. Random families take `seed`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import get_type_hints

from qiskit.circuit import QuantumCircuit

from qdiff.circuit.families.algorithms import adder, amplitude, bv, phase, qft
from qdiff.circuit.families.dynamics import heisenberg, ising, xy
from qdiff.circuit.families.random_circuits import brickwork, clifford, iqp
from qdiff.circuit.families.states import ghz, graph, steane, w
from qdiff.circuit.families.variational import ansatz, qaoa
from qdiff.errors import InputError

Family = Callable[..., QuantumCircuit]

_ALL: tuple[Family, ...] = (
    *(adder, amplitude, ansatz, brickwork, bv, clifford, ghz, graph, heisenberg, iqp),
    *(ising, phase, qaoa, qft, steane, w, xy),
)

FAMILIES: Mapping[str, Family] = {family.__name__: family for family in _ALL}


def is_family(text: str) -> bool:
    """Whether a text starts with a family's name, alone or before a colon."""
    return text.partition(":")[0].strip() in FAMILIES


def build(text: str) -> QuantumCircuit:
    """The circuit that ``"name:size"`` or ``"name:size,key=value,..."`` describes.

    Keys are the keyword parameters of the family's function. Raises `InputError` for an unknown
    name or key, a value of the wrong type, and a size that the family does not have.

    >>> build("brickwork:6,depth=2,seed=1").num_qubits
    6
    """
    name, _, rest = (part.strip() for part in text.partition(":"))
    if name not in FAMILIES:
        raise InputError(f"unknown circuit family {name!r}; families: {', '.join(FAMILIES)}")
    size, *settings = rest.split(",")
    num_qubits = _convert(size, int, f"{name} needs a size, as in '{name}:10';")
    return FAMILIES[name](num_qubits, **_keywords(name, settings))


def _keywords(name: str, settings: list[str]) -> dict[str, int | float]:
    """Keyword arguments of a family from ``key=value`` texts, typed by its signature."""
    hints, parameters = get_type_hints(FAMILIES[name]), inspect.signature(FAMILIES[name]).parameters
    types = {p.name: hints[p.name] for p in parameters.values() if p.kind is p.KEYWORD_ONLY}
    keywords: dict[str, int | float] = {}
    for setting in settings:
        key, _, value = (part.strip() for part in setting.partition("="))
        if key not in types:
            known = ", ".join(types) or "none"
            raise InputError(f"{name} has no option {key!r}; its options: {known}")
        if key in keywords:
            raise InputError(f"{name} is given {key!r} twice")
        keywords[key] = _convert(value, types[key], f"{name}: {key} is {types[key].__name__},")
    return keywords


def _convert(value: str, kind: type[int] | type[float], wanted: str) -> int | float:
    try:
        return kind(value)
    except ValueError:
        raise InputError(f"{wanted} got {value[:40]!r}") from None
