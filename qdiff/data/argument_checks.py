"""What callers may hand over: each check refuses the rest with one line."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence, ValuesView
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from qdiff.data.bits import Floats
from qdiff.errors import InputError

if TYPE_CHECKING:
    import torch

MOST = 2**62
"""Shots and the like that 64 bits count, also when two such numbers are added."""

MOST_REPLICATES = 10**6
"""Relabellings or redraws beyond what any p-value needs, and memory has room for."""

_BEYOND_FLOATS = 2**1023

Given = Mapping[int, int]
"""Values of some bits, ``{bit: value}``."""


class Order(StrEnum):
    """In which order the diffusion part is decoded: its fixed ones, or a random one a shot."""

    FIXED = "fixed"
    RANDOM = "random"


def check_whole(value: object, name: str, *, least: int = 1, most: int = MOST) -> int:
    """A whole number that is neither too small nor too large.

    >>> check_whole(2.5, "draws")
    Traceback (most recent call last):
    qdiff.errors.InputError: draws must be a positive whole number, got 2.5
    """
    if not is_whole(value) or value < least:
        which = "a positive whole number" if least == 1 else f"a whole number from {least} on"
        raise InputError(f"{name} must be {which}, got {shown(value)}")
    if value > most:
        raise InputError(f"{name} must be at most {most:,}, got {shown(value)}")
    return int(value)


def check_number(value: object, name: str, *, least: float = 0, most: float = np.inf) -> float:
    """A finite number that is neither too small nor too large.

    >>> check_number(float("nan"), "fraction", most=1)
    Traceback (most recent call last):
    qdiff.errors.InputError: fraction must be a number from 0 to 1, got nan
    """
    if not (is_number(value) and least <= value <= most and np.isfinite(float(value))):
        upto = f"from {least:g} on" if most == np.inf else f"from {least:g} to {most:g}"
        raise InputError(f"{name} must be a number {upto}, got {shown(value)}")
    return float(value)


def check_flag(value: object, name: str) -> bool:
    """True or False."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def check_is(value: object, kind: type, name: str) -> Any:
    """A value of the kind that is meant.

    >>> check_is("01", np.ndarray, "words")
    Traceback (most recent call last):
    qdiff.errors.InputError: words must be a ndarray, got '01'
    """
    if not isinstance(value, kind):
        raise InputError(f"{name} must be a {kind.__name__}, got {shown(value)}")
    return value


def check_mapping(value: object, name: str) -> Mapping[Any, Any]:
    """What has values by keys, such as a dict."""
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be a dict, got {shown(value)}")
    return value


def check_list(value: object, name: str) -> list[Any]:
    """What is listed in order: no text, no mapping and no set.

    >>> check_list("01", "bits")
    Traceback (most recent call last):
    qdiff.errors.InputError: bits must be a list, got '01'
    """
    several = isinstance(value, Sequence) or (isinstance(value, np.ndarray) and value.ndim)
    if several and not isinstance(value, str | bytes | bytearray | memoryview):
        return list(value)  # type: ignore[call-overload, no-any-return]
    raise InputError(f"{name} must be a list, got {shown(value)}")


def check_iterable(value: object, name: str) -> list[Any]:
    """The same, where a generator or the values of a dict will do as well."""
    if isinstance(value, Iterator | ValuesView | ItemsView):
        return list(value)
    return check_list(value, name)


def check_numbers(value: object, name: str, *, shape: tuple[int, ...] | None = None) -> Floats:
    """Finite numbers as an array of float64; of one dimension, or of a `shape`."""
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):  # rows of several lengths, say
        found = np.empty(0, dtype=object)
    if found.dtype.kind not in "fiu" or not np.isfinite(found).all():
        raise InputError(f"{name} must be finite numbers, got {shown(value)}")
    if found.shape != shape and (shape is not None or found.ndim != 1):
        wanted = "one dimension" if shape is None else f"the shape {shape}"
        raise InputError(f"{name} must have {wanted}, got the shape {found.shape}")
    return found.astype(np.float64, copy=False)


