"""What a reader may need to be told, because the file does not say it."""

from __future__ import annotations

from dataclasses import dataclass

from qdiff.data.bits import Register
from qdiff.data.shots import default_registers, registers_from_json
from qdiff.errors import InputError
from qdiff.files.limits import MAX_BITS


@dataclass(frozen=True, kw_only=True)
class Hints:
    """Checked when built.

    Attributes
    ----------
    num_bits
        Bits a shot, for hexadecimal and integer keys, Stim's ``b8`` and the like.
    registers
        The classical registers, bit 0's first, where the format has none.
    pub, index
        Which result of a job, and which point of a parameter sweep.
    project
        Whether a quasi-distribution may be projected onto the nearest distribution.
    """

    num_bits: int | None = None
    registers: tuple[Register, ...] | None = None
    pub: int | None = None
    index: tuple[int, ...] | None = None
    project: bool = False

    def __post_init__(self) -> None:
        if self.num_bits is not None and not 1 <= self.num_bits <= MAX_BITS:
            raise InputError(f"a shot has 1 to {MAX_BITS} bits, got {self.num_bits}")
        if self.registers is not None and self.num_bits is not None and self.width != self.num_bits:
            raise InputError(f"the registers have {self.width} bits, not {self.num_bits}")

    @property
    def width(self) -> int | None:
        """Bits a shot, if known."""
        if self.registers is not None:
            return sum(register.size for register in self.registers)
        return self.num_bits

    def registers_for(self, num_bits: int) -> tuple[Register, ...]:
        """The registers told of, or one ``c``. Raises `InputError` when they do not fit."""
        if self.registers is None:
            if self.num_bits not in (None, num_bits):
                raise InputError(f"the file has {num_bits} bits a shot, not {self.num_bits}")
            return default_registers([num_bits])
        if self.width != num_bits:
            raise InputError(f"the file has {num_bits} bits a shot, the registers {self.width}")
        return self.registers


def parse_registers(text: str) -> tuple[Register, ...]:
    """Registers from ``"meas:5"`` or ``"a:3,b:2"``, bit 0's register first.

    >>> parse_registers("a:3,b:2")[1]
    Register(name='b', size=2)
    """
    found = []
    for part in text.split(","):
        name, _, size = part.rpartition(":")
        if not (name and size.isascii() and size.isdigit()):
            raise InputError(f"registers must look like a:3,b:2, got {text!r}")
        found.append(Register(name.strip(), int(size)))
    return tuple(found)


def stated_registers(value: object) -> tuple[Register, ...]:
    """Registers from a file's ``[[name, size], ...]``. Raises `InputError` for anything else."""
    try:
        return registers_from_json(value)
    except InputError as error:
        raise InputError(f"the registers cannot be used: {error}") from None


def parse_index(text: str) -> tuple[int, ...]:
    """A point of a sweep from ``"1,2"``."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"an index must look like 1,2, got {text!r}") from None
