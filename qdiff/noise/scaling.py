"""The same kind of noise, weaker or stronger."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from qdiff.data.argument_checks import is_between, shown
from qdiff.errors import InputError
from qdiff.noise.rates import EdgeNoise, NoiseRates, QubitNoise

_Rates = TypeVar("_Rates", NoiseRates, QubitNoise, EdgeNoise)

_ERRORS, _TIMES = ("p1", "p2", "over_rotation", "readout"), ("t1", "t2")


def scaled(rates: NoiseRates, factor: float) -> NoiseRates:
    """Errors of gates and of readout `factor` times as likely, and relaxation as much quicker.

    Raises `InputError` for a factor that is not positive, and where an error would be more than
    certain.
    """
    if not is_between(factor, 0, float("inf")):
        raise InputError(f"factor must be a positive number, got {shown(factor)}")
    try:
        return replace(
            _with(rates, factor),
            qubits={qubit: _with(own, factor) for qubit, own in rates.qubits.items()},
            edges={edge: _with(own, factor) for edge, own in rates.edges.items()},
        )
    except InputError as error:
        raise InputError(f"factor {factor:g} is too large: {error}") from None


def _with(rates: _Rates, factor: float) -> _Rates:
    errors = {name: _times(getattr(rates, name, None), factor) for name in _ERRORS}
    times = {name: _times(getattr(rates, name, None), 1 / factor) for name in _TIMES}
    given = {name: value for name, value in {**errors, **times}.items() if value is not None}
    return replace(rates, **given)


def _times(value: Any, factor: float) -> Any:
    if isinstance(value, tuple):
        return tuple(factor * each for each in value)
    return None if value is None else factor * value
