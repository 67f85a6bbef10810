"""Results of Amazon Braket, Cirq, IonQ and Quantinuum as JSON, each by its own convention.

docs/files.md says them with their sources.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data import count_keys
from qdiff.data.bits import Bits
from qdiff.data.distribution import Distribution
from qdiff.data.registers import Register
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.files.counts_json import read_keyed
from qdiff.files.hints import Hints
from qdiff.files.key_styles import check_lengths
from qdiff.files.limits import check_size
from qdiff.files.weights import from_weights

Reader = Callable[[Mapping[str, Any], Hints], Shots | Distribution]


def vendor_reader(value: Any) -> Reader | None:
    """Who can read parsed JSON, by the marks of the vendors; None for anything else."""
    if not isinstance(value, dict):
        return None
    if "braketSchemaHeader" in value:
        return _read_braket
    if value.get("cirq_type") in ("ResultDict", "Result"):
        return _read_cirq
    if isinstance(value.get("histogram"), dict):
        return _read_ionq
    results = value.get("results")
    if isinstance(results, dict) and results and all(isinstance(s, list) for s in results.values()):
        return _read_quantinuum
    return None


def _read_braket(value: Mapping[str, Any], hints: Hints) -> Shots | Distribution:
    """Rows of measured qubits, the first of ``measuredQubits`` leftmost: it becomes bit 0."""
    _refuse_order(hints, "Braket")
    rows, qubits = value.get("measurements"), value.get("measuredQubits")
    if rows:
        table = _table(rows)
        if isinstance(qubits, list) and len(qubits) != table.shape[1]:
            raise InputError("the Braket result is damaged: its measured qubits are not its bits")
        return Shots.from_bits(table, registers=hints.registers_for(table.shape[1]))
    probabilities, about = value.get("measurementProbabilities"), value.get("taskMetadata")
    if not isinstance(probabilities, dict) or not probabilities:
        raise InputError("the Braket result has no measurements; run it with shots")
    shots = about.get("shots") if isinstance(about, dict) else None
    if hints.shots is None and not hints.project and isinstance(shots, int) and shots > 0:
        hints = replace(hints, shots=shots)
    check_lengths([*probabilities], hints)
    return read_keyed(probabilities, replace(hints, bit0="left"))


def _read_cirq(value: Mapping[str, Any], hints: Hints) -> Shots:
    """A register a measurement key: hexadecimal bytes of bits, first bit highest, row by row."""
    _refuse_order(hints, "Cirq")
    records = value.get("records", value.get("measurements"))
    if not isinstance(records, dict) or not records:
        raise InputError("the Cirq result has no records")
    return _joined({name: _cirq_bits(record) for name, record in records.items()}, hints)


def _cirq_bits(record: Any) -> Bits:
    if not isinstance(record, dict) or record.get("binary") is not True:
        raise InputError("a record of the Cirq result holds no packed bits; qudits are not read")
    shape, digits = record.get("shape"), record.get("packed_digits")
    if not isinstance(shape, list) or not isinstance(digits, str) or len(shape) not in (2, 3):
        raise InputError("a record of the Cirq result is damaged")
    if not all(type(size) is int and size > 0 for size in shape):
        raise InputError("a record of the Cirq result is damaged")
    if len(shape) == 3 and shape[1] != 1:
        raise InputError(f"a key of the Cirq result is measured {str(shape[1])[:20]} times a shot")
    check_size(shape[0], shape[-1])
    try:
        packed = np.frombuffer(binascii.unhexlify(digits), dtype=np.uint8)
    except (binascii.Error, ValueError):
        raise InputError("a record of the Cirq result is no hexadecimal text") from None
    size = shape[0] * shape[-1]
    if len(packed) != -(-size // 8):
        raise InputError("a record of the Cirq result has another size than it declares")
    return np.unpackbits(packed, count=size).reshape(shape[0], shape[-1])


def _read_ionq(value: Mapping[str, Any], hints: Hints) -> Shots | Distribution:
    """Whole numbers whose lowest bit is qubit 0, and probabilities; ``qubits`` is the width."""
    _refuse_order(hints, "IonQ")
    qubits = value.get("qubits")
    if hints.width is None and type(qubits) is int:
        hints = replace(hints, num_bits=qubits)
    weights: dict[int, Any] = {}
    for key, weight in value["histogram"].items():
        if not (key.isascii() and key.isdigit() and len(key) < 4300):
            raise InputError(f"a key of the IonQ histogram is no whole number: {key[:40]!r}")
        if int(key) in weights:
            raise InputError("two keys are the same outcome")
        weights[int(key)] = weight
    shots = value.get("shots")
    if hints.shots is None and not hints.project and type(shots) is int and shots > 0:
        hints = replace(hints, shots=shots)
    if not weights:
        raise InputError("the IonQ histogram is empty")
    return from_weights(weights, hints)


def _read_quantinuum(value: Mapping[str, Any], hints: Hints) -> Shots:
    """A list of strings a register, one a shot, bit 0 rightmost; registers as they are listed."""
    _refuse_order(hints, "Quantinuum")
    return _joined({name: _digits(name, shots) for name, shots in value["results"].items()}, hints)


def _digits(name: str, shots: list[Any]) -> Bits:
    if not shots or not all(isinstance(shot, str) for shot in shots):
        raise InputError(f"register {name[:80]!r} of the result holds no strings of 0 and 1")
    check_size(len(shots), max(1, *map(len, shots)))
    words, sizes = count_keys.parse_keys(shots)
    if len(sizes) != 1:
        raise InputError(f"register {name[:80]!r} has spaces in its digits")
    return bitorder.unpack(words, sizes[0])


def _joined(tables: Mapping[str, Bits], hints: Hints) -> Shots:
    """Shots of several registers measured together, bit 0's first."""
    if len({len(table) for table in tables.values()}) > 1:
        raise InputError("the registers of the result have different numbers of shots")
    num_bits = sum(table.shape[1] for table in tables.values())
    check_size(len(next(iter(tables.values()))), num_bits)
    registers = tuple(Register(name, table.shape[1]) for name, table in tables.items())
    if hints.width is not None:
        registers = hints.registers_for(num_bits)
    return Shots.from_bits(np.concatenate([*tables.values()], axis=1), registers=registers)


def _table(rows: Any) -> Bits:
    if not isinstance(rows, list) or not isinstance(rows[0], list) or not rows[0]:
        raise InputError("the measurements are no rows of 0 and 1")
    width = len(rows[0])
    check_size(len(rows), width)
    if any(not isinstance(row, list) or len(row) != width for row in rows):
        raise InputError("the measurements are no rows of one length")
    if any(type(bit) is not int or bit not in (0, 1) for row in rows for bit in row):
        raise InputError("the measurements are no rows of 0 and 1")
    return np.array(rows, dtype=np.uint8)


def _refuse_order(hints: Hints, vendor: str) -> None:
    if hints.bit0 is not None:
        raise InputError(f"a result of {vendor} says where bit 0 stands; leave out --bit0")
