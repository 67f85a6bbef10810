"""The JSON of IBM's runtime (``RuntimeEncoder``), read and written without its package."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.files.bit_arrays import Packed, all_rows, by_register, bytes_of, joined
from qdiff.files.counts_json import choose, read_counts
from qdiff.files.hints import Hints
from qdiff.files.limits import MAX_UNPACKED_BYTES
from qdiff.files.npy import read_npy, write_npy

_MAX_HELD_BYTES = MAX_UNPACKED_BYTES
"""Packed bits of all registers together."""

FORBIDDEN = frozenset(
    {"_RESTRICTED_NAMES", "_SHAPE", "_FIELDS", "_FIELD_TYPES", "_data", "_shape"}
    | {"items", "keys", "ndim", "shape", "size", "values", "self"}
    | {"__class__", "__dict__", "__weakref__"}
)
"""Names that Qiskit's ``DataBin`` takes for no field."""

_RESULTS = ("SamplerPubResult", "PubResult")


def is_runtime(value: Any) -> bool:
    """Whether parsed JSON is an object of `RuntimeEncoder`."""
    return isinstance(value, dict) and "__type__" in value and "__value__" in value


def read_runtime(value: Any, hints: Hints) -> Shots:
    """Shots from a ``PrimitiveResult``, ``PubResult``, ``DataBin``, ``BitArray`` or ``Result``.

    Of several pubs or points of a sweep ``hints.pub`` and ``hints.index`` choose one. Registers
    come in the order of the result's fields, which is that of the circuit.

    Raises `InputError` when the choice is missing or wrong, and for any other or damaged content.
    """
    kind, content = value["__type__"], value["__value__"]
    if kind == "Result":
        found = read_counts(content, hints)
        if isinstance(found, Shots):
            return found
        raise InputError("the result holds a quasi-distribution")
    if kind == "PrimitiveResult":
        pub = choose(_listed(_member(content, "pub_results")), hints.pub, "pub")
        return read_runtime(_typed(pub, _RESULTS), hints)
    if kind in _RESULTS:
        return read_runtime(_typed(_member(content, "data"), ("DataBin",)), hints)
    if kind == "DataBin":
        fields = _member(content, "fields")
        if not isinstance(fields, dict) or not fields:
            raise InputError("the result has no measured registers")
        names = content.get("field_names") or [*fields]
        if not isinstance(names, list) or sorted(map(str, names)) != sorted(fields):
            raise InputError("the result is damaged: its fields have other names")
        if not all(isinstance(name, str) for name in names):
            raise InputError("the result is damaged: its fields have other names")
        parts, held = [], 0
        for name in names:
            parts.append((name, _packed(fields[name], hints)))
            held += parts[-1][1].table.nbytes
            if held > _MAX_HELD_BYTES:  # each register alone may be within its limit
                raise InputError("the result holds more shots than can be read")
        return joined(parts, {"source": "runtime job"})
    if kind == "BitArray":
        return joined([("c", _packed(value, hints))], {"source": "runtime job"})
    raise InputError(f"a runtime object of type {str(kind)[:40]!r} holds no shots")


def write_runtime(shots: Shots) -> bytes:
    """A ``PrimitiveResult`` of one pub, as ``RuntimeDecoder`` reads it.

    Raises `InputError` for registers of a name that it could not give to Qiskit's ``DataBin``.
    """
    forbidden = [register.name for register in shots.registers if register.name in FORBIDDEN]
    if forbidden:
        raise InputError(
            f"a runtime job has no register called {forbidden[0]!r}: Qiskit's DataBin keeps that "
            "name for itself; rename it, or write another format"
        )
    fields = {
        name: _object("BitArray", {"array": _encoded(bytes_of(rows)), "num_bits": rows.shape[1]})
        for name, rows in by_register(shots, all_rows(shots)).items()
    }
    data = _object("DataBin", {"field_names": [*fields], "shape": [], "fields": fields})
    pub = _object("SamplerPubResult", {"data": data, "metadata": {"shots": shots.num_shots}})
    result = _object("PrimitiveResult", {"pub_results": [pub], "metadata": {"version": 2}})
    return (json.dumps(result) + "\n").encode()


def _packed(value: Any, hints: Hints) -> Packed:
    content = _typed(value, ("BitArray",))["__value__"]
    num_bits = _member(content, "num_bits")
    if isinstance(num_bits, bool) or not isinstance(num_bits, int) or num_bits < 0:
        raise InputError(f"the result is damaged: num_bits is {num_bits!r}")
    array = _decoded(_typed(_member(content, "array"), ("ndarray",))["__value__"])
    if array.ndim < 2:
        raise InputError("the result is damaged: a register is no table of shots")
    table = at_index(array, hints.index)
    return Packed(table=table if table.size == array.size else table.copy(), num_bits=num_bits)


def at_index(array: NDArray[np.uint8], index: tuple[int, ...] | None) -> NDArray[np.uint8]:
    """The table of shots at one point of a sweep; the last two axes are shots and bytes.

    Raises `InputError` unless it is clear which.
    """
    shape = array.shape[:-2]
    if index is None and int(np.prod(shape)) == 1:
        return array.reshape(array.shape[-2:])
    if index is None or len(index) != len(shape):
        raise InputError(f"the result is a sweep of shape {shape}; say which point with --index")
    if not all(0 <= place < size for place, size in zip(index, shape, strict=True)):
        raise InputError(f"index {index} lies outside the sweep of shape {shape}")
    chosen: NDArray[np.uint8] = array[index]
    return chosen


def _encoded(array: NDArray[np.uint8]) -> dict[str, Any]:
    packed = zlib.compress(write_npy(array))
    return _object("ndarray", base64.standard_b64encode(packed).decode())


def _decoded(text: Any) -> NDArray[np.uint8]:
    if not isinstance(text, str):
        raise InputError("the result is damaged: an array is no text")
    try:
        packed = base64.b64decode(text, validate=True)
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(packed, MAX_UNPACKED_BYTES)
    except (binascii.Error, ValueError, zlib.error):
        raise InputError("the result is damaged: an array cannot be unpacked") from None
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise InputError("the result is damaged, or an array in it is too large")
    array = read_npy(raw)
    if array.dtype != np.uint8:
        raise InputError(f"the result is damaged: packed bits of type {array.dtype}")
    return array


def _object(kind: str, value: Any) -> dict[str, Any]:
    return {"__type__": kind, "__value__": value}


def _typed(value: Any, kinds: tuple[str, ...]) -> dict[str, Any]:
    if not is_runtime(value) or value["__type__"] not in kinds:
        raise InputError(f"the result is damaged: expected a {kinds[0]}")
    return value  # type: ignore[no-any-return]


def _member(content: Any, name: str) -> Any:
    if not isinstance(content, dict) or name not in content:
        raise InputError(f"the result is damaged: it has no {name!r}")
    return content[name]


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise InputError("the job has no results")
    return value
