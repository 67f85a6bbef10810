"""Counts as JSON: Qiskit's dictionaries, with binary, hexadecimal or integer keys."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qdiff.data.distribution import Distribution
from qdiff.data.registers import registers_to_json
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.files.hints import Hints, stated_registers
from qdiff.files.key_styles import qiskit_keys
from qdiff.files.limits import MAX_JSON_MEMORY
from qdiff.files.weights import from_weights

_BYTES_A_VALUE = 200


def parse_json(raw: bytes) -> Any:
    """JSON in which no key occurs twice, and which does not take too much memory.

    Raises `InputError` for anything else.
    """
    needed = _memory(raw)
    if needed > MAX_JSON_MEMORY:
        raise InputError(
            f"reading its JSON may take {needed / 2**30:.1f} GiB of memory, and the limit is "
            f"{MAX_JSON_MEMORY / 2**30:.1f} GiB; Stim b8, npz and csv have no such limit"
        )
    try:
        return json.loads(raw, object_pairs_hook=_without_repeats)
    except InputError:
        raise
    except RecursionError:
        raise InputError("the JSON is nested too deeply") from None
    except ValueError:
        raise InputError("this is neither a qdiff file nor counts as JSON") from None


def _memory(raw: bytes) -> int:
    """A bound on the bytes that parsing `raw`, and making shots of it, take.

    Its text is held twice (with four bytes a character if one of them needs it), and each value and
    key has its own object, pair and place in a table. Tests measure it.
    """
    values = sum(raw.count(mark) for mark in (b",", b"[", b"{", b":"))
    return len(raw) * (2 if raw.isascii() else 8) + values * _BYTES_A_VALUE


def read_counts(value: Any, hints: Hints) -> Shots | Distribution:
    """Shots from parsed JSON: ``{"01 1": 7}``, that under ``counts``, or a Qiskit ``Result``.

    Beside ``counts``, ``registers`` (``[["c", 3], ...]``), ``num_bits`` or ``memory_slots`` are
    read where they are. A list holds one shot an entry: Qiskit's ``memory``, or rows of bits, whose
    bit 0 stands where ``hints.bit0`` says. Weights that are no counts: see `from_weights`.
    """
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        value = _of_result(value["results"], hints)
    if isinstance(value, dict) and isinstance(value.get("counts"), dict):
        hints = _with_stated_width(value, hints)
        value = value["counts"]
    if isinstance(value, list):
        value = _of_memory(value)
    if not isinstance(value, dict) or not value:
        raise InputError("this is JSON, but not counts such as {'01': 7}")
    return read_keyed(value, hints)


def read_keyed(weights: Mapping[str, Any], hints: Hints) -> Shots | Distribution:
    """Shots, or a distribution where that is asked for, from keys of any style and weights."""
    keys = qiskit_keys([*weights], hints)
    if len({*keys}) != len(keys):
        raise InputError("two keys are the same outcome")
    renamed = dict(zip(keys, weights.values(), strict=True))
    return from_weights(renamed, hints)


def _with_stated_width(document: Mapping[str, Any], hints: Hints) -> Hints:
    """`hints`, with the registers or the number of bits that stand beside counts."""
    if hints.registers is None and "registers" in document:
        return replace(hints, registers=stated_registers(document["registers"]))
    stated = document.get("num_bits", document.get("memory_slots"))
    if hints.width is not None or stated is None:
        return hints
    if isinstance(stated, bool) or not isinstance(stated, int):
        raise InputError(f"num_bits must be a whole number, got {str(stated)[:40]}")
    return replace(hints, num_bits=stated)


def _of_memory(shots: list[Any]) -> dict[str, int]:
    """Counts of a list with one shot an entry."""
    if all(isinstance(shot, str) for shot in shots):
        return dict(Counter(shots))
    if all(isinstance(shot, list) for shot in shots):
        return dict(Counter(map(str, shots)))
    raise InputError("a list of shots holds text such as '01', or rows of bits")


def write_counts(shots: Shots) -> bytes:
    """``{"counts": {...}, "registers": [...]}``: Qiskit's keys, and the names they lose."""
    document = {
        "counts": shots.to_counts(),
        "registers": registers_to_json(shots.registers),
    }
    return (json.dumps(document, indent=1) + "\n").encode()


def _of_result(results: list[Any], hints: Hints) -> dict[str, Any]:
    """The counts and registers of one experiment of ``qiskit.result.Result.to_dict()``."""
    chosen = choose(results, hints.pub, "result")
    try:
        counts, header = chosen["data"]["counts"], chosen.get("header") or {}
        sizes = [[name, size] for name, size in header.get("creg_sizes") or [] if size]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError("a Qiskit result without counts; run it with shots") from None
    slots = header.get("memory_slots")
    # bits outside of registers, or in two of them, leave the keys another width than the registers
    if sizes and slots in (None, sum(size for _, size in sizes)):
        return {"counts": counts, "registers": sizes}
    return {"counts": counts, "memory_slots": slots} if slots else {"counts": counts}


def choose(values: list[Any], which: int | None, what: str) -> Any:
    """One of several. Raises `InputError` unless it is clear which."""
    if which is None and len(values) == 1:
        return values[0]
    if which is None:
        raise InputError(f"the file holds {len(values)} {what}s; say which with --pub (from 0)")
    if not 0 <= which < len(values):
        raise InputError(f"there is no {what} {which}; the file holds {len(values)}")
    return values[which]


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InputError("a key occurs twice")
    return value
