"""One array in NumPy's ``.npy`` form, its header checked before its data are believed."""

from __future__ import annotations

import io
import math
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from qdiff.errors import InputError

_MAX_DIMENSIONS = 8
_MAX_ENTRIES = 2**59
"""Also of a shape whose empty dimensions were one: NumPy multiplies what is left."""
_KINDS = "buiU"

_MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    EOFError,
    RecursionError,
    MemoryError,
    SyntaxError,
    TokenError,
)
"""What NumPy's reader of headers raises, which parses them as Python."""


def read_npy(data: bytes) -> NDArray[Any]:
    """The array in `data`: booleans, integers or text. No pickles.

    Raises `InputError` for anything else, and when the shape that the header declares is not that
    of the bytes that follow it.
    """
    file = io.BytesIO(data)
    try:
        version = npy_format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = npy_format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, fortran, dtype = npy_format.read_array_header_2_0(file)
        else:
            raise InputError(f"an array of .npy version {version} is not read")
    except _MALFORMED:
        raise InputError("an array is damaged: its header cannot be read") from None
    if dtype.hasobject:
        raise InputError("an array holds Python objects (a pickle), which are never loaded")
    if dtype.kind not in _KINDS or len(shape) > _MAX_DIMENSIONS:
        raise InputError(f"an array of type {dtype} and {len(shape)} dimensions is not read")
    left = len(data) - file.tell()
    whole = math.prod(max(size, 1) for size in shape) <= _MAX_ENTRIES
    sound = dtype.itemsize > 0 and whole and min(shape, default=0) >= 0
    if not sound or math.prod(shape) * dtype.itemsize != left:
        raise InputError(f"an array declares the shape {_short(shape)} but has {left} bytes")
    flat = np.frombuffer(data, dtype=dtype, offset=file.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def write_npy(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    return file.getvalue()


def _short(shape: tuple[int, ...]) -> str:
    return repr(shape)[:60]
