"""Counts as JSON: Qiskit's dictionaries, with binary, hexadecimal or integer keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qdiff.data.bits import Register
from qdiff.data.distribution import Distribution
from qdiff.data.shots import Shots, registers_to_json
from qdiff.errors import InputError
from qdiff.files.hints import Hints, stated_registers
from qdiff.files.limits import MAX_JSON_MEMORY, check_size
from qdiff.files.quasi import projected_distribution, sums_to_one

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

    Beside ``counts``, ``registers`` (``[["c", 3], ...]``) or ``num_bits`` are read where they are.
    Weights that are no whole numbers are a quasi-distribution, which is refused, or with
    ``hints.project`` projected.
    """
    if isinstance(value, dict) and isinstance(value.get("results"), list):
        value = _of_result(value["results"], hints)
    registers, num_bits = hints.registers, hints.num_bits
    if isinstance(value, dict) and isinstance(value.get("counts"), dict):
        if registers is None and "registers" in value:
            registers = stated_registers(value["registers"])
        if registers is None and num_bits is None and "num_bits" in value:
            num_bits = value["num_bits"]
        value = value["counts"]
    if not isinstance(value, dict) or not value:
        raise InputError("this is JSON, but not counts such as {'01': 7}")
    if registers is not None:
        num_bits = sum(register.size for register in registers)
    counts = _with_whole_keys(value)
    _check_keys(counts, num_bits)
    if _are_quasi([*counts.values()], hints):
        return _quasi(counts, num_bits, hints)
    return Shots.from_counts(counts, num_bits=num_bits, registers=registers)


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
    found: dict[str, Any] = {"counts": counts}
    if sizes:
        found["registers"] = sizes
    elif header.get("memory_slots"):
        found["num_bits"] = header["memory_slots"]
    return found


def choose(values: list[Any], which: int | None, what: str) -> Any:
    """One of several. Raises `InputError` unless it is clear which."""
    if which is None and len(values) == 1:
        return values[0]
    if which is None:
        raise InputError(f"the file holds {len(values)} {what}s; say which with --pub (from 0)")
    if not 0 <= which < len(values):
        raise InputError(f"there is no {what} {which}; the file holds {len(values)}")
    return values[which]


def _with_whole_keys(counts: Mapping[str, Any]) -> dict[Any, Any]:
    """Keys as they are, or as integers when they can be nothing else."""
    keys = [*counts]
    if all(key.isascii() and key.isdigit() for key in keys):
        binary = len({len(key) for key in keys}) == 1 and not any(
            set(key) - {*"01"} for key in keys
        )
        if not binary:
            try:
                return {int(key): weight for key, weight in counts.items()}
            except ValueError:  # Python converts at most 4300 digits
                raise InputError("an integer count key is too long") from None
    return dict(counts)


def _check_keys(counts: Mapping[Any, Any], num_bits: Any) -> None:
    """Refuse a width, stated or seen, that would not fit into memory."""
    if num_bits is not None:
        if isinstance(num_bits, bool) or not isinstance(num_bits, int):
            raise InputError(f"num_bits must be a whole number, got {num_bits!r}")
        check_size(len(counts), num_bits)
    widest = max(len(key) if isinstance(key, str) else 1 for key in counts)
    check_size(len(counts), widest)


def _are_quasi(weights: list[Any], hints: Hints) -> bool:
    """Whether numbers are no counts: negative or broken ones, or if wanted those that sum to 1.

    Raises `InputError` for what is no number, and for a quasi-distribution that is not wanted.
    """
    if any(isinstance(weight, bool) or not isinstance(weight, int | float) for weight in weights):
        raise InputError("counts must be numbers")
    broken = any(isinstance(weight, float) and not weight.is_integer() for weight in weights)
    negative = any(weight < 0 for weight in weights)
    if (broken or negative) and not hints.project:
        raise InputError(
            f"the weights are {'no whole numbers' if broken else 'negative'}: a quasi-distribution "
            "is not a set of shots; --project gives the nearest distribution"
        )
    return broken or negative or (hints.project and sums_to_one(weights))


def _quasi(counts: Mapping[Any, Any], num_bits: int | None, hints: Hints) -> Distribution:
    law = projected_distribution(counts, num_bits)
    named: tuple[Register, ...] = law.registers if hints.registers is None else hints.registers
    return Distribution(probabilities=law.probabilities, registers=named, provenance=law.provenance)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InputError("a key occurs twice")
    return value
