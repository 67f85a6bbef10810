"""What a reader may need to be told, because the file does not say it."""

from __future__ import annotations

from dataclasses import dataclass

from qdiff.data.count_keys import MAX_BITS
from qdiff.data.registers import Register, default_registers, registers_from_json, width_of
from qdiff.errors import InputError

MAX_SHOTS = 2**53
"""Up to here a probability can be a whole number of shots."""


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
    bit0
        At which end of a key, row or line bit 0 stands, ``"left"`` or ``"right"``.
    columns
        Which columns of a csv hold bits, bit 0's first.
    shots
        Of how many shots a file of probabilities is.
    """

    num_bits: int | None = None
    registers: tuple[Register, ...] | None = None
    pub: int | None = None
    index: tuple[int, ...] | None = None
    project: bool = False
    bit0: str | None = None
    columns: tuple[str, ...] | None = None
    shots: int | None = None

    def __post_init__(self) -> None:
        if self.num_bits is not None and not 1 <= self.num_bits <= MAX_BITS:
            raise InputError(f"a shot has 1 to {MAX_BITS} bits, got {self.num_bits}")
        if self.registers is not None and self.num_bits is not None and self.width != self.num_bits:
            raise InputError(f"the registers have {self.width} bits, not {self.num_bits}")
        if self.bit0 not in (None, "left", "right"):
            raise InputError(f"bit 0 stands left or right, got {self.bit0!r}")
        if self.shots is not None and not 1 <= self.shots <= MAX_SHOTS:
            raise InputError(f"shots are 1 to {MAX_SHOTS}, got {self.shots}")

    @property
    def width(self) -> int | None:
        """Bits a shot, if known."""
        if self.registers is not None:
            return width_of(self.registers)
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


def stated_registers(value: object) -> tuple[Register, ...]:
    """Registers from a file's ``[[name, size], ...]``. Raises `InputError` for anything else."""
    try:
        return registers_from_json(value)
    except InputError as error:
        raise InputError(f"the registers cannot be used: {error}") from None
