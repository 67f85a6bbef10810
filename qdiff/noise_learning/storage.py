"""How learned noise is kept in a file: numbers and JSON, checked before anything is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qdiff.data import storage
from qdiff.data.argument_checks import is_number
from qdiff.errors import InputError
from qdiff.noise.spec import NoiseSpec
from qdiff.noise_learning.numbers import DEPHASE, QUBITS, Number
from qdiff.noise_learning.posterior import Posterior
from qdiff.noise_learning.prior import DevicePrior

_OF_EARLIER_VERSIONS = "phase1"
"""Phase errors beyond resets; with another prior, so that another name alone would not do."""


def write(
    path: str | Path, known: Posterior, lessons: Sequence[Mapping[str, Any]], *, force: bool
) -> None:
    """One safetensors file. An existing `path` is refused unless `force`."""
    prior = known.prior
    metadata = {
        "parameters": [[number.kind, list(number.qubits)] for number in known.parameters],
        "prior": {
            "start": None if prior.start is None else prior.start.to_dict(),
            "rate_spread": prior.rate_spread,
            "readout_spread": prior.readout_spread,
            "pair_flips": prior.pair_flips,
            "turns": prior.turns,
            "one_qubit_time": prior.one_qubit_time,
        },
        "lessons": list(lessons),
    }
    tensors = {"mean": known.mean, "precision": known.precision}
    storage.write(path, storage.Kind.NOISE, tensors, metadata, force=force)


def read(path: str | Path) -> tuple[Posterior, tuple[dict[str, Any], ...]]:
    """Read what `write` wrote. Raises `InputError` for any other or damaged file."""
    content = storage.read(path, storage.Kind.NOISE)
    mean = content.array("mean", np.float64, ndim=1)
    precision = content.array("precision", np.float64, ndim=2)
    if precision.shape != (len(mean), len(mean)):
        raise content.damaged(f"{precision.shape} is no precision of {len(mean)} numbers")
    if not np.allclose(precision, precision.T) or not _is_positive(precision):
        raise content.damaged("its precision is not that of a normal law")
    lessons = content.metadata.get("lessons")
    if not isinstance(lessons, list) or not all(map(_is_lesson, lessons)):
        raise content.damaged("it does not say what its noise was learned from")
    with content.blamed("learned noise"):
        parameters = _parameters(content.metadata.get("parameters"), len(mean))
        prior = _prior(content.json_object("prior"))
        known = Posterior(prior=prior, parameters=parameters, mean=mean, precision=precision)
    return known, tuple(lessons)


def _parameters(listed: object, size: int) -> tuple[Number, ...]:
    if isinstance(listed, list) and [_OF_EARLIER_VERSIONS, []] in listed:
        raise InputError(
            f"it has {_OF_EARLIER_VERSIONS} of an earlier version, in place of which {DEPHASE} is "
            "learned now; learn the noise anew"
        )
    if not isinstance(listed, list) or len(listed) != size or not all(map(_is_number, listed)):
        raise InputError(f"it does not name {size} numbers")
    numbers = tuple(Number(kind, tuple(qubits)) for kind, qubits in listed)
    if len(set(numbers)) != size:
        raise InputError("it names a number twice")
    return numbers


def _prior(described: Mapping[str, Any]) -> DevicePrior:
    start = described.get("start")
    values = {key: value for key, value in described.items() if key != "start"}
    return DevicePrior(start=None if start is None else NoiseSpec.from_dict(start), **values)


def _is_number(entry: object) -> bool:
    """Whether `entry` is a kind and as many qubits as it has, or none."""
    if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[1], list):
        return False
    kind, qubits = entry
    if not isinstance(kind, str) or not all(type(q) is int and q >= 0 for q in qubits):
        return False
    return kind in QUBITS and len(qubits) in (0, QUBITS[kind]) and len(set(qubits)) == len(qubits)


def _is_lesson(entry: object) -> bool:
    """Whether `entry` says of each circuit how well it is fitted and predicted."""
    if not isinstance(entry, dict) or not isinstance(entry.get("predicted_from"), str):
        return False
    rows = entry.get("circuits")
    return isinstance(rows, list) and all(map(_is_row, rows))


def _is_row(row: object) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("circuit"), str):
        return False
    agreements = (row.get("predicted"), row.get("fitted"))
    return (
        isinstance(row.get("num_shots"), int)
        and all(map(_is_agreement, agreements))
        and _are_p_values(row.get("p_values", {}))
    )


def _is_agreement(entry: object) -> bool:
    names = ("excess", "standard_error", "p_value")
    return isinstance(entry, dict) and all(isinstance(entry.get(n), int | float) for n in names)


def _are_p_values(entry: object) -> bool:
    return isinstance(entry, dict) and all(map(_is_p_value, entry.values()))


def _is_p_value(entry: object) -> bool:
    return entry is None or (is_number(entry) and 0 <= entry <= 1)


def _is_positive(matrix: Any) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True
