"""How often strings were seen: whole numbers, not negative, that fit into int64."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qdiff.data.bits import Counts
from qdiff.errors import InputError

MAX_COUNT = 2**62


def as_counts(counts: ArrayLike) -> Counts:
    """Numbers of shots as ``(m,) int64``. Raises `InputError` for what cannot be one."""
    try:
        array = np.asarray(counts)
    except (ValueError, OverflowError):
        raise InputError("counts must be whole numbers") from None
    vast = array.dtype.kind == "O" and all(isinstance(count, int) for count in array.flat)
    whole = array.dtype.kind == "f" and bool((array == np.rint(array)).all())  # also infinities
    if not (vast or whole or array.dtype.kind in "iu") or array.ndim != 1:
        raise InputError(
            "counts must be a list of whole numbers; a quasi-distribution is not a set of shots"
        )
    if array.size and (array.min() < 0 or array.max() > MAX_COUNT):
        seen = "" if vast else f", got {array.min()} to {array.max()}"
        raise InputError(f"counts must lie in [0, 2**62]{seen}; say how often each was seen")
    return array.astype(np.int64, copy=False)
