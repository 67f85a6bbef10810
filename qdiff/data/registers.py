"""Classical registers: how a circuit names its bits, and a file keeps those names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qdiff.data.argument_checks import check_list, check_whole, shown
from qdiff.data.storage import Content
from qdiff.errors import InputError

_MAX_FILE_BITS = 1 << 20
"""Beyond any circuit: a file that speaks of more bits is damaged."""


@dataclass(frozen=True)
class Register:
    """A named run of consecutive classical bits, as in OpenQASM's ``bit[size] name``."""

    name: str
    size: int

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise InputError(f"a register's name must be text, got {self.name!r}")
        name = f"the bits of register {self.name[:40]!r}"
        object.__setattr__(self, "size", check_whole(self.size, name, most=_MAX_FILE_BITS))


def check_registers(registers: object) -> tuple[Register, ...]:
    """One or more registers in a list."""
    named = check_list(registers, "registers")
    if not named or not all(isinstance(register, Register) for register in named):
        raise InputError(
            f"registers must be a list of one or more Register, got {shown(registers)}"
        )
    return tuple(named)


def width_of(registers: Iterable[Register]) -> int:
    """How many bits the registers have together."""
    return sum(register.size for register in registers)


def default_registers(sizes: Sequence[int]) -> tuple[Register, ...]:
    """Registers named ``c`` (one) or ``c0, c1, ...``, when only their sizes are known."""
    if len(sizes) == 1:
        return (Register("c", sizes[0]),)
    return tuple(Register(f"c{i}", size) for i, size in enumerate(sizes))


def registers_to_json(registers: Sequence[Register]) -> list[list[Any]]:
    return [[register.name, register.size] for register in registers]


def registers_in(content: Content) -> tuple[Register, ...]:
    """The registers that a file names. Raises `InputError` for none, or for bits beyond reason."""
    with content.blamed("registers"):
        return registers_from_json(content.metadata.get("registers"))


def registers_from_json(value: object) -> tuple[Register, ...]:
    """What `registers_to_json` wrote. Raises `InputError` for anything else."""
    if not isinstance(value, list) or not value:
        raise InputError("no registers are named")
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise InputError("registers must be [name, size] pairs")
    registers = tuple(Register(name, size) for name, size in value)
    if width_of(registers) > _MAX_FILE_BITS:
        raise InputError(f"registers have more than {_MAX_FILE_BITS} bits")
    return registers
