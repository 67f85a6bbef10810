"""Register names in formats that could take them for something else."""

from __future__ import annotations

import re
from collections.abc import Container

from qdiff.data.registers import Register
from qdiff.errors import InputError

PREFIX = "register:"
"""Says that what follows is a register's name and nothing else."""

_PLAIN = re.compile(r"[A-Za-z_][\w ]*")
_MARKS = ("PK", "PAR1", "OPENQASM", "QISKIT")
"""How other kinds of files begin."""

MAX_LENGTH = 1000


def escaped(name: str, taken: Container[str]) -> str:
    """`name`, with `PREFIX` where it is one of `taken`, or looks like a mark or a prefix.

    >>> escaped("my data", ("key",)), escaped("Key", ("key",))
    ('my data', 'register:Key')
    """
    plain = _PLAIN.fullmatch(name) and name == name.strip() and not name.startswith(_MARKS)
    return name if plain and name.lower() not in taken else PREFIX + name


def unescaped(name: str) -> str:
    """Undo `escaped`."""
    return name.removeprefix(PREFIX)


def check_names(registers: tuple[Register, ...]) -> None:
    """Raise `InputError` for names that are no text, vast or shared, which no table can hold."""
    seen = set()
    for register in registers:
        name = register.name
        if len(name) > MAX_LENGTH:
            raise InputError(f"a register's name has {len(name)} characters; rename it")
        if "\0" in name or not _is_text(name):
            raise InputError(f"the register name {name!r} is no text that files hold; rename it")
        if name in seen:
            raise InputError(f"two registers are called {name!r}; rename one")
        seen.add(name)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
