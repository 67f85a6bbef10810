"""Numbers and bits as people write them in an option."""

from __future__ import annotations

from collections.abc import Sequence

from qdiff.data.shots import Shots
from qdiff.errors import InputError

_LONGEST = 9  # digits


def places(text: str | None, shots: Shots) -> list[int] | None:
    """Bits from ``"0-3,7"``, or those of registers from their names."""
    if text is None:
        return None
    starts, start = {}, 0
    for register in shots.registers:
        starts[register.name] = range(start, start + register.size)
        start += register.size
    found: list[int] = []
    for part in text.split(","):
        low, dash, high = part.partition("-")
        if part in starts:
            found += starts[part]
        elif _is_number(low) and (not dash or _is_number(high)):
            last = int(high or low)
            found += range(int(low), min(last, max(int(low), shots.num_bits)) + 1)
        else:
            raise InputError(
                f"--only must look like 0-3,7 or name registers ({', '.join(starts)[:100]}), "
                f"got {text!r}"
            )
    return found


def numbers(text: str, option: str) -> list[int]:
    """Whole numbers from ``"5,4,12"``. Raises `InputError` that names the option."""
    parts = [part.strip() for part in text.split(",")]
    if not all(_is_number(part) for part in parts):
        raise InputError(f"{option} must look like 5,4,12, got {text!r}")
    return [int(part) for part in parts]


def ranges(values: Sequence[int]) -> str:
    """Sorted numbers for people.

    >>> ranges([0, 1, 2, 3, 7])
    '0-3, 7'
    """
    runs: list[list[int]] = []
    for number in values:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if run[1:] else str(run[0]) for run in runs)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST
