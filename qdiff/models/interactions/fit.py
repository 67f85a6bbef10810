"""Shots to a log-linear law: coefficients and their prior variances in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qdiff.data.bits import Floats
from qdiff.data.shots import Shots
from qdiff.errors import InputError
from qdiff.models.interactions.posterior import Data, log_law, most_probable, read
from qdiff.models.interactions.prior_variances import pooled, variances_by_structure
from qdiff.models.interactions.structure import set_sizes
from qdiff.models.interactions.walsh import walsh_hadamard
from qdiff.models.laws.table import TableLaw

MAX_BITS = 22
"""Beyond this the table no longer fits into a default fit's time and memory."""

_STEPS, _QUICK_BITS, _STEPS_BEYOND = 100, 16, 30
_FIRST_VARIANCE, _VARIANCE_RATIO = 0.09, 0.2


@dataclass(frozen=True, kw_only=True)
class InteractionConfig:
    """How much work a fit may do.

    Parameters
    ----------
    rounds
        Times the prior variances are learned from structure; with 0 they depend on size alone.
    iterations
        Steps of L-BFGS at most, each time the coefficients are found. By default 100, and 30 for
        more than 16 bits; only peaked laws seen many times (GHZ at 100,000 shots) need more.
    """

    rounds: int = 3
    iterations: int | None = None

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise InputError(f"rounds must be 0 or more, got {self.rounds}")
        if self.iterations is not None and self.iterations < 1:
            raise InputError(f"iterations must be 1 or more, got {self.iterations}")

    def steps(self, num_bits: int) -> int:
        """The bound on L-BFGS steps for laws of `num_bits` bits."""
        return self.iterations or (_STEPS if num_bits <= _QUICK_BITS else _STEPS_BEYOND)


def fit_interactions(shots: Shots, config: InteractionConfig | None = None) -> TableLaw:
    """Fit the log-linear law to `shots` of at most 22 bits. Deterministic.

    Raises `InputError` for more bits or no shots.

    >>> law = fit_interactions(Shots.from_counts({"00": 48, "11": 52}))
    >>> bool(law.table()[[0, 3]].sum() > 0.9)
    True
    """
    if shots.num_bits > MAX_BITS:
        raise InputError(f"interactions need at most {MAX_BITS} bits, got {shots.num_bits}")
    if shots.num_shots == 0:
        raise InputError("there are no shots")
    return _fit(Data.from_shots(shots), shots.num_bits, config or InteractionConfig())


def fit_expected_counts(counts: Floats, config: InteractionConfig | None = None) -> TableLaw:
    """The same for a table of ``2^n`` counts that need not be whole, as expectations are not."""
    num_bits = len(counts).bit_length() - 1
    data = Data(shots=round(float(counts.sum())), spectrum=walsh_hadamard(counts))
    return _fit(data, num_bits, config or InteractionConfig())


def _fit(data: Data, num_bits: int, config: InteractionConfig) -> TableLaw:
    steps = config.steps(num_bits)
    sizes = set_sizes(num_bits)
    prior: Floats = np.asarray(_FIRST_VARIANCE * _VARIANCE_RATIO**sizes, dtype=np.float64)
    coefficients = most_probable(data, prior, np.zeros(len(sizes)), iterations=steps)
    prior = pooled(read(data, coefficients), prior, sizes)
    for _ in range(config.rounds):
        coefficients = most_probable(data, prior, coefficients, iterations=steps)
        readings = read(data, coefficients)
        prior = variances_by_structure(readings, prior, coefficients, sizes)
    coefficients = most_probable(data, prior, coefficients, iterations=steps)
    return TableLaw(log_law(coefficients))
