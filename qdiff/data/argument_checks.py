"""What callers may hand over: each check refuses the rest with one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError

if TYPE_CHECKING:
    import torch

Given = Mapping[int, int]
"""Values of some bits, ``{bit: value}``."""


class Order(StrEnum):
    """In which order the diffusion part is decoded: its fixed ones, or a random one a shot."""

    FIXED = "fixed"
    RANDOM = "random"


def check_whole(value: object, name: str, *, least: int = 1) -> int:
    """A whole number that is not too small.

    >>> check_whole(2.5, "draws")
    Traceback (most recent call last):
    qdiff.errors.InputError: draws must be a positive whole number, got 2.5
    """
    if not _is_whole(value) or value < least:
        which = "a positive whole number" if least == 1 else f"a whole number from {least} on"
        raise InputError(f"{name} must be {which}, got {_shown(value)}")
    return int(value)


def check_confidence(confidence: object) -> float:
    """A probability that is neither 0 nor 1."""
    if not is_between(confidence, 0, 1):
        raise InputError(f"confidence must lie strictly between 0 and 1, got {_shown(confidence)}")
    return float(confidence)


def is_between(value: object, low: float, high: float) -> TypeGuard[float]:
    """Whether `value` is a number, and strictly between the others; NaN is not."""
    return is_number(value) and low < value < high


def is_number(value: object) -> TypeGuard[float]:
    """Whether `value` is a real number; a truth value is none."""
    return isinstance(value, Real) and not isinstance(value, bool)


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
    if able and not isinstance(value, type) and _is_whole(getattr(value, "num_bits", None)):
        return
    raise InputError(
        f"{name} must have {' and '.join(methods)}, as a Surrogate or a Distribution has, "
        f"got {kind_of(value)}{_advice(value)}"
    )


def kind_of(value: object) -> str:
    """What sort of thing a value is, for a message."""
    return "None" if value is None else f"a {type(value).__name__}"


def _advice(value: object) -> str:
    """How to get a law from what was handed over instead."""
    if isinstance(value, Shots):
        return "; qdiff.fit makes a model of them"
    if isinstance(value, str | Path):
        return "; qdiff.load reads files"
    return "; call its fit(shots) first" if hasattr(value, "fit") else ""


def generator_of(seed: Seed) -> np.random.Generator:
    """The generator that a seed stands for; a generator is itself."""
    try:
        if not isinstance(seed, bool):
            return np.random.default_rng(seed)
    except (TypeError, ValueError):
        pass
    raise InputError(f"a seed is a whole number from 0 on, got {_shown(seed)}")


def root_of(seed: object) -> np.random.SeedSequence:
    """The root of all randomness of a fit."""
    if not _is_whole(seed) or seed < 0:
        raise InputError(f"seed must be a whole number, not negative, got {_shown(seed)}")
    return np.random.SeedSequence(int(seed))


def check_given(given: object, num_bits: int) -> dict[int, int]:
    """Bits and their values in ascending order, so that one question has one answer."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(f"given must be a mapping such as {{0: 1}}, got {_shown(given)}")
    checked = {_check_bit(bit, num_bits): _check_value(value) for bit, value in given.items()}
    return dict(sorted(checked.items()))


def check_bits(bits: object, num_bits: int) -> list[int]:
    """One or more distinct bits, in the order asked for."""
    listed = list(bits) if isinstance(bits, Sequence | np.ndarray) else []
    kept = [_check_bit(bit, num_bits) for bit in listed]
    if not kept or len(set(kept)) != len(kept):
        raise InputError(f"marginal needs a list of one or more distinct bits, got {_shown(bits)}")
    return kept


def check_steps(steps: object, hidden: int) -> int:
    """A number of parallel steps that `hidden` bits can be decoded in."""
    if not hidden:
        raise InputError("all bits are given: nothing is left to decode; leave out order and steps")
    if not _is_whole(steps) or not 1 <= steps <= hidden:
        raise InputError(
            f"steps must be a whole number, 1 to {hidden} for {hidden} bits, got {_shown(steps)}"
        )
    return int(steps)


def check_decoding(order: object, steps: object, hidden: int) -> int | None:
    """Parallel steps to decode `hidden` bits in; None is the fixed orders, all the random one."""
    if not isinstance(order, str) or order not in list(Order):
        raise InputError(f"order must be 'fixed' or 'random', got {_shown(order)}")
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
    except (RuntimeError, AssertionError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {_shown(device)} cannot be used: {reason}") from None
    return chosen


def _check_bit(bit: Any, num_bits: int) -> int:
    if not _is_whole(bit) or not 0 <= bit < num_bits:
        raise InputError(f"there is no bit {_shown(bit)}; bits are 0 to {num_bits - 1}")
    return int(bit)


def _check_value(value: Any) -> int:
    if not np.isscalar(value) or value not in (0, 1):
        raise InputError(f"a bit is 0 or 1, got {_shown(value)}")
    return int(value == 1)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _shown(value: object) -> str:
    """A value on one line, and not a long one."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


_LONGEST = 80
