"""Noise as text: the one-line form, TOML and JSON. Every form says the same schema.

What a function here reads or writes is described at the method of `NoiseSpec` of that name.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from qdiff.data import storage
from qdiff.data.source import opened
from qdiff.errors import InputError
from qdiff.noise.rates import Edge, EdgeNoise, NoiseRates, QubitNoise

LINE_PREFIX = "depolarizing:"

_MAX_FILE_BYTES = 16 * 2**20
_SPEC_KEYS = tuple(item.name for item in fields(NoiseRates))
_LINE_KEYS = tuple(
    key for key in _SPEC_KEYS if key not in ("name", "description", "qubits", "edges")
)


def from_line(text: str) -> NoiseRates:
    """What `to_text` writes."""
    values: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text[len(LINE_PREFIX) :].split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in _LINE_KEYS:
            raise InputError(
                f"noise {text!r}: {part!r} is not one of {', '.join(_LINE_KEYS)} = a value"
            )
        if key in values:
            raise InputError(f"noise {text!r} gives {key} twice")
        values[key] = _from_line_value(text, key, value)
    return NoiseRates(**values)


def load(path: str | Path) -> NoiseRates:
    raw = read_file(path, "a noise file")
    try:
        text = raw.decode()
        data = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not a noise file: {storage.one_line(error)}") from None
    try:
        return from_dict(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def read_file(path: str | Path, what: str) -> bytes:
    """The bytes of a file. Raises `InputError` where there is none, or one too long for `what`."""
    with opened(path) as file:
        raw: bytes = file.read(_MAX_FILE_BYTES + 1)
    if len(raw) > _MAX_FILE_BYTES:
        raise InputError(f"{path} is too long for {what}")
    return raw


def from_dict(data: Mapping[str, Any]) -> NoiseRates:
    values = dict(_known(data, _SPEC_KEYS, "the noise"))
    qubits = _table(values.pop("qubits", {}), "qubits")
    edges = _table(values.pop("edges", {}), "edges")
    if len({*map(_qubit, qubits)}) != len(qubits):
        raise InputError("a qubit is given twice, as in '1' and '01'")
    return NoiseRates(
        **_frozen(values),
        qubits={_qubit(key): _override(QubitNoise, key, value) for key, value in qubits.items()},
        edges=_edges(edges),
    )


def to_dict(spec: NoiseRates) -> dict[str, Any]:
    data = _set_fields(spec)
    if spec.qubits:
        data["qubits"] = {str(qubit): _set_fields(noise) for qubit, noise in spec.qubits.items()}
    if spec.edges:
        data["edges"] = {f"{a}-{b}": _set_fields(noise) for (a, b), noise in spec.edges.items()}
    return data


def to_text(spec: NoiseRates) -> str:
    if spec.qubits or spec.edges:
        raise InputError("per-qubit and per-edge noise has no one-line form; use to_toml")
    values = _set_fields(spec)
    pairs = [f"{key}={_line_value(key, values[key])}" for key in _LINE_KEYS if key in values]
    return LINE_PREFIX + ",".join(pairs)


def to_json(spec: NoiseRates) -> str:
    return json.dumps(to_dict(spec), indent=2) + "\n"


def to_toml(spec: NoiseRates) -> str:
    data = to_dict(spec)
    tables = {key: data.pop(key) for key in ("qubits", "edges") if key in data}
    lines = _toml_lines(data)
    for key, table in tables.items():
        for index, values in table.items():
            lines += ["", f"[{key}.{index}]", *_toml_lines(values)]
    return "\n".join(lines) + "\n"


def _from_line_value(text: str, key: str, value: str) -> Any:
    if key == "virtual_gates":
        return tuple(value.split("+"))
    try:
        if key == "num_qubits":
            return int(value)
        if key == "readout":
            return tuple(float(number) for number in (value.split("/") * 2)[:2])
        return float(value)
    except ValueError:
        raise InputError(f"noise {text!r}: {key}={value!r} is not a number") from None


def _line_value(key: str, value: Any) -> str:
    if key == "virtual_gates":
        return "+".join(value)
    return "/".join(map(repr, value)) if key == "readout" else repr(value)


def _set_fields(noise: NoiseRates | QubitNoise | EdgeNoise) -> dict[str, Any]:
    """The fields that say something, tables left out, in JSON's types."""
    values = {item.name: getattr(noise, item.name) for item in fields(noise)}
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in values.items()
        if key not in ("qubits", "edges") and value is not None and value not in ("", ())
    }


def _toml_lines(values: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml_value(value)}" for key, value in values.items()]


def _toml_value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _known(data: Any, keys: tuple[str, ...], where: str) -> Mapping[str, Any]:
    for key in _table(data, where):
        if key not in keys:
            raise InputError(f"unknown key {key!r} in {where}; the keys are {', '.join(keys)}")
    return data  # type: ignore[no-any-return]


def _table(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise InputError(f"{where} must be a table of keys and values, got {data!r}")
    return data


def _frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }


def _override(kind: type[Any], key: str, value: Any) -> Any:
    known = tuple(item.name for item in fields(kind))
    values = _frozen(_known(value, known, f"{key!r}"))
    try:
        return kind(**values)
    except InputError as error:
        raise InputError(f"{key!r}: {error}") from None


def _edges(table: Mapping[str, Any]) -> dict[Edge, EdgeNoise]:
    edges: dict[Edge, EdgeNoise] = {}
    for key, value in table.items():
        a, dash, b = str(key).partition("-")
        if not dash:
            raise InputError(f"an edge is written '0-1', got {key!r}")
        pair = (_qubit(a), _qubit(b))
        if pair in edges or pair[::-1] in edges:
            raise InputError(f"edge {key} is given twice")
        edges[pair] = _override(EdgeNoise, key, value)
    return edges


def _qubit(key: Any) -> int:
    text = str(key)
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"a qubit is a whole number from 0, got {key!r}")
    return int(text)
