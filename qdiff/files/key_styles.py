"""Keys of counts as programs write them, made Qiskit's: bit 0 rightmost, all of one length."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from qdiff.data.count_keys import MAX_BITS
from qdiff.errors import InputError
from qdiff.files.hints import Hints

_KET = re.compile(r"\|([01]+)(?:>|⟩)")
_TUPLE = re.compile(r"[(\[]\s*[01](?:\s*,\s*[01])*\s*,?\s*[)\]]")
_BITS = frozenset("01 ")

END_NEEDED = "do not say at which end bit 0 stands; give --bit0 left or --bit0 right"


def qiskit_keys(keys: Sequence[str], hints: Hints) -> list[str] | list[int]:
    """Keys that `Shots.from_counts` reads: binary, hexadecimal, or integers.

    Kets and tuples have bit 0 at the end that ``hints.bit0`` names; binary keys have it right
    unless that says left. Binary keys of several lengths have lost leading zeros, or are integers:
    the one that ``hints.width`` leaves possible.

    Raises `InputError` where that is neither or both.

    >>> qiskit_keys(["|01>", "|11>"], Hints(bit0="left"))
    ['10', '11']
    """
    if any(len(key) > 2 * MAX_BITS + 2 for key in keys):
        raise InputError(f"a count key has more characters than {MAX_BITS} bits take")
    if all(map(_KET.fullmatch, keys)):
        return facing([key[1:-1] for key in keys], hints, "kets")
    if all(map(_TUPLE.fullmatch, keys)):
        return facing([re.sub("[^01]", "", key) for key in keys], hints, "tuples")
    if all(_BITS.issuperset(key) for key in keys):
        return facing(_binary(keys, hints), hints)
    if hints.bit0 is not None:
        raise InputError("--bit0 goes with keys of 0 and 1, and these are others")
    if all(key.isascii() and key.isdigit() for key in keys):
        return [_whole(key) for key in keys]
    return [*keys]


def check_lengths(keys: Sequence[str], hints: Hints) -> None:
    """Raise `InputError` unless keys of a program that writes all zeros have one fitting length."""
    widths = {*map(len, keys)} if hints.width is None else {hints.width}
    odd = next((key for key in keys if len(key) not in widths), None)
    if len(widths) > 1 or odd is not None:
        raise InputError("the outcomes are not all of one length, or of another than --bits says")


def facing(keys: Sequence[str], hints: Hints, what: str | None = None) -> list[str]:
    """Keys with bit 0 rightmost. Raises `InputError` where `what` does not say and `hints` neither.

    Where `what` is None it is right, unless `hints` say left.
    """
    if hints.bit0 is None and what is not None:
        raise InputError(f"{what} {END_NEEDED}")
    return [key[::-1] for key in keys] if hints.bit0 == "left" else [*keys]


def _binary(keys: Sequence[str], hints: Hints) -> list[str]:
    """Keys of 0 and 1 with the zeros that they lost."""
    lengths = {*map(len, keys)}
    longest, width = max(lengths), hints.width
    if any(" " in key for key in keys) or not longest:
        return [*keys]
    if width is None and len(lengths) > 1:
        raise InputError(
            "count keys lost leading zeros: give --bits; without it they must be of one length"
        )
    if width is None or longest > width or lengths == {width}:
        return [*keys]
    kept = next((key for key in keys if 1 < len(key) < width and key[0] == "0"), None)
    if kept is not None:
        raise InputError(f"the key {kept[:40]!r} has lost no zeros, and not {width} bits (--bits)")
    if longest > 1 and _may_be_whole(keys, width):
        raise InputError(
            f"the key {max(keys, key=len)[:40]!r} may be binary without its leading zeros, or a "
            f"whole number of {width} bits; write the zeros, or 0x keys"
        )
    return [key.rjust(width, "0") for key in keys]


def _may_be_whole(keys: Sequence[str], num_bits: int) -> bool:
    """Whether digits, read as decimal, are outcomes of that many bits; the zeros say if not."""
    if any(len(key) > 1 and key[0] == "0" for key in keys):
        return False
    longest = max(keys, key=len)
    if (len(longest) - 1) * math.log2(10) >= num_bits:
        return False
    return max(map(_whole, keys)) >> num_bits == 0


def _whole(key: str) -> int:
    try:
        return int(key)
    except ValueError:  # Python converts at most 4300 digits
        raise InputError("an integer count key is too long") from None
