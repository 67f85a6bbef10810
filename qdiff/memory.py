"""Memory: how much the machine has, and running out of it said as something the user can mend.

torch is not imported: its error is known by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from qdiff.errors import InputError

_CGROUP = Path("/sys/fs/cgroup")
_CPU_ALLOCATOR = "can't allocate memory"
"""How torch's CPU allocator words it, in a plain `RuntimeError`."""


def available_memory() -> int:
    """Bytes that can be taken now."""
    free = int(psutil.virtual_memory().available)
    limit = _cgroup_bytes("memory.max")
    if limit is None:
        return free
    return min(free, max(0, limit - (_cgroup_bytes("memory.current") or 0)))


def total_memory() -> int:
    """Bytes of memory of the machine or container; unlike what is free, it stays the same."""
    total = int(psutil.virtual_memory().total)
    return min(total, _cgroup_bytes("memory.max") or total)


def _cgroup_bytes(name: str) -> int | None:
    try:
        return int((_CGROUP / name).read_text())
    except (OSError, ValueError):
        return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is numpy's, Python's or torch's way to say that memory ran out.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("no"))
    (True, False)
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and _CPU_ALLOCATOR in str(error)


@contextmanager
def refused_when_exhausted(device: object, advice: str) -> Iterator[None]:
    """Turn running out of memory into an `InputError` that names the `device` and gives advice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(f"{device} is out of memory; {advice}") from None