def check_confidence(confidence: object) -> float:
    """A probability that is neither 0 nor 1."""
    if not is_between(confidence, 0, 1):
        raise InputError(f"confidence must lie strictly between 0 and 1, got {shown(confidence)}")
    return float(confidence)


def is_between(value: object, low: float, high: float) -> TypeGuard[float]:
    """Whether `value` is a number, and strictly between the others; NaN is not."""
    return is_number(value) and low < value < high


def is_number(value: object) -> TypeGuard[float]:
    """Whether `value` is a real number that a float can hold; a truth value is none."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < _BEYOND_FLOATS
    return isinstance(value, Real)


def kind_of(value: object) -> str:
    """What sort of thing a value is, for a message."""
    return "None" if value is None else f"a {type(value).__name__}"


def generator_of(seed: Any) -> np.random.Generator:
    """The generator that a seed stands for; a generator is itself."""
    known = seed is None or isinstance(seed, np.random.SeedSequence | np.random.Generator)
    if known or (is_whole(seed) and seed >= 0):
        return np.random.default_rng(seed)
    raise InputError(f"a seed is a whole number from 0 on, got {shown(seed)}")


def root_of(seed: object) -> np.random.SeedSequence:
    """The root of all randomness of a fit."""
    if not is_whole(seed) or seed < 0:
        raise InputError(f"seed must be a whole number, not negative, got {shown(seed)}")
    return np.random.SeedSequence(int(seed))


def check_given(given: object, num_bits: int) -> dict[int, int]:
    """Bits and their values in ascending order, so that one question has one answer."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(f"given must be a mapping such as {{0: 1}}, got {shown(given)}")
    checked = {check_bit(bit, num_bits): _check_value(value) for bit, value in given.items()}
    return dict(sorted(checked.items()))


def check_bits(bits: object, num_bits: int, name: str = "bits") -> list[int]:
    """One or more distinct bits, in the order asked for."""
    kept = [check_bit(bit, num_bits) for bit in check_list(bits, name)]
    if not kept or len(set(kept)) != len(kept):
        raise InputError(f"{name} must be a list of one or more distinct bits, got {shown(bits)}")
    return kept


def check_steps(steps: object, hidden: int) -> int:
    """A number of parallel steps that `hidden` bits can be decoded in."""
    if not hidden:
        raise InputError("all bits are given: nothing is left to decode; leave out order and steps")
    if not is_whole(steps) or not 1 <= steps <= hidden:
        raise InputError(
            f"steps must be a whole number, 1 to {hidden} for {hidden} bits, got {shown(steps)}"
        )
    return int(steps)


def check_decoding(order: object, steps: object, hidden: int) -> int | None:
    """Parallel steps to decode `hidden` bits in; None is the fixed orders, all the random one."""
    if not isinstance(order, str) or order not in list(Order):
        raise InputError(f"order must be 'fixed' or 'random', got {shown(order)}")
    if order == Order.FIXED:
        return None if steps is None else check_steps(steps, hidden)
    if steps is not None and check_steps(steps, hidden) != hidden:
        raise InputError("a random order decodes one bit a step; leave out steps or order")
    return check_steps(hidden, hidden)


def check_device(device: str | torch.device) -> torch.device:
    """A device that torch can put tensors on."""
    import torch  # here, since what only counts shots does without it

    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {shown(device)} cannot be used: {reason}") from None
    return chosen


def check_bit(bit: object, num_bits: int) -> int:
    """A bit that there is."""
    if not is_whole(bit) or not 0 <= bit < num_bits:
        raise InputError(f"there is no bit {shown(bit)}; bits are 0 to {num_bits - 1}")
    return int(bit)


def _check_value(value: Any) -> int:
    if (not is_number(value) and not isinstance(value, bool | np.bool_)) or value not in (0, 1):
        raise InputError(f"a bit is 0 or 1, got {shown(value)}")
    return int(value == 1)


def is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def shown(value: object) -> str:
    """A value on one line, and not a long one."""
    text = " ".join(repr(value).split()).replace("\0", "\\0")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


_LONGEST = 80
