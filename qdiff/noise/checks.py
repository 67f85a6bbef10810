"""What every number of a noise specification must satisfy; `InputError` when it does not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from qdiff.data.argument_checks import check_mapping
from qdiff.errors import InputError

_T = TypeVar("_T")

_PROBABILITIES = ("p1", "p2")
_TIMES = ("time1", "time2")
_COHERENCE_TIMES = ("t1", "t2")


def check_numbers(noise: Any) -> None:
    """Check each numeric field that `noise` has, and store it as floats."""
    for key in (*_PROBABILITIES, *_TIMES, *_COHERENCE_TIMES, "over_rotation"):
        value = getattr(noise, key, None)
        if value is not None:
            object.__setattr__(noise, key, _checked(key, value))
    readout = getattr(noise, "readout", None)
    if readout is not None:
        object.__setattr__(noise, "readout", _checked_readout(readout))


def _checked(key: str, value: Any) -> float:
    number = _number(value)
    if number is None:
        raise InputError(f"{key} must be a number, got {value!r}")
    if key in _PROBABILITIES and not 0 <= number <= 1:
        raise InputError(f"{key}={value!r} is not a probability in [0, 1]")
    if key == "over_rotation" and not -1 <= number <= 1:
        raise InputError(f"over_rotation={value!r} is a relative error and must be in [-1, 1]")
    if key in _TIMES and not 0 <= number < math.inf:
        raise InputError(f"{key}={value!r} must be a time in seconds, not negative")
    if key in _COHERENCE_TIMES and not 0 < number < math.inf:
        raise InputError(f"{key}={value!r} must be a positive, finite time in seconds")
    return number


def _number(value: Any) -> float | None:
    """`value` as a float, or None when it is no number or none that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return None if math.isnan(number) else number


def _checked_readout(value: Any) -> tuple[float, float]:
    pair = (value, value) if isinstance(value, (int, float)) else value
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise InputError(f"readout must be P(1|0) and P(0|1), two numbers or one, got {value!r}")
    numbers = [_number(item) for item in pair]
    for item, number in zip(pair, numbers, strict=True):
        if number is None or not 0 <= number <= 1:
            raise InputError(f"readout={value!r}: {item!r} is not a probability in [0, 1]")
    return float(pair[0]), float(pair[1])


def check_texts(spec: Any) -> None:
    """The name, the description and the names of the virtual gates."""
    for key in ("name", "description"):
        if not isinstance(getattr(spec, key), str):
            raise InputError(f"{key} must be text, got {getattr(spec, key)!r}")
    gates = spec.virtual_gates
    if not isinstance(gates, (tuple, list)) or not all(map(_is_gate_name, gates)):
        raise InputError(f"virtual_gates must be a list of gate names, got {gates!r}")


def _is_gate_name(name: Any) -> bool:
    return isinstance(name, str) and bool(name) and not set(name) & set(",+= ")


def check_times(where: str, t1: float | None, t2: float | None) -> None:
    """T2 <= 2 T1 where both are given."""
    if t1 is not None and t2 is not None and t2 > 2 * t1:
        raise InputError(f"{where} has t2={t2:g} beyond its physical limit 2 t1={2 * t1:g}")


def check_size(size: Any, named: Sequence[int]) -> None:
    """A device's number of qubits, if stated, must cover the `named` ones."""
    if size is None:
        return
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise InputError(f"num_qubits must be a positive whole number, got {size!r}")
    if named and max(named) >= size:
        raise InputError(f"the noise names qubit {max(named)} of a {size}-qubit device")


def sorted_qubits(qubits: Mapping[int, _T]) -> dict[int, _T]:
    """Overrides in order of their qubits."""
    for qubit in check_mapping(qubits, "qubits"):
        _check_index(qubit)
    return {qubit: qubits[qubit] for qubit in sorted(qubits)}


def sorted_edges(edges: Mapping[tuple[int, int], _T]) -> dict[tuple[int, int], _T]:
    """Overrides in order of their pairs, the smaller qubit of each first."""
    found: dict[tuple[int, int], _T] = {}
    for pair, noise in check_mapping(edges, "edges").items():
        if not isinstance(pair, tuple) or len(pair) != 2 or pair[0] == pair[1]:
            raise InputError(f"an edge joins two different qubits, got {pair!r}")
        for qubit in pair:
            _check_index(qubit)
        edge = (min(pair), max(pair))
        if edge in found:
            raise InputError(f"edge {edge[0]}-{edge[1]} is given twice")
        found[edge] = noise
    return {edge: found[edge] for edge in sorted(found)}


def _check_index(qubit: Any) -> None:
    if isinstance(qubit, bool) or not isinstance(qubit, int) or qubit < 0:
        raise InputError(f"a qubit is a whole number from 0, got {qubit!r}")
