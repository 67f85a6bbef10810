"""Numbers, bits and registers as people write them in an option."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qdiff.errors import InputError

if TYPE_CHECKING:
    from qdiff.data.registers import Register
    from qdiff.data.shots import Shots

_LONGEST = 9  # digits


def bit_values(text: str) -> dict[int, int]:
    """Bits and their values from ``"0=1,5=0"``."""
    try:
        pairs = [(int(bit), int(value)) for bit, value in (p.split("=") for p in text.split(","))]
    except ValueError:
        raise InputError(f"--given must look like 0=1,5=0, got {text!r}") from None
    values = dict(pairs)
    if len(values) != len(pairs):
        raise InputError(f"--given names a bit twice: {text!r}")
    return values


def registers(text: str) -> tuple[Register, ...]:
    """Registers from ``"meas:5"`` or ``"a:3,b:2"``, bit 0's register first.

    >>> registers("a:3,b:2")[1]
    Register(name='b', size=2)
    """
    from qdiff.data.registers import Register

    found = []
    for part in text.split(","):
        name, _, size = part.rpartition(":")
        if not (name and _is_number(size)):
            raise InputError(f"registers must look like a:3,b:2, got {text!r}")
        found.append(Register(name.strip(), int(size)))
    return tuple(found)


def part_of(text: str) -> tuple[int, int]:
    """Which of how many parts from ``"2/3"``."""
    try:
        place, of = (int(number) for number in text.split("/"))
    except ValueError:
        place = of = 0
    if not 1 <= place <= of:
        raise InputError(f"--part must look like 2/3, from 1/3 to 3/3, got {text!r}")
    return place, of


def index(text: str) -> tuple[int, ...]:
    """A point of a sweep from ``"1,2"``."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"an index must look like 1,2, got {text!r}") from None


def bits(text: str, shots: Shots) -> list[int]:
    """Bits from ``"0-3,7"``, or those of registers from their names."""
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


def noise_of(text: str | None) -> Any:
    """Learned noise where the text names its file, else the text itself."""
    if text is None or not text.endswith(".safetensors"):
        return text
    from qdiff.noise_learning.learned_noise import LearnedNoise

    return LearnedNoise.load(text)
