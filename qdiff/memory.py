"""Running out of memory, said as what it is: something the user can mend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from qdiff.errors import InputError

_CPU_ALLOCATOR = "can't allocate memory"
"""How torch's CPU allocator words it, in a plain `RuntimeError`."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is numpy's, Python's or torch's way to say that memory ran out.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(ValueError("no"))
    (True, False)
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and _CPU_ALLOCATOR in str(error)


@contextmanager
def refused_when_exhausted(device: torch.device, advice: str) -> Iterator[None]:
    """Turn running out of memory into an `InputError` that names the `device` and gives advice."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(f"{device} is out of memory; {advice}") from None
