"""What callers may hand over for shots and for laws; see `qdiff.data.argument_checks`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from qdiff.data.argument_checks import is_whole, kind_of
from qdiff.data.bits import Bits, Floats
from qdiff.data.shots import Shots
from qdiff.data.storage import one_line
from qdiff.errors import InputError

_ROUNDING = 1e-6
"""How far above 0 a logarithm of a probability may be rounded."""


def check_is_shots(value: object, name: str) -> Shots:
    """Shots, where a law or anything else might be handed over.

    >>> check_is_shots(None, "training")
    Traceback (most recent call last):
    qdiff.errors.InputError: training must be Shots, got None
    """
    if isinstance(value, Shots):
        return value
    advice = "; draw some with its sample(shots, seed=seed)" if hasattr(value, "sample") else ""
    raise InputError(f"{name} must be Shots, got {kind_of(value)}{advice}")


def check_law(value: object, name: str, *methods: str) -> None:
    """Whatever has bits and answers by `methods`: a surrogate, a fitted baseline, a distribution.

    >>> check_law("model.safetensors", "the model", "log_prob", "sample")
    Traceback (most recent call last):
    qdiff.errors.InputError: the model must have log_prob and sample, as a Surrogate or a \
Distribution has, got a str; qdiff.load reads files
    """
    able = all(callable(getattr(value, method, None)) for method in methods)
    if able and not isinstance(value, type) and is_whole(getattr(value, "num_bits", None)):
        return
    raise InputError(
        f"{name} must have {' and '.join(methods)}, as a Surrogate or a Distribution has, "
        f"got {kind_of(value)}{_advice(value)}"
    )


def checked_log_prob(model: Any, rows: Bits, name: str) -> Floats:
    """What a law says of rows, ``(m,)``: logarithms of probabilities, -inf for an impossible row.

    Raises `InputError` for a law whose answer is anything else, such as NaN.
    """
    try:
        found = np.asarray(model.log_prob(rows))
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"log_prob of {name} cannot be used: {one_line(error)}") from None
    if found.dtype.kind != "f" or found.shape != (len(rows),):
        raise InputError(
            f"log_prob of {name} must give a number a row, shape ({len(rows)},), got "
            f"{found.dtype} of shape {found.shape}"
        )
    wrong = ~(found <= _ROUNDING)  # also NaN
    if wrong.any():
        raise InputError(f"log_prob of {name} must not be above 0 or NaN, got {found[wrong][0]}")
    return found


def _advice(value: object) -> str:
    """How to get a law from what was handed over instead."""
    if isinstance(value, Shots):
        return "; qdiff.fit makes a model of them"
    if isinstance(value, str | Path):
        return "; qdiff.load reads files"
    return "; call its fit(shots) first" if hasattr(value, "fit") else ""
