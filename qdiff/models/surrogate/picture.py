"""A surrogate's likeliest strings as bars, at any number of bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from qdiff.data import bits as bitorder
from qdiff.data import count_keys
from qdiff.data.argument_checks import check_whole, generator_of
from qdiff.data.bits import Bits, Floats
from qdiff.data.distribution import Distribution
from qdiff.data.registers import Register
from qdiff.data.shots import Seed, Shots
from qdiff.errors import InputError
from qdiff.plotting.palette import Role
from qdiff.plotting.strings import plot_strings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DRAWN = 10_000


class Model(Protocol):
    """What is asked of a `Surrogate`."""

    registers: tuple[Register, ...]

    @property
    def num_bits(self) -> int: ...

    def distribution(self) -> Distribution: ...

    def sample(self, shots: int, *, seed: Seed) -> Shots: ...

    def log_prob(self, bits: Bits) -> Floats: ...


def plot_surrogate(
    model: Model, ax: Axes | None, *, top: int, label: str | None, seed: Seed
) -> Axes:
    """What `Surrogate.plot` does."""
    known = _table_or_draws(model, generator_of(seed))
    words, values, errors = known.likeliest(check_whole(top, "top"))
    quantity = known.quantity
    if isinstance(known, Shots):
        try:
            values = np.exp(model.log_prob(bitorder.unpack(words, model.num_bits)))
            errors, quantity = None, Distribution.quantity
        except InputError:  # the bit-flip process has probabilities of few bits only
            pass
    keys = count_keys.format_keys(words, model.registers)
    return plot_strings(
        ax, keys, values, errors, role=Role.CANDIDATE, quantity=quantity, label=label
    )


def _table_or_draws(model: Model, seed: np.random.Generator) -> Shots | Distribution:
    try:
        return model.distribution()
    except InputError:  # no table at this size
        return model.sample(_DRAWN, seed=seed)
